import Foundation
import TestKit
import Testing

/// What no echo reaches is carried by hand (D5).
@Suite("Resend", .serialized, .timeLimit(.minutes(3)))
struct ResendTests {
    private static let published = (1...200).map { "record \($0)" }

    /// A pair whose receiver was away while 200 records of one topic crossed, with a schedule that repeats nothing.
    private struct Outage {
        let ot: Broker
        let it: Broker
        let pair: DiodePair
        let collector: TestKit.Subscriber
        let before: String

        init() async throws {
            ot = try await Broker.start(lines: ["max_queued_messages 0"])
            it = try await Broker.start(lines: ["max_queued_messages 0"])
            var settings = DiodePair.Settings()
            settings.sender = ["echo": "[]"]
            pair = try await DiodePair(ot: ot, it: it, settings)
            collector = try await it.subscribe("acme/#")
            try await pair.start()
            try await ot.publish("acme/a", "before")
            before = String(decoding: await collector.messages(atLeast: 1).first?.payload ?? [], as: UTF8.self)
            #expect(try await pair.receiver?.terminate() == .code(0))
            try await ot.publish(lines: ResendTests.published, to: "acme/a")
            #expect(try await eventually { try await isSent(201) }, "all of it has left")
            try pair.startReceiver()
        }

        /// Whether so many records have left the sender.
        private func isSent(_ count: Int) async throws -> Bool {
            let answer = try await pair.status(.sender)
            let object = try? JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]
            let backlog = (object?["journal"] as? [String: Any])?["backlog_blocks"] as? Int
            let unsent = (object?["emitted"] as? [String: Any])?["unsent_blocks"] as? Int
            return object?["sequence"] as? Int == count && backlog == 0 && unsent == 0
        }

        /// The gaps of the audit, once there is one, all in this state.
        func gaps(_ state: String) async throws -> [[String: Any]] {
            var found: [[String: Any]] = []
            let come = try await eventually(.seconds(30)) {
                found = try await AuditAnswer(pair).list("gaps")
                return !found.isEmpty && found.allSatisfy { $0["state"] as? String == state }
            }
            #expect(come, "\(found)")
            return found
        }

        /// What the receiver's audit asks for.
        func bundle() async throws -> String {
            let path = pair.folder.file("wanted.bundle")
            let finished = try await run([
                Executable.path("diode-recv"), "--audit", "--config", pair.receiverConfiguration, "--bundle", path,
            ])
            #expect(finished.exit == .code(3), "\(finished.errors)")
            return path
        }

        func resend(_ bundle: String) async throws -> Finished {
            try await run([
                Executable.path("diode-send"), "resend", "--config", pair.senderConfiguration, "--bundle", bundle,
            ])
        }
    }

    @Test("P6, D5 what was sent while the receiver was away comes by a bundle, and the gap is healed by resend")
    func healed() async throws {
        let outage = try await Outage()
        #expect(outage.before == "before")
        #expect(try await outage.gaps("open").count == 1)
        let answer = try await outage.resend(try await outage.bundle())
        #expect(answer.exit == .code(0), "\(answer.errors)")
        #expect(answer.output.hasSuffix("no more in the journal: 0\n"))
        let healed = try await outage.gaps("healed")
        #expect(healed.allSatisfy { $0["healed_by"] as? String == "resend" })
        let audit = try await AuditAnswer(outage.pair)
        #expect(audit.total("missing") == 0 && audit.isBalanced)
        #expect(audit.list("actions").contains { $0["what"] as? String == "resend" }, "it is in the ledger")
        let all = ["before"] + Self.published
        let arrived = await outage.collector.messages(atLeast: all.count)
        #expect(arrived.map { String(decoding: $0.payload, as: UTF8.self) } == all)
        #expect(audit.total("delivered") + audit.total("late") == all.count)
        try await outage.pair.stop()
    }

    @Test("P1, D6 what the journal has no more is said by its floor: the gap is lost, and a bundle finds nothing")
    func lost() async throws {
        let outage = try await Outage()
        let open = try await outage.gaps("open")
        let bundle = try await outage.bundle()
        #expect(try await outage.pair.sender?.terminate() == .code(0))
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: outage.pair.folder.file("send.db" + suffix))
        }
        try outage.pair.startSender()
        let lost = try await outage.gaps("lost")
        #expect(lost.count == open.count)
        let answer = try await outage.resend(bundle)
        #expect(answer.exit == .code(1))
        #expect(answer.output.hasPrefix("blocks queued: 0, "), "\(answer.errors)")
        #expect(try await AuditAnswer(outage.pair).exit == .code(4))
        try await outage.pair.stop()
    }
}
