internal import Collections
public import Storage

/// Reads the ledger back. Call it inside a reading transaction if several answers must agree.
public enum LedgerReader {
    /// The newest entry's number and hash.
    public static func head(in database: borrowing Database) throws(StorageError) -> LedgerHead {
        var newest = try database.prepare("SELECT entry, hash FROM ledger ORDER BY entry DESC LIMIT 1")
        guard try newest.step() else { return .empty }
        let head = LedgerHead(number: newest.integer(0), hash: [UInt8](copying: newest.blob(1)))
        newest.reset()
        return head
    }

    /// Every entry of a kind that concerns a link, the oldest first.
    public static func entries(
        of link: String, kind: String, in database: borrowing Database
    ) throws(StorageError) -> [LedgerEntry] {
        try numberedEntries(of: link, kind: kind, in: database).map(\.entry)
    }

    /// The same, each with its number.
    public static func numberedEntries(
        of link: String, kind: String, in database: borrowing Database
    ) throws(StorageError) -> [(number: Int64, entry: LedgerEntry)] {
        var rows = try database.prepare(
            "SELECT entry, at, body FROM ledger WHERE link = ?1 AND kind = ?2 ORDER BY entry")
        rows.bind(1, text: link)
        rows.bind(2, text: kind)
        var entries: [(number: Int64, entry: LedgerEntry)] = []
        while try rows.step() {
            entries.append(
                (rows.integer(0), LedgerEntry(link: link, at: rows.unsigned(1), kind: kind, body: rows.text(2))))
        }
        return entries
    }

    /// Follows the chain from the first entry to the newest, over what was folded, and compares it with heads that were noted.
    public static func verdict(
        noted: [LedgerHead] = [], in database: borrowing Database
    ) throws(StorageError) -> ChainVerdict {
        var gaps = LedgerGaps()
        return try verdict(noted: noted, gaps: &gaps, in: database)
    }

    /// The same, with what the entries say of gaps.
    public static func verdict(
        noted: [LedgerHead] = [], gaps: inout LedgerGaps, in database: borrowing Database
    ) throws(StorageError) -> ChainVerdict {
        var folds = FoldCheck()
        return try verdict(noted: noted, gaps: &gaps, folds: &folds, in: database)
    }

    /// The same, and whether folds keep their rules.
    public static func verdict(
        noted: [LedgerHead] = [], gaps: inout LedgerGaps, folds check: inout FoldCheck, in database: borrowing Database
    ) throws(StorageError) -> ChainVerdict {
        var named = try database.prepare("SELECT body FROM ledger WHERE kind = ?1 ORDER BY entry")
        named.bind(1, text: LedgerFold.kind)
        var folds: [LedgerFold] = []
        while try named.step() {
            // One that cannot be read is found when the chain comes to it.
            let entry = LedgerEntry(link: "", at: 0, kind: LedgerFold.kind, body: named.text(0))
            if let fold = LedgerFold(entry) { folds.append(fold) }
        }
        var follower = ChainFollower(folds: folds, noted: noted)
        var rows = try database.prepare("SELECT entry, link, at, kind, body, hash FROM ledger ORDER BY entry")
        while try rows.step() {
            let entry = LedgerEntry(
                link: rows.text(1), at: rows.unsigned(2), kind: rows.text(3), body: rows.text(4))
            let hash = [UInt8](copying: rows.blob(5))
            guard follower.follow(rows.integer(0), entry, hash: hash) else { break }
            gaps.follow(rows.integer(0), entry)
            check.follow(rows.integer(0), entry, hash: hash)
        }
        rows.reset()
        return follower.finish()
    }
}
