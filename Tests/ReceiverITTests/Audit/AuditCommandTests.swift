import Account
import Crypto
import DiodeProtocol
import Foundation
import JSON
import Outbox
import ReceiverITCore
import Storage
import TestKit
import Testing

@testable import ReceiverIT
@testable import ReceiverITStore

@Suite("diode-recv --audit on databases that a receiver wrote", .timeLimit(.minutes(2)))
struct AuditCommandTests {
    @Test("C2 0: everything came and was published; every key of the contract is there")
    func well() async throws {
        let receiver = try AuditedReceiver()
        try receiver.start()
        try receiver.emit([receiver.sender.live(count: 40), receiver.sender.beat { $0.isDurable = true }])
        #expect(await receiver.waitUntil(sent: 40))
        try await receiver.settle(40)
        #expect(await eventually { receiver.link?.beat != nil })
        receiver.stop()
        let (exit, link) = try await receiver.audit(["--verify"])
        #expect(exit == .code(0))
        let keys = [
            "link", "fingerprint", "balanced", "verified", "stale", "begins_at", "heard_until", "head", "totals",
            "epochs",
            "gaps", "losses", "unobserved", "actions", "software", "config", "keys", "paths", "wire", "clock",
            "replica",
            "rejected",
            "sender", "reason", "findings",
        ]
        #expect(link.names == keys)
        #expect(
            link["totals"]?.names == [
                "sent", "delivered", "late", "missing", "lost", "pending", "decided", "published", "outbox", "shed",
                "dead", "folded", "refreshed", "repeated",
            ])
        #expect(link["totals"]?["published"] == 40 && link["totals"]?["delivered"] == 40)
        #expect(link["balanced"] == true && link["verified"] == true && link["stale"] == false)
        #expect(link["sender"]?["durable"] == true && link["head"]?.text?.contains(":") == true)
    }

    @Test("C2 3: a gap is open; healed, the audit is 0 and the gap stays as history")
    func openThenHealed() async throws {
        let receiver = try AuditedReceiver()
        try receiver.start()
        try receiver.emit([receiver.sender.live(count: 10)])
        let lost = receiver.sender.live(count: 4)
        try receiver.emit([receiver.sender.live(count: 6)])
        #expect(await receiver.waitUntil(sent: 20, missing: 4))
        receiver.stop()
        var (exit, link) = try await receiver.audit()
        #expect(exit == .code(3))
        let gap = try #require(link["gaps"]?.elements?.first)
        #expect(gap["state"] == "open" && gap["first_sequence"] == 11 && gap["last_sequence"] == 14)
        #expect(gap["records"] == 4 && gap["blocks"] == [2, 2] && gap["closed_at"] == .null)
        try receiver.start()
        try receiver.emit([lost], transmission: 1)
        #expect(await receiver.waitUntil(sent: 20))
        receiver.stop()
        (exit, link) = try await receiver.audit(["--link", "plant-a"])
        #expect(exit == .code(0))
        #expect(link["gaps"]?.elements?.map { $0["state"]?.text } == ["healed"])
        #expect(link["totals"]?["late"] == 4)
    }

    @Test("C2 4: the journal holds the missing blocks no more")
    func lost() async throws {
        let receiver = try AuditedReceiver()
        try await receiver.startWithLostGap()
        receiver.stop()
        let (exit, link) = try await receiver.audit()
        #expect(exit == .code(4))
        #expect(link["totals"]?["lost"] == 4 && link["gaps"]?.elements?.first?["state"] == "lost")
    }

    @Test("C2 5: two senders use one key")
    func equivocation() async throws {
        let receiver = try AuditedReceiver()
        try receiver.start()
        try receiver.emit([receiver.sender.live(count: 10)])
        #expect(await receiver.waitUntil(sent: 10))
        receiver.sender.incarnation = Incarnation(rawValue: 0xB0B)
        try receiver.emit([receiver.sender.live(count: 1)])
        #expect(await eventually { receiver.link?.counters.equivocations == 1 })
        receiver.stop()
        #expect(try await receiver.audit().exit == .code(5))
    }

    @Test("D15 5: one byte of the ledger was changed, and --verify says where")
    func changedByte() async throws {
        let receiver = try AuditedReceiver()
        try receiver.start()
        try receiver.emit([receiver.sender.live(count: 10)])
        #expect(await receiver.waitUntil(sent: 10))
        receiver.stop()
        #expect(try await receiver.audit(["--verify"]).exit == .code(0))
        try Database(path: receiver.state, schema: StoreSchema.schema).execute(
            "UPDATE ledger SET at = at + 1 WHERE entry = 2")
        #expect(try await receiver.audit().exit == .code(0))
        let finished = try await receiver.command(["--audit", "--verify"])
        #expect(finished.exit == .code(5) && finished.output.contains("diverges at entry 2"), "\(finished.output)")
    }

    @Test("C2 1 and 2: no database, and options that make no sense")
    func refusals() async throws {
        let receiver = try AuditedReceiver()
        #expect(try await receiver.command(["--audit"]).exit == .code(1))
        try receiver.start()
        receiver.stop()
        for (arguments, words) in [
            (["--format", "xml"], "table, json, csv, html"), (["--since", "yesterday"], "neither a date"),
            (["--since", "2026-11-02", "--until", "2026-11-02"], "later than --since"),
            (["--tz", "UTC"], "--since or"),
            (["--since", "2026-11-02", "--tz", "../../etc/passwd"], "no time zone"), (["--link", "x"], "no link"),
            (["--head", "1:00"], "--verify"), (["--verify", "--head", "4711"], "is no head"),
        ] {
            let finished = try await receiver.command(["--audit"] + arguments)
            #expect(finished.exit == .code(2) && finished.errors.contains(words), "\(arguments): \(finished.errors)")
        }
    }

    @Test("Each form says the same verdict", arguments: ["table", "csv", "html"])
    func forms(_ format: String) async throws {
        let receiver = try AuditedReceiver()
        try await receiver.startWithLostGap()
        receiver.stop()
        let finished = try await receiver.command(["--audit", "--format", format])
        #expect(finished.exit == .code(4))
        #expect(finished.output.contains("1 gap lost with 4 records, not acknowledged"), "\(finished.output)")
    }
}

extension AuditedReceiver {
    /// A gap of 4 records, sequences 11 to 14, that the sender's floor has passed.
    func startWithLostGap() async throws {
        try start()
        try emit([sender.live(count: 10)])
        _ = sender.live(count: 4)
        try emit([sender.live(count: 6)])
        #expect(await waitUntil(sent: 20, missing: 4))
        try emit([
            sender.beat {
                $0.floor = Stamp(epoch: self.sender.epoch, sequence: SequenceNumber(rawValue: 1))
            },
            sender.beat {
                $0.floor = Stamp(epoch: self.sender.epoch, sequence: SequenceNumber(rawValue: 15))
            },
        ])
        #expect(await eventually { self.link?.account.lost == 4 })
    }
}

extension JSONValue {
    /// The names of an object's members, in order.
    fileprivate var names: [String] {
        if case .object(let members) = self { members.map(\.name) } else { [] }
    }
}
