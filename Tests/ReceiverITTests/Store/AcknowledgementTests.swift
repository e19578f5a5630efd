import Account
import DiodeProtocol
import Foundation
import JSON
import ReceiverITCore
import TestKit
import Testing

@testable import ReceiverIT
import Time

@Suite("diode-recv ack", .timeLimit(.minutes(2)))
struct AcknowledgementTests {
    private func ack(_ receiver: AuditedReceiver, _ item: String, _ more: [String] = []) async throws -> Finished {
        try await receiver.command(["ack", item, "--by", "J. Meier", "--reason", "fibre work"] + more)
    }

    @Test("C2 a lost gap that somebody has accepted is no exit 4 any more, and the ledger says who and why")
    func withoutDaemon() async throws {
        let receiver = try AuditedReceiver()
        try await receiver.startWithLostGap()
        receiver.stop()
        #expect(try await receiver.audit().exit == .code(4))
        let done = try await ack(receiver, "1")
        #expect(done.exit == .code(0) && done.output.contains("gap-1 of plant-a, 4 records lost"), "\(done.errors)")
        let (exit, link) = try await receiver.audit(["--verify"])
        #expect(exit == .code(0))
        let action = try #require(link["actions"]?.elements?.last)
        #expect(action["what"] == "ack")
        let detail = action["detail"]?.text ?? ""
        #expect(detail.hasPrefix("gap-1, 4 records lost: fibre work (J. Meier; uid \(getuid())"), "\(detail)")
        #expect(link["totals"]?["lost"] == 4 && link["gaps"]?.elements?.first?["state"] == "lost")
        let again = try await ack(receiver, "gap-1")
        #expect(again.exit == .code(1) && again.errors.contains("was acknowledged by J. Meier"))
    }

    @Test("C1 the daemon that runs writes the acknowledgement")
    func withDaemon() async throws {
        let receiver = try AuditedReceiver()
        try await receiver.startWithLostGap()
        receiver.stop()
        let daemon = try Child([Executable.path("diode-recv"), "run", "--config", receiver.configuration])
        #expect(try await eventually { try await receiver.command(["status"]).exit != .code(1) })
        let done = try await ack(receiver, "1")
        #expect(done.exit == .code(0), "\(done.errors)")
        let unknown = try await ack(receiver, "loss-9")
        #expect(unknown.exit == .code(1) && unknown.errors.contains("no loss-9 is known here"))
        // Nothing was heard since the start: stale, and no more than that.
        let (exit, link) = try await receiver.audit(["--verify"])
        #expect(exit == .code(3) && link["stale"] == true)
        #expect(try await daemon.terminate() == .code(0))
    }

    @Test("C1 what is open cannot be accepted, nor what nobody knows; wrong words are usage")
    func refusals() async throws {
        let receiver = try AuditedReceiver()
        #expect(try await ack(receiver, "1").exit == .code(1))
        try receiver.start()
        try receiver.emit([receiver.sender.live(count: 10)])
        _ = receiver.sender.live(count: 4)
        try receiver.emit([receiver.sender.live(count: 6)])
        #expect(await receiver.waitUntil(sent: 20, missing: 4))
        receiver.stop()
        let open = try await ack(receiver, "1")
        #expect(open.exit == .code(1) && open.errors.contains("gap-1 is open"))
        #expect(try await ack(receiver, "2").exit == .code(1))
        #expect(try await ack(receiver, "gap").exit == .code(2))
        #expect(try await receiver.command(["ack", "1", "--by", " ", "--reason", "x"]).exit == .code(2))
        #expect(try await receiver.command(["ack", "1", "--by", "me"]).exit == .code(2))
    }

    @Test("D9 equivocation is exit 5 until somebody has looked into it")
    func equivocation() async throws {
        let receiver = try AuditedReceiver()
        try receiver.start()
        try receiver.emit([receiver.sender.live(count: 10)])
        #expect(await receiver.waitUntil(sent: 10))
        receiver.sender.incarnation = Incarnation(rawValue: 0xB0B)
        try receiver.emit([receiver.sender.live(count: 1)])
        #expect(await eventually { receiver.link?.counters.equivocations == 1 })
        receiver.stop()
        let finished = try await receiver.command(["--audit"])
        let name = try #require(finished.output.firstMatch(of: /equivocation-[0-9]+/)).output
        #expect(finished.exit == .code(5))
        #expect(try await ack(receiver, String(name)).exit == .code(0))
        #expect(try await receiver.audit(["--verify"]).exit == .code(0))
    }

    @Test("C4 records that the sender shed are a loss with a name of its own")
    func shedBySender() async throws {
        let receiver = try AuditedReceiver()
        try receiver.start()
        var content = LiveContentEncoder()
        content.append(
            ShedRun(
                reason: .oversize, from: UnixMilliseconds(rawValue: 1_763_716_000_000),
                to: UnixMilliseconds(rawValue: 1_763_716_000_001),
                entries: [.init(topic: "acme/big", records: 3, lastVersion: TopicVersion(rawValue: 3))]))
        try receiver.emit([receiver.sender.live(&content)])
        #expect(await receiver.waitUntil(sent: 3))
        receiver.stop()
        var (exit, link) = try await receiver.audit()
        let loss = try #require(link["losses"]?.elements?.first)
        #expect(exit == .code(4) && loss["id"] == "loss-1" && loss["acknowledged"] == false)
        #expect(try await ack(receiver, "loss-1").exit == .code(0))
        (exit, link) = try await receiver.audit(["--verify"])
        #expect(exit == .code(0) && link["losses"]?.elements?.first?["acknowledged"] == true)
    }

    @Test("D9 an epoch that its sender does not remember is superseded, an action and no error; what it missed is lost")
    func superseded() async throws {
        let receiver = try AuditedReceiver()
        try receiver.start()
        try receiver.emit([receiver.sender.live(count: 10)])
        _ = receiver.sender.live(count: 2)
        try receiver.emit([receiver.sender.live(count: 3)])
        #expect(await receiver.waitUntil(sent: 15, missing: 2))
        let old = receiver.sender.epoch
        receiver.sender.beginEpoch(old.rawValue + 1_000, incarnation: 0xCAFE)
        func summary() -> Beat.EpochSummary {
            Beat.EpochSummary(
                epoch: receiver.sender.epoch, incarnation: receiver.sender.incarnation,
                firstSequence: SequenceNumber(rawValue: 1), lastCommitted: SequenceNumber(rawValue: 5),
                lastBlock: BlockNumber(rawValue: 1))
        }
        try receiver.emit([receiver.sender.live(count: 5), receiver.sender.beat { $0.epochs = [summary()] }])
        #expect(await receiver.waitUntil(sent: 20))
        try receiver.emit([receiver.sender.beat { $0.epochs = [summary()] }])
        #expect(await eventually { receiver.link?.account.lost == 2 })
        receiver.stop()
        let (exit, link) = try await receiver.audit(["--verify"])
        #expect(exit == .code(4))
        let actions = link["actions"]?.elements?.filter { $0["what"] == "epoch.superseded" } ?? []
        #expect(actions.count == 1 && actions[0]["detail"]?.text?.contains("epoch \(old.rawValue)") == true)
        let unsaid = try #require(link["losses"]?.elements?.first)
        #expect(unsaid["layer"] == "sender" && unsaid["reason"] == "no_last_word" && unsaid["records"] == 0)
        #expect(try await ack(receiver, "1").exit == .code(0))
        #expect(try await receiver.audit().exit == .code(4), "nobody has accepted what nobody heard of")
        #expect(try await ack(receiver, "loss-1").exit == .code(0))
        #expect(try await receiver.audit().exit == .code(0))
    }

    @Test(
        "P1 an epoch that ended with its sender's last word leaves nothing unsaid; an older copy of its database does")
    func lastWord() async throws {
        let receiver = try AuditedReceiver()
        try receiver.start()
        func summary(_ committed: UInt64) -> Beat.EpochSummary {
            Beat.EpochSummary(
                epoch: receiver.sender.epoch, incarnation: receiver.sender.incarnation,
                firstSequence: SequenceNumber(rawValue: 1), lastCommitted: SequenceNumber(rawValue: committed),
                lastBlock: BlockNumber(rawValue: 1))
        }
        // It stops, says so, and its database is lost.
        try receiver.emit([
            receiver.sender.live(count: 10),
            receiver.sender.beat { $0.ending = SequenceNumber(rawValue: $0.lastSequence) },
        ])
        #expect(await receiver.waitUntil(sent: 10))
        receiver.sender.beginEpoch(receiver.sender.epoch.rawValue + 1_000, incarnation: 0xCAFE)
        let copied = [summary(5)]
        try receiver.emit([receiver.sender.live(count: 5), receiver.sender.beat { $0.epochs = copied }])
        #expect(await receiver.waitUntil(sent: 15))
        var (exit, link) = try await receiver.audit()
        #expect(link["losses"]?.elements?.isEmpty == true, "\(link)")
        // A copy of its database is put back after more was journalled for good.
        try receiver.emit([
            receiver.sender.live(count: 5),
            receiver.sender.beat { $0.journalled = SequenceNumber(rawValue: $0.lastSequence) },
        ])
        #expect(await receiver.waitUntil(sent: 20))
        receiver.sender.beginEpoch(receiver.sender.epoch.rawValue + 1_000, incarnation: 0xBEEF)
        try receiver.emit([receiver.sender.live(count: 1), receiver.sender.beat { $0.epochs = copied }])
        #expect(await receiver.waitUntil(sent: 21))
        receiver.stop()
        (exit, link) = try await receiver.audit(["--verify"])
        #expect(exit == .code(4) && link["totals"]?["delivered"] == 21, "\(link)")
        #expect(link["losses"]?.elements?.first?["reason"] == "no_last_word")
    }
}
