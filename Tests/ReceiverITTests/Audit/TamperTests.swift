import Account
import Foundation
import Ledger
import Storage
import TestKit
import Testing
import Time

@testable import ReceiverITStore

/// What nobody but the receiver may change, changed: by plain SQL, with every hash recomputed, with the receiver's own key.
@Suite("A database that somebody tampered with", .timeLimit(.minutes(4)))
struct TamperTests {
    private struct Column {
        let name: String
        let isKey: Bool
    }

    private static func columns(of table: String, in database: borrowing Database) throws -> [Column] {
        var rows = try database.prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid")
        rows.bind(1, text: table)
        var columns: [Column] = []
        while try rows.step() { columns.append(Column(name: rows.text(0), isKey: rows.integer(1) > 0)) }
        return columns
    }

    private static func tables(in database: borrowing Database) throws -> [String] {
        var rows = try database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        var tables: [String] = []
        while try rows.step() { tables.append(rows.text(0)) }
        return tables
    }

    /// SQL that changes one value of one row, in each way that its type allows.
    private static func changes(of column: Column, in table: String, keys: [String]) -> [String] {
        let (name, key) = (column.name, keys.joined(separator: ", "))
        // A row that has something there, if one has.
        let row = "(\(key)) = (SELECT \(key) FROM \(table) ORDER BY \(name) IS NULL, \(key) LIMIT 1)"
        let other = """
            CASE typeof(\(name)) WHEN 'text' THEN \(name) || 'x' WHEN 'blob' THEN CAST(\(name) || X'01' AS BLOB)
                WHEN 'null' THEN 1 ELSE \(name) + 1 END
            """
        let less = "CASE typeof(\(name)) WHEN 'integer' THEN \(name) - 1 WHEN 'text' THEN '' ELSE X'00' END"
        return [other, less, "NULL"].map { "UPDATE \(table) SET \(name) = \($0) WHERE \(row) AND \(name) IS NOT \($0)" }
    }

    @Test("P9 D15 every table is sealed, or stands among those that no report reads")
    func tables() throws {
        let account = try SealedAccount()
        let database = try Database(path: account.path, schema: StoreSchema.schema)
        #expect(Set(try Self.tables(in: database)) == Set(SealedTables.names + SealedTables.others))
        for table in SealedTables.names {
            var count = try database.prepare("SELECT count(*) FROM \(table)")
            #expect(try count.step() && count.integer(0) > 0, "the account has no row in \(table)")
        }
    }

    @Test("P9 D15 any column of any table that a report reads, changed in one row, is exit 5")
    func columns() throws {
        let account = try SealedAccount()
        #expect(try account.verdict() == .holds)
        let whole = try account.bytes()
        var tables: [(name: String, columns: [Column])] = []
        do {
            let database = try Database(path: account.path, schema: StoreSchema.schema)
            for table in SealedTables.names + ["ledger", "seal"] {
                tables.append((table, try Self.columns(of: table, in: database)))
            }
        }
        var tried = 0
        for (table, columns) in tables {
            let keys = columns.filter(\.isKey).map(\.name)
            for column in columns {
                for change in Self.changes(of: column, in: table, keys: keys) {
                    try account.restore(whole)
                    guard try account.tamper(change), try account.bytes() != whole else { continue }
                    tried += 1
                    #expect(try account.verdict().isBroken, "\(change)")
                }
            }
        }
        #expect(tried > 300)
        try account.restore(whole)
        #expect(try account.verdict() == .holds)
    }

    @Test("P9 D15 a row that is gone or invented, in any table that a report reads, is exit 5, and the table is named")
    func rows() throws {
        let account = try SealedAccount()
        let whole = try account.bytes()
        for table in SealedTables.names {
            try account.restore(whole)
            #expect(try account.tamper("DELETE FROM \(table)"))
            #expect(try account.verdict().isBroken, "\(table)")
        }
        let copies = [
            "INSERT INTO acknowledgements SELECT link, kind, 3, at, who, reason, records FROM acknowledgements WHERE kind = 'gap'",
            "INSERT INTO gaps SELECT link, 9, epoch, 300, 309, 90, 91, opened_at, cause, closed_at, healed_by, missing, lost,"
                + " source_from, source_to FROM gaps WHERE id = 4",
            "INSERT INTO losses SELECT 9, link, layer, reason, noted_at, records, from_at, to_at, first_epoch, first_sequence,"
                + " last_epoch, last_sequence, others, acknowledged FROM losses WHERE id = 1",
            "INSERT INTO topics SELECT link, 9, name, retained_epoch, retained_sequence, event_epoch, event_sequence, version,"
                + " retained_hash, retained_value, event_hash FROM topics WHERE id = 1",
            "INSERT INTO acknowledgements SELECT link, 'loss', id, 1, 'x', 'y', records FROM losses WHERE acknowledged = 0;"
                + " UPDATE losses SET acknowledged = records",
            "UPDATE gaps SET opened_at = opened_at - 86400000000, closed_at = closed_at - 86400000000",
            "UPDATE epochs SET delivered = delivered + late, late = 0",
        ]
        for copy in copies {
            try account.restore(whole)
            #expect(try account.tamper(copy))
            let verdict = try account.verdict()
            #expect(verdict.isBroken, "\(copy)")
        }
        // Who takes the seal away has not a file that was never sealed.
        for deletion in ["DELETE FROM seal", "DROP TABLE seal"] {
            try account.restore(whole)
            #expect(try account.tamper(deletion))
            #expect(try account.verdict().words.contains("somebody deleted it"), "\(deletion)")
        }
        try account.restore(whole)
        _ = try account.tamper("DELETE FROM version_jumps WHERE before_sequence = 50")
        #expect(
            try account.verdict().words.contains(
                "the table version_jumps is not what the receiver wrote: it has 2 rows and had 4"))
    }

    @Test("P9 D15 an entry of any kind that is gone, moved or cut off is exit 5, also with every hash recomputed")
    func entries() throws {
        let account = try SealedAccount()
        let whole = try account.bytes()
        let count = try account.head.head.number
        for number in 1...count {
            for recomputed in [false, true] {
                try account.restore(whole)
                try account.rewriteLedger(recomputed) { $0.remove(at: Int(number) - 1) }
                #expect(try account.verdict().isBroken, "without entry \(number)")
                guard number < count else { continue }
                try account.restore(whole)
                try account.rewriteLedger(recomputed) { $0.swapAt(Int(number) - 1, Int(number)) }
                #expect(try account.verdict().isBroken, "entry \(number) moved")
            }
            try account.restore(whole)
            _ = try account.tamper("DELETE FROM ledger WHERE entry > \(number - 1)")
            #expect(try account.verdict().isBroken, "cut before \(number)")
        }
        try account.restore(whole)
        _ = try account.tamper("DELETE FROM links; DELETE FROM ledger")
        #expect(try account.verdict().isBroken, "nothing is left")
    }

    @Test("D9 D15 a column that a later release adds leaves the seal as it is, and rows of before can be changed")
    func laterColumn() throws {
        let account = try SealedAccount()
        #expect(
            try account.tamper(
                """
                ALTER TABLE losses ADD COLUMN later INTEGER;
                ALTER TABLE losses ADD COLUMN counted INTEGER NOT NULL DEFAULT 3
                """))
        #expect(try account.verdict() == .holds)
        try account.acknowledge("loss-2")
        #expect(try account.verdict() == .holds)
        _ = try account.tamper("UPDATE losses SET counted = 4 WHERE id = 2")
        #expect(try account.verdict().words.contains("the table losses"))
    }

    @Test("P9 D15 yesterday's file is found by a head noted since, and by none without one")
    func older() throws {
        let account = try SealedAccount()
        let yesterday = try account.bytes()
        let noted = try account.head
        try account.acknowledge("gap-3")
        let since = try account.head
        #expect(try account.verdict(noted: [noted, since]) == .holds)
        try account.restore(yesterday)
        #expect(try account.verdict() == .holds)
        #expect(try account.verdict(noted: [noted]) == .holds)
        #expect(try account.verdict(noted: [noted, since]).words.contains("an old file was put back"))
        // Some tables of yesterday beside the others of today.
        try account.acknowledge("gap-3")
        _ = try account.tamper("DELETE FROM acknowledgements WHERE id = 3")
        #expect(try account.verdict().words.contains("the table acknowledgements"))
    }

    @Test("P9 D15 what a noted head covers cannot be changed with the receiver's own key either")
    func ownKey() throws {
        let account = try SealedAccount()
        let whole = try account.bytes()
        let head = try account.head
        let changes = [
            "UPDATE gaps SET opened_at = opened_at - 1 WHERE id = 4",
            "UPDATE gaps SET closed_at = closed_at - 1 WHERE id = 4",
            "UPDATE gaps SET cause = 'nic' WHERE id = 4", "UPDATE gaps SET healed_by = 'fec' WHERE id = 4",
            "UPDATE gaps SET source_from = source_from - 1 WHERE id = 4",
            "UPDATE gaps SET source_to = source_to - 1 WHERE id = 4", "UPDATE gaps SET epoch = epoch + 1 WHERE id = 4",
            "UPDATE gaps SET first_block = first_block - 1 WHERE id = 4",
            "UPDATE gaps SET last_block = last_block + 1 WHERE id = 4",
            "UPDATE gaps SET lost = lost + 1 WHERE id = 3",
            "UPDATE gaps SET source_from = source_from - 1 WHERE id = 3",
            "DELETE FROM gaps WHERE id = 4", "DELETE FROM gaps WHERE id = 3",
            "UPDATE acknowledgements SET at = at - 1 WHERE kind = 'gap'",
            "UPDATE acknowledgements SET who = 'x' WHERE kind = 'gap'",
            "UPDATE acknowledgements SET reason = 'x' WHERE kind = 'gap'",
            "UPDATE acknowledgements SET records = 1 WHERE kind = 'gap'",
            "DELETE FROM acknowledgements WHERE kind = 'gap'",
            "INSERT INTO acknowledgements SELECT link, kind, 3, at, who, reason, records FROM acknowledgements WHERE kind = 'gap'",
            "UPDATE losses SET acknowledged = 1", "UPDATE losses SET records = records - 1 WHERE layer = 'ot-broker'",
            "DELETE FROM losses WHERE layer = 'ot-broker'",
        ]
        for change in changes {
            try account.restore(whole)
            #expect(try account.tamper(change))
            try account.signAnew()
            #expect(try account.verdict(noted: [head]).isBroken, "\(change)")
        }
    }

    @Test(
        "P9 D15 what was changed while no receiver ran is in the ledger from its start on, exit 5 until somebody accepts it"
    )
    func start() throws {
        let account = try SealedAccount()
        _ = try account.tamper("UPDATE gaps SET opened_at = 0 WHERE id = 4; DELETE FROM outbox_outputs")
        for name in ["", "again"] {
            var file = try account.file()
            let defects = try SealCheck.verdict(in: Database(path: account.path, schema: StoreSchema.schema)).defects
            #expect(defects.count == (name.isEmpty ? 2 : 0))
            try file.begin(defects: defects, links: [], at: .init(rawValue: 1))
        }
        let words = try account.verdict().words
        #expect(words.contains("gap 4 of plant-a has another opened_at"))
        #expect(try !account.matters().alterations.isEmpty, "the daemon's verdict knows of it, too")
        // The row as it was: what is left is that it had been changed.
        _ = try account.tamper("UPDATE gaps SET opened_at = 1763716004000 WHERE id = 4")
        try account.signAnew()
        let found = try account.verdict()
        let number = try account.head.head.number
        #expect(found.words.contains("alteration-\(number)") && found.words.contains("the table gaps"), "\(found)")
        try account.acknowledge("alteration-\(number)")
        #expect(try account.verdict() == .holds && account.matters().alterations.isEmpty)
    }

    @Test("P9 D15 a fold that the receiver did not make, or that breaks a rule of folding, is exit 5")
    func folds() throws {
        let account = try SealedAccount(routine: 1_200)
        let whole = try account.bytes()
        let head = try account.head
        /// A fold of some entries, as somebody who has the key would name it.
        func forge(
            _ runs: [ClosedRange<Int64>], _ rank: String, _ cause: String, _ entries: Int, signed: Bool = true
        ) throws -> String {
            try account.restore(whole)
            try account.forgeFold(
                runs, totals: #"[0,"plant-a","\#(rank)","\#(cause)",\#(entries),0,0]"#, signed: signed)
            return try account.verdict(noted: [head]).words
        }
        #expect(try forge([5...14], "routine", "epoch.began", 10) == "")
        #expect(try forge([5...14], "routine", "epoch.began", 10, signed: false).contains("bears no signature"))
        #expect(try forge([5...14], "routine", "epoch.began", 9).contains("its totals another number"))
        // The entries that tell of the gaps are among the newest.
        #expect(try forge([1_203...1_203], "healed", "link", 1).contains("are never folded"))
        #expect(try forge([5...14], "action", "equivocation", 10).contains("an entry that is never folded"))
        #expect(try forge([5...14], "rubbish", "ack", 10).contains("a rank that there is not"))
        #expect(try forge([5...14], "action", "epoch.began", 10).contains("calls epoch.began action"))
        #expect(
            try forge([5...9, 11...15], "action", "ack", 10).contains("entry 10, which is routine, was still there"))
    }
}
