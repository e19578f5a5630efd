public import Crypto
public import Storage

/// Appends entries inside somebody else's transaction.
///
/// `append` … then `committed` if the transaction was, else `rolledBack`: the next entry follows what is really there.
public struct LedgerWriter: ~Copyable {
    private var insertion: Statement
    /// As of the last transaction that committed.
    public private(set) var head: LedgerHead
    /// With what was appended since.
    public private(set) var next: LedgerHead

    /// - Parameter database: has the table of ``LedgerSchema``.
    public init(_ database: borrowing Database) throws(StorageError) {
        let insertion = try database.prepare(
            "INSERT INTO ledger (entry, link, at, kind, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        let head = try LedgerReader.head(in: database)
        // Only now: a move-only value may not be left half made by a throw.
        self.insertion = insertion
        self.head = head
        next = head
    }

    public mutating func append(_ entry: LedgerEntry) throws(StorageError) {
        let head = LedgerChain.head(after: next, with: entry)
        insertion.bind(1, head.number)
        insertion.bind(2, text: entry.link)
        insertion.bind(3, unsigned: entry.at)
        insertion.bind(4, text: entry.kind)
        insertion.bind(5, text: entry.body)
        insertion.bind(6, blob: head.hash.span.bytes)
        try insertion.run()
        next = head
    }

    /// Folds entries: names them in an entry at the end, and deletes them, both in the caller's transaction.
    public mutating func fold(
        _ fold: LedgerFold, at time: UInt64, signer: inout Ed25519Signer, in database: borrowing Database
    ) throws(StorageError) {
        let entry: LedgerEntry
        do throws(CryptoError) { entry = try fold.entry(at: time, behind: next, signer: &signer) } catch {
            throw .failed(path: database.path, code: 0, reason: "a fold cannot be signed: \(error)")
        }
        try append(entry)
        var deletion = try database.prepare("DELETE FROM ledger WHERE entry BETWEEN ?1 AND ?2")
        for run in fold.runs {
            deletion.bind(1, run.first)
            deletion.bind(2, run.last)
            try deletion.run()
        }
    }

    public mutating func committed() { head = next }
    public mutating func rolledBack() { next = head }
}
