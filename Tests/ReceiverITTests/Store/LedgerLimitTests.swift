import DiodeProtocol
import JSON
import Ledger
import Storage
import TestKit
import Testing

@testable import ReceiverIT
@testable import ReceiverITStore

@Suite("A receiver at its ledger's limit", .timeLimit(.minutes(5)))
struct LedgerLimitTests {
    /// What entries take, as the limit counts them.
    private func ledger(_ receiver: AuditedReceiver) throws -> (bytes: Int64, folds: Int, entries: Int64) {
        let database = try Database(path: receiver.state, schema: StoreSchema.schema, access: .readOnly)
        var row = try database.prepare(
            """
            SELECT coalesce(sum(length(link) + length(kind) + length(body) + 96), 0), sum(kind = 'folded'), count(*)
            FROM ledger
            """)
        guard try row.step() else { return (0, 0, 0) }
        return (row.integer(0), Int(row.integer(1)), row.integer(2))
    }

    @Test(
        "D15 at the smallest ledger.limit old entries are folded while it runs, the ledger says so, and all of it balances and verifies"
    )
    func smallest() async throws {
        let receiver = try AuditedReceiver("ledger: { limit: \"1MiB\" }")
        try receiver.start()
        var sent: UInt64 = 0
        for round in 0..<40 where try ledger(receiver).folds == 0 {
            var lost: [TestBlock] = []
            for _ in 0..<200 {
                lost.append(receiver.sender.live(count: 1))
                try receiver.emit([receiver.sender.live(count: 1)])
                // A pace and no wait: gaps that one round of the receiver finds share an entry, and most are to have entries of their own.
                try await Task.sleep(for: .milliseconds(2))
            }
            sent += 400
            #expect(await receiver.waitUntil(sent: sent, missing: 200), "round \(round)")
            for block in lost {
                try receiver.emit([block], transmission: 1)
                // The same, for the entries of gaps that close.
                try await Task.sleep(for: .milliseconds(2))
            }
            #expect(await receiver.waitUntil(sent: sent), "round \(round)")
        }
        #expect(
            await eventually(.seconds(20)) {
                (try? ledger(receiver)).map { $0.folds > 0 && $0.bytes <= 1 << 20 } ?? false
            })
        try receiver.settle()
        receiver.stop()
        let end = try ledger(receiver)
        // The stop itself is noted.
        #expect(end.bytes <= 1_058_576 && end.folds > 0, "\(end)")
        let finished = try await receiver.command(["--audit", "--verify"])
        #expect(finished.exit != .code(5), "\(finished.output)")
        #expect(finished.output.contains("folded") && finished.output.contains("balanced: yes"), "\(finished.output)")
        let reader = try await run([
            "python3", "-B", Executable.projectRoot + "/docs/verify/ledger.py", "--card",
            receiver.folder.file("plant-a.card"), "--audit-key", receiver.state + ".audit-key", receiver.state,
        ])
        #expect(reader.succeeded && !reader.output.contains("0 of them folded"), "\(reader.output)\(reader.errors)")
        let link = try await receiver.audit(["--verify"]).link
        #expect(link["verified"] == true && link["balanced"] == true)
        #expect(link["totals"]?["late"]?.integer == Int64(sent / 2) && link["totals"]?["missing"] == 0)
        // The next start goes on behind the fold.
        try receiver.start()
        try receiver.emit([receiver.sender.live(count: 3)])
        #expect(await receiver.waitUntil(sent: sent + 3))
        receiver.stop()
        #expect(try await receiver.audit(["--verify"]).link["verified"] == true)
    }
}
