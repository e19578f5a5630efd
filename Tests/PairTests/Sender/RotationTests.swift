import Foundation
import TestKit
import Testing

/// D10: a sender's key is replaced, and receivers follow by themselves, whenever they hear of it.
@Suite("A key that is rotated", .serialized, .timeLimit(.minutes(2)))
struct RotationTests {
    private struct Plant {
        let ot: Broker
        let it: Broker
        let pair: DiodePair
        let collector: TestKit.Subscriber

        init() async throws {
            ot = try await Broker.start()
            it = try await Broker.start()
            var settings = DiodePair.Settings()
            settings.record = 100_000
            settings.sender = ["echo": "[\"500ms\", \"1500ms\", \"4s\", \"12s\"]"]
            pair = try await DiodePair(ot: ot, it: it, settings)
            collector = try await it.subscribe("acme/#")
        }

        func arrives(_ payload: String) async throws -> Bool {
            try await ot.publish("acme/a", payload, retain: true)
            return await eventually(.seconds(20)) { collector.messages.contains { $0.payload == Array(payload.utf8) } }
        }

        /// Rotates with the daemon stopped.
        /// - Returns: the fingerprints before and behind.
        func rotate() async throws -> (from: String, to: String) {
            let printed = try await runSuccessfully([
                Executable.path("diode-send"), "rotate", "--config", pair.senderConfiguration,
            ])
            let match = try #require(printed.firstMatch(of: /from  (SHA256:\S+)\nto    (SHA256:\S+)\n/))
            return (String(match.output.1), String(match.output.2))
        }

        /// Whether status comes to say that this is the link's key.
        func uses(_ key: String) async throws -> Bool {
            try await eventually {
                let answer = try await pair.status(.receiver).output
                let object = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
                return (object?["links"] as? [[String: Any]])?.first?["fingerprint"] as? String == key
            }
        }

        func verify() async throws -> Finished {
            try await run([
                Executable.path("diode-recv"), "--audit", "--verify", "--format", "json", "--config",
                pair.receiverConfiguration,
            ])
        }
    }

    @Test(
        "W-51 D10 values go on under the next key, a receiver that was off follows twice at once, and both ledgers and an independent reader know all three keys"
    )
    func follows() async throws {
        let plant = try await Plant()
        let pair = plant.pair
        try await pair.start()
        #expect(try await plant.arrives("under the first key"))
        try await pair.waitUntilAuditIsWell()

        let refused = try await run([
            Executable.path("diode-send"), "rotate", "--config", pair.senderConfiguration,
        ])
        #expect(refused.exit == .code(1) && refused.errors.contains("stop diode-send"), "\(refused.errors)")
        #expect(try await pair.sender?.terminate() == .code(0))
        let first = try await plant.rotate()
        try pair.startSender()
        #expect(try await plant.arrives("under the second key"))
        try await pair.waitUntilWell()
        #expect(try await plant.uses(first.to))
        try await pair.waitUntilAuditIsWell()

        // Twice while nobody listens: what it missed comes as echoes, under the third key.
        #expect(try await pair.receiver?.terminate() == .code(0))
        #expect(try await pair.sender?.terminate() == .code(0))
        let second = try await plant.rotate()
        #expect(second.from == first.to)
        try pair.startSender()
        #expect(await eventually { pair.sender?.errors.contains(" started: ") == true })
        try await plant.ot.publish("acme/b", "unheard", retain: true)
        #expect(try await pair.sender?.terminate() == .code(0))
        let third = try await plant.rotate()
        try pair.startSender()
        try pair.startReceiver()
        #expect(try await plant.arrives("under the fourth key"))
        #expect(
            await eventually(.seconds(20)) { plant.collector.messages.contains { $0.payload == Array("unheard".utf8) } }
        )
        try await pair.waitUntilWell()
        #expect(try await plant.uses(third.to))
        try await pair.waitUntilAuditIsWell()
        try await pair.stop()

        let audit = try await plant.verify()
        #expect(audit.succeeded, "\(audit.output)")
        for key in [first.to, second.to, third.to] { #expect(audit.output.contains("\(key) in place of"), "\(key)") }
        let card = pair.folder.file("paired.card")
        let ledger = try await IndependentReader.run(
            "ledger.py",
            ["--card", card, "--audit-key", pair.folder.file("recv.db.audit-key"), pair.folder.file("recv.db")])
        #expect(ledger.succeeded && !ledger.output.contains("of a card that was replaced"), "\(ledger.output)")
        let capture = pair.folder.file("capture")
        try Capture.plain(try #require(pair.relay).recorded).write(to: URL(fileURLWithPath: capture))
        let frames = try await IndependentReader.run("frames.py", [card, capture])
        #expect(frames.succeeded && frames.output.contains("rotated   to \(third.to)"), "\(frames.output)")
    }

    @Test("W-51 D10 a revoked key is not followed, and one in use that is revoked brings nothing: status says why")
    func revoked() async throws {
        let plant = try await Plant()
        let pair = plant.pair
        func revoke(_ key: String) async throws {
            _ = try await runSuccessfully([
                Executable.path("diode-recv"), "revoke", "--config", pair.receiverConfiguration, "--link", "plant-a",
                "--key", key, "--reason", "the appliance was stolen",
            ])
        }
        try await pair.start()
        #expect(try await plant.arrives("before"))
        #expect(try await pair.sender?.terminate() == .code(0))
        #expect(try await pair.receiver?.terminate() == .code(0))
        let keys = try await plant.rotate()
        try await revoke(keys.to)
        try pair.startReceiver()
        try pair.startSender()
        func says(_ words: String) async -> Bool {
            await eventually(.seconds(20)) {
                guard let (said, code) = try? await LinkWords.status(pair) else { return false }
                return code == .code(4) && said.reason.contains(words)
            }
        }
        #expect(await says("\(keys.to) was revoked"))
        #expect(try await plant.uses(keys.from))
        #expect(try await pair.receiver?.terminate() == .code(0))
        // The key that is in use here, too.
        try await revoke(keys.from)
        try pair.startReceiver()
        #expect(await says("was revoked"))
        #expect(try await pair.receiver?.terminate() == .code(0))
        let refused = try await run([
            Executable.path("diode-recv"), "pair", "--config", pair.receiverConfiguration, "--replace", keys.from,
            "--fingerprint", keys.to, pair.folder.file("plant-a.card"),
        ])
        #expect(refused.exit == .code(1) && refused.errors.contains("was revoked"), "\(refused.errors)")
        let audit = try await plant.verify()
        #expect(audit.output.contains("the appliance was stolen"), "\(audit.output)")
        try await pair.stop()
    }
}
