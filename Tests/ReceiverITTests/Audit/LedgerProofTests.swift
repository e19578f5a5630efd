import Crypto
import DiodeProtocol
import Foundation
import JSON
import Ledger
import Storage
import TestKit
import Testing
import Threading

@testable import ReceiverIT
import Time
@testable import ReceiverITStore

@Suite("The ledger of a receiver, verified by diode-recv", .timeLimit(.minutes(2)))
struct LedgerProofTests {
    /// A receiver that ended with a healed gap, and the head that it showed its consumers before it did.
    private func receiverWithHead() async throws -> (AuditedReceiver, head: String) {
        let receiver = try AuditedReceiver()
        try receiver.start()
        try receiver.emit([receiver.sender.live(count: 10)])
        let lost = receiver.sender.live(count: 4)
        try receiver.emit([receiver.sender.live(count: 6)])
        #expect(await receiver.waitUntil(sent: 20, missing: 4))
        try receiver.emit([lost], transmission: 1)
        #expect(await receiver.waitUntil(sent: 20))
        receiver.stop()
        // A second start signs a head behind the gap at once.
        try receiver.start()
        try receiver.emit([receiver.sender.live(count: 1)])
        #expect(await receiver.waitUntil(sent: 21))
        #expect(await eventually { receiver.link?.head != nil })
        let head = try #require(receiver.link?.head)
        receiver.stop()
        return (receiver, head)
    }

    private func verify(_ receiver: AuditedReceiver, _ head: String?) async throws -> Finished {
        try await receiver.command(["--audit", "--verify"] + (head.map { ["--head", $0] } ?? []))
    }

    @Test("D15 the audit key is made once, for its owner alone, and signs the heads that are shown")
    func key() async throws {
        let (receiver, head) = try await receiverWithHead()
        let path = AuditKey.path(ofState: receiver.state)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let finished = try await verify(receiver, head)
        #expect(finished.exit == .code(0), "\(finished.output)")
        let link = try await receiver.audit().link
        #expect(link["keys"]?["audit"] == .text(AuditKey.text(of: try AuditKey.open(beside: receiver.state).publicKey)))
        #expect(NotedHead(parsing: head)?.signature?.count == 64)
        // Another receiver's signature proves nothing here.
        let (_, foreign) = try await receiverWithHead()
        let other = try await verify(receiver, foreign)
        #expect(other.exit == .code(5) && other.output.contains("not signed by an audit key"), "\(other.output)")
    }

    @Test("D15 a deleted gap, a cut tail and yesterday's file are found by the noted head, every hash recomputed")
    func rewritten() async throws {
        let (receiver, head) = try await receiverWithHead()
        let database = try Data(contentsOf: URL(fileURLWithPath: receiver.state))
        func restore() throws {
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: receiver.state + suffix) }
            try database.write(to: URL(fileURLWithPath: receiver.state))
        }
        try receiver.rewriteLedger { $0.removeAll { $0.kind.hasPrefix("gap.") } }
        try Database(path: receiver.state, schema: StoreSchema.schema).execute("DELETE FROM gaps")
        // Without the head, and without the receiver's key, the seal alone tells.
        let unsealed = try await verify(receiver, nil)
        #expect(
            unsealed.exit == .code(5) && unsealed.output.contains("the tables were sealed with entry"),
            "\(unsealed.output)")
        try receiver.signAnew()
        // Nobody who does not know the head can see it then.
        #expect(try await verify(receiver, nil).exit == .code(0))
        let deleted = try await verify(receiver, head)
        #expect(
            deleted.exit == .code(5) && deleted.output.contains("diverges from the noted head"), "\(deleted.output)")
        try restore()
        #expect(try await verify(receiver, head).exit == .code(0))
        let number = try #require(NotedHead(parsing: head)?.head.number)
        try Database(path: receiver.state, schema: StoreSchema.schema).execute(
            "DELETE FROM ledger WHERE entry >= \(number)")
        let cut = try await verify(receiver, head)
        #expect(
            cut.exit == .code(5) && cut.output.contains("ends at entry \(number - 1), but entry \(number) was noted"),
            "\(cut.output)")
        // Yesterday's file, gone on from there.
        try restore()
        try receiver.rewriteLedger { entries in
            entries.removeLast(4)
            for at in 0..<9 {
                entries.append(LedgerEntry(link: "", at: UInt64(at), kind: "receiver.stopped", body: "{}"))
            }
        }
        #expect(try await verify(receiver, head).exit == .code(5))
    }

    @Test("D15 a gap that is gone from its table, while the ledger tells of it, is exit 5")
    func gapGone() async throws {
        let receiver = try AuditedReceiver()
        try await receiver.startWithLostGap()
        receiver.stop()
        #expect(try await verify(receiver, nil).exit == .code(4))
        try Database(path: receiver.state, schema: StoreSchema.schema).execute("DELETE FROM gaps")
        let finished = try await verify(receiver, nil)
        #expect(finished.exit == .code(5) && finished.output.contains("gone from the table of gaps"))
    }

    @Test("C4 what one period closes with the next one opens with, and their changes add up")
    func periods() async throws {
        let receiver = try AuditedReceiver()
        try receiver.start()
        try receiver.emit([receiver.sender.live(count: 10)])
        #expect(await receiver.waitUntil(sent: 10))
        receiver.stop()
        // The period ends behind everything that the first run noted, and before everything that the second one will.
        let end = UnixMilliseconds(rawValue: UnixClock.now().rawValue + 1)
        #expect(await eventually { UnixClock.now() >= end })
        let middle = CalendarTime.text(end)
        try receiver.start()
        try receiver.emit([receiver.sender.live(count: 5)])
        #expect(await receiver.waitUntil(sent: 15))
        receiver.stop()
        let before = try await receiver.audit(["--until", middle]).link
        let after = try await receiver.audit(["--since", middle]).link
        let whole = try await receiver.audit().link
        #expect(before["totals"]?["sent"] == 10 && after["totals"]?["sent"] == 5 && whole["totals"]?["sent"] == 15)
        #expect(before["period"]?["closing"]?["totals"] == after["period"]?["opening"]?["totals"])
        #expect(after["epochs"]?.elements?.map { $0["delivered"] } == [5])
        #expect(before["actions"]?.elements?.map { $0["what"]?.text }.last == ReceiverAction.stopped)
        #expect(after["actions"]?.elements?.map { $0["what"]?.text } == ["receiver.started", "receiver.stopped"])
        #expect(whole["software"]?["receiver"]?["sha256"]?.text?.utf8.count == 64)
        #expect(whole["config"]?["receiver"]?["effective"]?["state"] != nil)
    }

    @Test("D15 a balance is due once a quarter of an hour, for its end, and a clock that was set is noticed")
    func calendar() {
        let start = UnixMilliseconds(rawValue: 1_763_716_000_000 / 900_000 * 900_000 + 5)
        func later(_ milliseconds: UInt64) -> UnixMilliseconds {
            UnixMilliseconds(rawValue: start.rawValue + milliseconds)
        }
        func instant(_ milliseconds: UInt64) -> MonotonicInstant {
            MonotonicInstant(nanoseconds: 1_000_000_000 + milliseconds * 1_000_000)
        }
        var calendar = LedgerCalendar(time: start, now: instant(0))
        #expect(calendar.dueBalance(later(899_990)) == nil)
        let due = calendar.dueBalance(later(899_995))
        #expect(due == later(899_994))
        #expect(calendar.dueBalance(later(900_100)) == due)
        if let due { calendar.noted(due) }
        #expect(calendar.dueBalance(later(900_100)) == nil)
        #expect(calendar.step(later(900_100), now: instant(900_100)) == nil)
        #expect(calendar.step(later(900_900), now: instant(900_200)) == nil)
        #expect(calendar.step(later(86_400_000), now: instant(900_300)) == 85_499_000)
        #expect(calendar.step(later(1_000), now: instant(900_400)) == -86_399_100)
        #expect(calendar.dueBalance(later(900_000)) == later(899_994))
    }
}
