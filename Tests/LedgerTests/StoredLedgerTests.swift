import Crypto
import Ledger
import Storage
import TestKit
import Testing

@Suite("The ledger in its database")
struct StoredLedgerTests {
    private static let schema = DatabaseSchema(owner: "the test", applicationID: "UDRV", migrations: [LedgerSchema.sql])

    @Test("P9 a stored chain is followed over folds; a byte changed in the file and a deleted row are found")
    func stored() async throws {
        let folder = try TemporaryDirectory()
        try await withSeed { random in
            let sample = SampleLedger.random(300, &random)
            let database = try Database(path: folder.file("recv.db"), schema: Self.schema)
            var writer = try LedgerWriter(database)
            try database.begin()
            for row in sample.rows { try writer.append(row.entry) }
            try database.commit()
            writer.committed()
            #expect(writer.head == sample.head)
            var folding = LedgerFolding()
            for row in sample.rows.dropLast(30) { folding.add(row.number, row.entry, hash: row.hash) }
            let fold = try #require(folding.plan(freeing: 10_000)?.fold)
            try database.begin()
            var signer = try Ed25519Signer()
            try writer.fold(fold, at: 5, signer: &signer, in: database)
            try database.commit()
            writer.committed()
            let gone = fold.runs.reduce(0) { $0 + $1.last - $1.first + 1 }
            let whole = try LedgerReader.verdict(noted: [sample.head], in: database)
            #expect(whole == .intact(head: writer.head, folded: gone))
            #expect(try LedgerReader.verdict(in: database) == .intact(head: writer.head, folded: gone))
            try database.execute("UPDATE ledger SET body = body || ' ' WHERE entry = 280")
            #expect(try LedgerReader.verdict(in: database) == .broken(.changed(entry: 280)))
            try database.execute("DELETE FROM ledger WHERE entry >= 280")
            let cut = try LedgerReader.verdict(noted: [sample.head], in: database)
            // Nothing names the fold any more: its entry was the newest.
            #expect(cut == .broken(.missing(first: fold.runs[0].first, last: fold.runs[0].last)))
        }
    }
}
