import Crypto
import Ledger
import Storage
import TestKit
import Testing

@Suite("The ledger within its limit")
struct KeeperTests {
    private static let schema = DatabaseSchema(owner: "test", applicationID: "TEST", migrations: [LedgerSchema.sql])

    @Test("D15 a ledger above its limit is folded step by step, healed gaps first; chain and gaps still agree")
    func keeps() async throws {
        try await withSeed { random in
            let folder = try TemporaryDirectory("keeper")
            let database = try Database(path: folder.file("ledger.db"), schema: Self.schema)
            var writer = try LedgerWriter(database)
            let sample = SampleLedger.random(6_000, &random)
            try database.begin()
            for row in sample.rows { try writer.append(row.entry) }
            try database.commit()
            writer.committed()
            let limit = sample.bytes / 10 * 9
            var keeper = LedgerKeeper(limitBytes: limit, newest: 100)
            var folded: Int64 = 0
            var steps = 0
            var idle = 0
            while idle < 50, steps < 10_000 {
                steps += 1
                idle += 1
                guard let done = try keeper.step(&writer, at: UInt64(steps), in: database) else {
                    if keeper.bytes > limit { idle = 0 }
                    continue
                }
                folded += done.entries
                idle = 0
            }
            #expect(keeper.bytes <= limit && folded > 500)
            var gaps = LedgerGaps()
            #expect(
                try LedgerReader.verdict(gaps: &gaps, in: database) == .intact(head: writer.head, folded: folded))
            #expect(gaps.difference(to: sample.table) == nil)
            // Losses and actions are all there as long as healed gaps and routine make room enough.
            let losses = try LedgerReader.entries(of: "plant-a", kind: "loss", in: database).count
            #expect(losses == sample.rows.count { $0.entry.kind == "loss" })
            // Another one counts the same, and has nothing to do.
            var other = LedgerKeeper(limitBytes: limit, newest: 100)
            for _ in 0..<20 { #expect(try other.step(&writer, at: 0, in: database) == nil) }
            #expect(other.bytes == keeper.bytes)
        }
    }

    @Test("P8 what cannot be folded is not tried again with each step")
    func nothingToFold() throws {
        let folder = try TemporaryDirectory("keeper")
        let database = try Database(path: folder.file("ledger.db"), schema: Self.schema)
        var writer = try LedgerWriter(database)
        for _ in 0..<50 { try writer.append(LedgerEntry(link: "", at: 1, kind: "equivocation", body: "{}")) }
        try writer.append(LedgerEntry(link: "", at: 1, kind: "receiver.started", body: "{}"))
        for _ in 0..<50 { try writer.append(LedgerEntry(link: "", at: 1, kind: "epoch.began", body: "{}")) }
        writer.committed()
        var keeper = LedgerKeeper(limitBytes: 1_000, newest: 0, keptKinds: ["receiver.started"])
        var folded: [Int64] = []
        for _ in 0..<100 {
            if let done = try keeper.step(&writer, at: 0, in: database) { folded.append(done.entries) }
        }
        #expect(folded == [50])
        #expect(try LedgerReader.entries(of: "", kind: "receiver.started", in: database).count == 1)
        #expect(try LedgerReader.verdict(in: database) == .intact(head: writer.head, folded: 50))
    }
}

extension LedgerKeeper {
    /// One step, and the transaction that it asks for.
    fileprivate mutating func step(
        _ writer: inout LedgerWriter, at time: UInt64, in database: borrowing Database
    ) throws -> Folded? {
        guard let plan = try step(writer.head, in: database) else { return nil }
        try database.begin()
        var signer = try Ed25519Signer()
        try writer.fold(plan.fold, at: time, signer: &signer, in: database)
        try database.commit()
        writer.committed()
        return folded(plan)
    }
}
