public import Storage

/// Reads the ledger back. Call it inside a reading transaction if several answers must agree.
public enum LedgerReader {
    /// The newest entry's number and hash.
    public static func head(in database: borrowing Database) throws(StorageError) -> LedgerHead {
        var newest = try database.prepare("SELECT entry, hash FROM ledger ORDER BY entry DESC LIMIT 1")
        guard try newest.step() else { return .empty }
        let head = LedgerHead(number: newest.integer(0), hash: newest.blob(1).withUnsafeBytes { Array($0) })
        newest.reset()
        return head
    }

    /// Every entry of a kind that concerns a link, the oldest first.
    public static func entries(
        of link: String, kind: String, in database: borrowing Database
    ) throws(StorageError) -> [LedgerEntry] {
        var rows = try database.prepare("SELECT at, body FROM ledger WHERE link = ?1 AND kind = ?2 ORDER BY entry")
        rows.bind(1, text: link)
        rows.bind(2, text: kind)
        var entries: [LedgerEntry] = []
        while try rows.step() {
            entries.append(LedgerEntry(link: link, at: rows.unsigned(0), kind: kind, body: rows.text(1)))
        }
        return entries
    }

    /// Follows the chain from the first entry to the newest.
    /// - Returns: the number of the first entry that does not follow from those before it; nil if all do.
    public static func firstDivergence(in database: borrowing Database) throws(StorageError) -> Int64? {
        var rows = try database.prepare("SELECT entry, link, at, kind, body, hash FROM ledger ORDER BY entry")
        var head = LedgerHead.empty
        while try rows.step() {
            let entry = LedgerEntry(
                link: rows.text(1), at: rows.unsigned(2), kind: rows.text(3), body: rows.text(4))
            head = LedgerChain.head(after: head, with: entry)
            let hash = rows.blob(5).withUnsafeBytes { Array($0) }
            guard rows.integer(0) == head.number, hash == head.hash else {
                rows.reset()
                return head.number
            }
        }
        return nil
    }
}
