import Foundation
import TestKit
import Testing

/// P2 on real brokers: whatever happened to the link, the receiver or the IT broker, what is retained on both sides becomes the same, and
/// the pair can say so.
@Suite("The namespace on both sides", .timeLimit(.minutes(3)))
struct StateTests {
    /// Two brokers and the pair; nothing is ever repeated but by the carousel.
    private struct Plant {
        let ot: Broker
        let it: Broker
        let pair: DiodePair
        let tap: Subscriber

        /// - Parameter prefix: of the link's topics on the IT broker, which then speaks MQTT 3.1.1 with the receiver.
        init(persistent: Bool = false, prefix: String? = nil) async throws {
            ot = try await Broker.start()
            it = try await Broker.start(lines: persistent ? ["autosave_interval 3600"] : [], persistent: persistent)
            var settings = DiodePair.Settings()
            settings.sender = ["echo": "[]"]
            if prefix != nil { settings.receiver["broker"] = "{ url: \"\(it.url)\", version: \"3.1.1\" }" }
            pair = try await DiodePair(ot: ot, it: it, settings)
            if let prefix {
                let file = pair.receiverConfiguration
                let text = try String(contentsOfFile: file, encoding: .utf8)
                let changed = text.replacingOccurrences(of: "listen:", with: "topic_prefix: \"\(prefix)\", listen:")
                try changed.write(toFile: file, atomically: true, encoding: .utf8)
            }
            tap = try await it.subscribe("acme/#")
            try await pair.start()
        }

        /// Waits until both sides retain the same and the receiver says so.
        func isSame(prefix: String = "") async throws -> Bool {
            try await eventually(.seconds(40)) {
                // A receiver that is just starting answers nobody.
                guard let replica = try? await pair.report().replica else { return false }
                guard replica.digestMatches == true, replica.itMatches == true else { return false }
                var wanted: [String: String] = [:]
                for (topic, value) in try await ot.retained("acme/#") { wanted[prefix + topic] = value }
                return try await it.retained("\(prefix)acme/#") == wanted
            }
        }

        func events(_ topic: String) -> Int { tap.messages.count { $0.topic == topic } }
    }

    @Test(
        "P2 P6 what changed and what was deleted during an outage reaches the IT broker by the carousel alone, and no event twice"
    )
    func outage() async throws {
        let plant = try await Plant()
        try await plant.ot.publish("acme/kept", "1", retain: true)
        try await plant.ot.publish("acme/gone", "2", retain: true)
        try await plant.ot.publish("acme/event", "before")
        #expect(await plant.tap.messages(atLeast: 3).count == 3)
        #expect(try await plant.isSame())
        let relay = try #require(plant.pair.relay)
        relay.faults.cut = true
        try await plant.ot.publish("acme/gone", "", retain: true)
        try await plant.ot.publish("acme/kept", "3", retain: true)
        try await plant.ot.publish("acme/late", "during")
        #expect(try await eventually { try await plant.pair.report().state == "stale" })
        relay.faults.cut = false
        #expect(try await plant.isSame())
        #expect(plant.events("acme/event") == 1 && plant.events("acme/late") == 1)
        let report = try await plant.pair.report()
        #expect(
            report.total("missing") == 0 && report.total("late") == 3 && report.total("refreshed") == 0, "\(report)")
        let audit = try await run([
            Executable.path("diode-recv"), "--audit", "--config", plant.pair.receiverConfiguration, "--format", "json",
        ])
        #expect(audit.exit == .code(0) && audit.output.contains("\"healed_by\":\"snapshot\""), "\(audit.output)")
        try await plant.pair.stop()
    }

    @Test(
        "P2 an IT broker that was killed before it saved is read back and repaired, and what nobody retains is taken away"
    )
    func forgetful() async throws {
        let plant = try await Plant(persistent: true)
        try await plant.ot.publish("acme/saved", "1", retain: true)
        try await plant.ot.publish("acme/gone", "2", retain: true)
        #expect(try await plant.isSame())
        plant.it.save()
        try await plant.ot.publish("acme/unsaved", "3", retain: true)
        try await plant.ot.publish("acme/saved", "4", retain: true)
        try await plant.ot.publish("acme/gone", "", retain: true)
        #expect(try await plant.isSame())
        try await plant.it.kill9()
        try await plant.it.restart()
        let forgotten = try await plant.it.retained("acme/#")
        #expect(try await plant.isSame(), "after the kill: \(forgotten)")
        #expect(try await plant.pair.report().total("refreshed") >= 1)
        try await plant.pair.stop()
    }

    @Test("P2 a value that our mark proves to be ours is taken away; what others retain or copied is left alone")
    func ghosts() async throws {
        let plant = try await Plant()
        try await plant.ot.publish("acme/a", "1", retain: true)
        #expect(try await plant.isSame())
        try await plant.pair.receiver?.kill9()
        let ours = ["-D", "publish", "user-property", "diode-link", "plant-a"]
        func written(to topic: String) -> [String] { ours + ["-D", "publish", "user-property", "diode-topic", topic] }
        try await plant.it.publish("acme/ghost", "old", retain: true, options: written(to: "acme/ghost"))
        // A bridge copies values with their properties.
        try await plant.it.publish("other/mirror/acme/a", "1", retain: true, options: written(to: "acme/a"))
        try await plant.it.publish("other/older/acme/a", "1", retain: true, options: ours)
        try await plant.it.publish("other/theirs", "new", retain: true)
        try plant.pair.startReceiver()
        #expect(try await plant.isSame())
        #expect(
            try await plant.it.retained("other/#")
                == ["other/theirs": "new", "other/mirror/acme/a": "1", "other/older/acme/a": "1"])
        try await plant.pair.stop()
    }

    @Test("P2 on MQTT 3.1.1 what lies under the link's prefix is ours, and is read back by its payload")
    func oldBroker() async throws {
        let plant = try await Plant(prefix: "site")
        try await plant.ot.publish("acme/a", "1", retain: true)
        try await plant.ot.publish("acme/b", "2", retain: true)
        #expect(try await plant.isSame(prefix: "site/"))
        try await plant.pair.receiver?.kill9()
        try await plant.it.publish("site/acme/a", "somebody else's", retain: true)
        try await plant.it.publish("site/acme/ghost", "old", retain: true)
        try plant.pair.startReceiver()
        #expect(try await plant.isSame(prefix: "site/"))
        try await plant.pair.stop()
    }

    @Test("D6 a replica that somebody changed is found out, named in the ledger, and put right")
    func tampering() async throws {
        let plant = try await Plant()
        try await plant.ot.publish("acme/a", "1", retain: true)
        try await plant.ot.publish("acme/b", "2", retain: true)
        #expect(try await plant.isSame())
        let count = "SELECT count(*) FROM topics WHERE retained_hash IS NOT NULL"
        #expect(try await eventually { try await Self.sql(count, plant) == "2" })
        try await plant.pair.receiver?.terminate()
        _ = try await Self.sql("UPDATE topics SET retained_hash = zeroblob(32) RETURNING 1", plant)
        try plant.pair.startReceiver()
        #expect(
            await eventually {
                let log = plant.pair.receiver?.errors ?? ""
                return log.contains("digest.differs") || log.contains("replica.diverged")
            })
        #expect(try await plant.isSame())
        try await plant.pair.stop()
    }

    @Test(
        "D6 forget clears what a removed link left on the IT broker and in the database, while a daemon runs for another link"
    )
    func forgetting() async throws {
        let plant = try await Plant()
        try await plant.ot.publish("acme/a", "1", retain: true)
        #expect(try await plant.isSame())
        try await plant.it.publish("other/theirs", "new", retain: true)
        let program = Executable.path("diode-recv")
        let forget = [program, "forget", "--link", "plant-a", "--config"]
        let refused = try await run(forget + [plant.pair.receiverConfiguration])
        #expect(refused.exit == .code(1) && refused.errors.contains("still configured"))
        try await plant.pair.stop()

        // The link gives its place to another one.
        let folder = plant.pair.folder
        let text = try String(contentsOfFile: plant.pair.receiverConfiguration, encoding: .utf8)
        let next = text.replacingOccurrences(of: "plant-a", with: "plant-b")
            .replacingOccurrences(of: "paired.card", with: "next.card")
        let configuration = try folder.write("next.json5", next)
        let fingerprint = try await runSuccessfully(
            [Executable.path("diode-send"), "keygen", "--link", "plant-b", "--out", folder.path]
        ).trimmingCharacters(in: .whitespacesAndNewlines)
        try await runSuccessfully([
            program, "pair", "--config", configuration, "--fingerprint", fingerprint, folder.file("plant-b.card"),
        ])
        let daemon = try Child([program, "run", "--config", configuration])
        #expect(await eventually { daemon.errors.contains("started") })
        let done = try await run(forget + [configuration])
        #expect(done.exit == .code(0) && done.output.contains("1 retained values deleted"), "\(done)")
        #expect(try await plant.it.retained("acme/#").isEmpty)
        #expect(try await plant.it.retained("diode/plant-a/#").isEmpty)
        #expect(try await plant.it.retained("other/#") == ["other/theirs": "new"])
        #expect(try await daemon.terminate() == .code(0))
        #expect(try await Self.sql("SELECT count(*) FROM ledger WHERE kind = 'link.forgotten'", plant) == "1")
        #expect(try await Self.sql("SELECT group_concat(name) FROM links", plant) == "plant-b")
        let again = try await run(forget + [configuration])
        #expect(again.exit == .code(1) && again.errors.contains("no link plant-a is known here"))
    }

    /// Runs a statement on the receiver's database, and returns the first column of its first row.
    private static func sql(_ statement: String, _ plant: Plant) async throws -> String {
        let program = """
            import sqlite3, sys
            database = sqlite3.connect(sys.argv[1])
            rows = database.execute(sys.argv[2]).fetchall()
            database.commit()
            print(rows[0][0])
            """
        let finished = try await runSuccessfully(
            ["python3", "-c", program, plant.pair.folder.file("recv.db"), statement])
        return finished.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
