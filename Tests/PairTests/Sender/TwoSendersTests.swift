import Foundation
import TestKit
import Testing

/// D13: two appliances send on one link, each with a key of its own (ADR 0033). Here both speak, each from an OT broker of its own: what a standby
/// that does not step back would do.
@Suite("Two senders with a card each", .serialized, .timeLimit(.minutes(3)))
struct TwoSendersTests {
    /// How long both speak: a minute in a soak.
    private static let seconds = Int(ProcessInfo.processInfo.environment["TWO_SENDERS_SECONDS"] ?? "") ?? 8

    /// The pair, and a second appliance that aims at the same receiver.
    private struct Plant {
        let first: Broker
        let second: Broker
        let it: Broker
        let pair: DiodePair
        let standby: TemporaryDirectory
        let keys: [String]

        init() async throws {
            first = try await Broker.start()
            second = try await Broker.start()
            it = try await Broker.start(lines: ["max_queued_messages 0"])
            var settings = DiodePair.Settings()
            settings.sender = ["echo": "[\"500ms\", \"4s\"]"]
            pair = try await DiodePair(ot: first, it: it, settings)
            standby = try TemporaryDirectory("standby")
            let send = try String(contentsOfFile: pair.senderConfiguration, encoding: .utf8)
            try standby.write("send.json5", send.replacingOccurrences(of: first.url, with: second.url))
            let key = try await runSuccessfully([
                Executable.path("diode-send"), "keygen", "--link", "plant-a", "--out", standby.path,
            ]).trimmingCharacters(in: .whitespacesAndNewlines)
            keys = [pair.fingerprint, key]
            let receive = try String(contentsOfFile: pair.receiverConfiguration, encoding: .utf8)
            try pair.folder.write(
                "recv.json5",
                receive.replacingOccurrences(
                    of: "card: \"paired.card\"", with: "cards: [\"paired.card\", \"standby.card\"]"))
            try await pairStandby(expecting: 0)
        }

        func pairStandby(expecting exit: Int32) async throws {
            let paired = try await run([
                Executable.path("diode-recv"), "pair", "--config", pair.receiverConfiguration, "--fingerprint", keys[1],
                standby.file("plant-a.card"),
            ])
            #expect(paired.exit == .code(exit), "\(paired.errors)")
        }

        func startStandby() throws -> Child {
            try Child([Executable.path("diode-send"), "run", "--config", standby.file("send.json5")])
        }

        func says(_ words: String, exit: Int32) async -> Bool {
            await eventually(.seconds(20)) {
                guard let (said, code) = try? await LinkWords.status(pair) else { return false }
                return code == .code(exit) && said.reason.contains(words)
            }
        }

        /// The senders as status tells them: role by key.
        func roles() async throws -> [String: String] {
            let answer = try await pair.status(.receiver).output
            let object = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
            let senders = (object?["links"] as? [[String: Any]])?.first?["senders"] as? [[String: Any]] ?? []
            return Dictionary(
                senders.map { ($0["key"] as? String ?? "", $0["role"] as? String ?? "never") }, uniquingKeysWith: { $1 }
            )
        }
    }

    @Test("D13 W-53 while both speak no state is wrong, each has its account, and status, ledger and audit name them")
    func both() async throws {
        let plant = try await Plant()
        let pair = plant.pair
        try await plant.first.publish("acme/a", "first 0", retain: true)
        try await plant.first.publish("acme/gone", "first", retain: true)
        try pair.startReceiver()
        try pair.startSender()
        #expect(await plant.says("card 2 (\(plant.keys[1])) is not heard", exit: 3))
        #expect(
            try await eventually {
                try await plant.it.retained("acme/#") == ["acme/a": "first 0", "acme/gone": "first"]
            })

        try await plant.second.publish("acme/a", "second 0", retain: true)
        let standby = try plant.startStandby()
        // What only the first broker has is gone with the first whole round of the second sender.
        #expect(
            try await eventually(.seconds(30)) { try await plant.it.retained("acme/#") == ["acme/a": "second 0"] },
            "\(pair.receiver?.errors ?? "")")
        #expect(await plant.says("two senders speak", exit: 3))
        #expect(try await plant.roles() == [plant.keys[0]: "older", plant.keys[1]: "speaks"])

        let shown = try await plant.it.subscribe("acme/a")
        let late = try await plant.it.subscribe("diode/plant-a/late/acme/a")
        var last = 0
        let end = ContinuousClock.now.advanced(by: .seconds(Self.seconds))
        while ContinuousClock.now < end {
            last += 1
            try await plant.first.publish("acme/a", "first \(last)", retain: true)
            try await plant.second.publish("acme/a", "second \(last)", retain: true)
        }
        let newest = (Array("second \(last)".utf8), Array("first \(last)".utf8))
        #expect(await eventually { shown.messages.contains { $0.payload == newest.0 } })
        #expect(await eventually { late.messages.contains { $0.payload == newest.1 } })
        #expect(shown.messages.allSatisfy { String(decoding: $0.payload, as: UTF8.self).hasPrefix("second ") })
        #expect(try await plant.it.retained("acme/#") == ["acme/a": "second \(last)"])

        #expect(try await pair.sender?.terminate() == .code(0))
        #expect(await plant.says("card 1 (\(plant.keys[0])) is not heard", exit: 3))
        #expect(try await standby.terminate() == .code(0))
        #expect(try await pair.receiver?.terminate() == .code(0))

        let audit = try await AuditAnswer(pair, ["--verify"])
        #expect(audit.exit == .code(0) && audit.isBalanced, "\(audit)")
        #expect(Set(audit.list("epochs").compactMap { $0["card"] as? Int }) == [1, 2], "\(audit)")
        #expect(audit.list("senders").compactMap { $0["key"] as? String } == plant.keys)
        #expect(audit.actions("lease").count == 1 && audit.actions("lease.contested").count == 1, "\(audit)")
        #expect(audit.total("late") >= last && audit.total("missing") == 0 && audit.total("lost") == 0, "\(audit)")
        let reader = try await IndependentReader.run(
            "ledger.py",
            [
                "--card", pair.folder.file("paired.card"), "--card", pair.folder.file("standby.card"), "--audit-key",
                pair.folder.file("recv.db.audit-key"), pair.folder.file("recv.db"),
            ])
        #expect(reader.succeeded, "\(reader.output)\(reader.errors)")
    }

    @Test(
        "D10 a card goes into its place: the second beside the first, a third nowhere, another in place of one that is named"
    )
    func pairing() async throws {
        let plant = try await Plant()
        let folder = plant.pair.folder
        func content(_ name: String) throws -> String { try String(contentsOfFile: folder.file(name), encoding: .utf8) }
        let before = try (content("paired.card"), content("standby.card"))
        #expect(before.1 == (try String(contentsOfFile: plant.standby.file("plant-a.card"), encoding: .utf8)))
        try await plant.pairStandby(expecting: 0)
        let third = try TemporaryDirectory("third")
        let key = try await runSuccessfully([
            Executable.path("diode-send"), "keygen", "--link", "plant-a", "--out", third.path,
        ]).trimmingCharacters(in: .whitespacesAndNewlines)
        func pair(_ options: [String]) async throws -> Finished {
            try await run(
                [
                    Executable.path("diode-recv"), "pair", "--config", plant.pair.receiverConfiguration,
                    "--fingerprint", key,
                    third.file("plant-a.card"),
                ] + options)
        }
        let refused = try await pair([])
        #expect(refused.exit == .code(1) && refused.errors.contains("has another key already"), "\(refused.errors)")
        #expect(try await pair(["--replace", key]).exit == .code(1), "whose place it takes has to be named")
        #expect(try await pair(["--replace", plant.keys[1]]).succeeded)
        #expect(try content("paired.card") == before.0 && content("standby.card") != before.1)
        let check = try await run([
            Executable.path("diode-recv"), "check", "--config", plant.pair.receiverConfiguration,
        ])
        #expect(check.output.contains(plant.keys[0]) && check.output.contains(key), "\(check.output)")
    }
}
