import Foundation
import TestKit
import Testing

/// D9: two senders with one key are found, whichever epochs they take.
@Suite("Two senders with one key", .serialized, .timeLimit(.minutes(2)))
struct ImpostorTests {
    /// The pair, and a copy of its sender's folder that aims at the same receiver.
    private struct Plant {
        let ot: Broker
        let it: Broker
        let pair: DiodePair
        let other: TemporaryDirectory

        init() async throws {
            ot = try await Broker.start(lines: ["max_queued_messages 0"])
            it = try await Broker.start(lines: ["max_queued_messages 0"])
            var settings = DiodePair.Settings()
            settings.sender = ["echo": "[\"500ms\", \"6s\"]"]
            pair = try await DiodePair(ot: ot, it: it, settings)
            other = try TemporaryDirectory("impostor")
            try FileManager.default.copyItem(atPath: pair.folder.file("plant-a.key"), toPath: other.file("plant-a.key"))
            let text = try String(contentsOfFile: pair.senderConfiguration, encoding: .utf8)
            let broker = "{ url: \"\(ot.url)\""
            try other.write(
                "send.json5", text.replacingOccurrences(of: broker, with: "\(broker), client_id: \"impostor\""))
        }

        func startImpostor(_ options: [String] = []) throws -> Child {
            try Child([Executable.path("diode-send"), "run", "--config", other.file("send.json5")] + options)
        }

        /// The equivocations that the audit names.
        func equivocations() async throws -> [String] {
            let table = try await run([
                Executable.path("diode-recv"), "--audit", "--config", pair.receiverConfiguration,
            ])
            return table.output.matches(of: /equivocation-[0-9]+/).map { String($0.output) }
        }

        /// Publishes until the audit is exit 5.
        func expectFound() async throws {
            var audit = try await AuditAnswer(pair)
            let isFound = try await eventually(.seconds(20)) {
                try await ot.publish("acme/a", "again")
                audit = try await AuditAnswer(pair)
                return audit.exit == .code(5)
            }
            #expect(isFound, "\(audit)\n\(pair.receiver?.errors ?? "")")
        }

        /// Acknowledges what the audit names: equivocations, and what nobody can say of an epoch that ended unheard.
        /// - Parameter done: what was acknowledged before.
        /// - Returns: the audit after that.
        func acknowledge(_ done: inout Set<String>) async throws -> AuditAnswer {
            let losses = try await AuditAnswer(pair).list("losses").compactMap { $0["id"] as? String }
            for name in try await equivocations() + losses where done.insert(name).inserted {
                try await runSuccessfully([
                    Executable.path("diode-recv"), "ack", name, "--config", pair.receiverConfiguration,
                    "--by", "the security officer", "--reason", "the clone is off",
                ])
            }
            return try await AuditAnswer(pair)
        }
    }

    @Test("D9 two senders in one epoch are equivocation, exit 5 until it is acknowledged")
    func oneEpoch() async throws {
        let plant = try await Plant()
        let epoch = String(Int(Date().timeIntervalSince1970 * 1_000) + 60_000)
        try plant.pair.startReceiver()
        try plant.pair.startSender(["--epoch", epoch])
        try await plant.pair.waitUntilWell()
        try await plant.ot.publish("acme/a", "one sender")
        try await plant.pair.waitUntilAuditIsWell()
        let impostor = try plant.startImpostor(["--epoch", epoch])
        try await plant.expectFound()
        #expect(try await impostor.terminate() == .code(0))
        try await expectUntilAcknowledged(plant)
    }

    @Test("D9 a second sender in an epoch of its own is found as soon as the first one still speaks")
    func twoEpochs() async throws {
        let plant = try await Plant()
        try await plant.pair.start()
        try await plant.ot.publish("acme/a", "one sender")
        // A beat of it was heard: by its clock the second sender is told from a successor.
        #expect(try await eventually { try await AuditAnswer(plant.pair).replica("digest_matches") == true })
        let impostor = try plant.startImpostor()
        try await plant.expectFound()
        #expect(!(try await AuditAnswer(plant.pair).actions("epoch.superseded").isEmpty))
        #expect(try await impostor.terminate() == .code(0))
        try await expectUntilAcknowledged(plant)
    }

    /// With one sender again it stays exit 5, over a restart of both sides, until somebody has looked into it. What the older epoch said
    /// meanwhile was refused; now that its sender speaks of it, it is missing, and echoes bring it.
    private func expectUntilAcknowledged(_ plant: Plant) async throws {
        try await plant.pair.stop()
        try plant.pair.startReceiver()
        try plant.pair.startSender()
        #expect(await eventually { plant.pair.receiver?.errors.contains(" started: ") == true })
        var audit = try await AuditAnswer(plant.pair)
        #expect(audit.exit == .code(5), "\(audit)")
        // The first beat of the restarted sender may tell of one more epoch that ended without its last word.
        var acknowledged: Set<String> = []
        let isWell = try await eventually(.seconds(20)) {
            audit = try await plant.acknowledge(&acknowledged)
            return audit.exit == .code(0) && audit.replica("digest_matches") == true
        }
        #expect(isWell, "\(audit)")
        #expect(audit.list("losses").allSatisfy { $0["reason"] as? String == "no_last_word" }, "\(audit)")
        #expect(audit.list("losses").count <= 2, "\(audit)")
        #expect(audit.isBalanced, "\(audit)")
        try await plant.pair.stop()
    }
}
