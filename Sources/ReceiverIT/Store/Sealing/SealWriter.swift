internal import Crypto
internal import DiodeProtocol
internal import Ledger
internal import Storage

/// Keeps the sums of the sealed tables, and signs them with each transaction.
///
/// ```text
/// begin ─▶ rows change … entries are appended … ─▶ end: the seal is written ─▶ COMMIT ─▶ committed
///                                                                └─▶ ROLLBACK ─▶ rolledBack
/// ```
struct SealWriter: ~Copyable {
    /// What the hook adds to, of the transaction that is under way.
    private final class Running {
        var sums: [RowSums.Sum]
        var hasher = SHA256Hasher()

        init(_ sums: [RowSums.Sum]) { self.sums = sums }
    }

    private let path: String
    private let tables: [String]
    private let running: Running
    private let watch: RowWatch
    private var signer: Ed25519Signer
    private var insertion: Statement
    /// As of the last transaction that committed.
    private var kept: [RowSums.Sum]
    /// Of the last seal that was made, with the sums that they tell of.
    private var lines: [(sum: RowSums.Sum, text: String)?]
    /// The head that the seal has then; nil: there is none.
    private var sealed: LedgerHead?

    /// Goes on with the sums of the last seal; without one the tables are counted as they are.
    init(_ database: borrowing Database, signer: consuming Ed25519Signer) throws(StorageError) {
        var (seal, known): (Seal?, RowSums?) = (nil, nil)
        if case .seal(let stored, let sums) = try Seal.stored(in: database) { (seal, known) = (stored, sums) }
        var layouts: [RowLayout] = []
        var sums: [RowSums.Sum] = []
        var isWhole = true
        for table in SealedTables.names.sorted() {
            guard let layout = try RowLayout(of: table, in: database) else { continue }
            layouts.append(layout)
            if let sum = known?[table] {
                sums.append(sum)
            } else {
                sums.append(try RowSums.count(table, in: database) ?? RowSums.Sum())
                isWhole = false
            }
        }
        let running = Running(sums)
        // Where somebody has dropped it, the check at the start has said so.
        try database.execute(SealedTables.sql)
        let insertion = try database.prepare("INSERT OR REPLACE INTO seal VALUES (1, ?1, ?2, ?3, ?4, ?5)")
        // Only now: a move-only value may not be left half made by a throw.
        path = database.path
        tables = layouts.map(\.table)
        self.running = running
        watch = RowWatch(layouts) { table, row, comes in
            running.sums[table].note(row.span.bytes, comes: comes, with: &running.hasher)
        }
        self.signer = signer
        self.insertion = insertion
        kept = sums
        lines = sums.map { _ in nil }
        sealed = isWhole ? seal?.head : nil
    }

    /// The public half of its key, as the ledger has it.
    var key: String { AuditKey.text(of: signer.publicKey) }

    /// A transaction has begun.
    func begin(in database: borrowing Database) { database.watch(watch) }

    /// Folds entries of the ledger, signed.
    mutating func fold(
        _ fold: LedgerFold, at time: UInt64, _ ledger: inout LedgerWriter, in database: borrowing Database
    ) throws(StorageError) {
        try ledger.fold(fold, at: time, signer: &signer, in: database)
    }

    /// A head of the ledger with the audit key's signature.
    mutating func sign(_ head: LedgerHead) throws(StorageError) -> NotedHead {
        do throws(CryptoError) { return try NotedHead(head, signer: &signer) } catch {
            throw .failed(path: path, code: 0, reason: "the head cannot be signed: \(error)")
        }
    }

    /// Counts every table anew: what was changed outside of this program is in the sums from now on. Whoever calls it notes that in the ledger.
    func recount(in database: borrowing Database) throws(StorageError) {
        running.sums = try Self.count(tables, in: database)
    }

    private static func count(
        _ tables: [String], in database: borrowing Database
    ) throws(StorageError) -> [RowSums.Sum] {
        var sums: [RowSums.Sum] = []
        for table in tables { sums.append(try RowSums.count(table, in: database) ?? RowSums.Sum()) }
        return sums
    }

    /// Writes the seal, if there is anything new to seal. Nothing is changed behind it in this transaction.
    mutating func end(_ head: LedgerHead) throws(StorageError) {
        guard sealed != head || running.sums != kept else { return }
        let seal: Seal
        do throws(CryptoError) { seal = try Seal(head, text(), signer: &signer) } catch {
            throw .failed(path: path, code: 0, reason: "the tables cannot be signed: \(error)")
        }
        insertion.bind(1, head.number)
        insertion.bind(2, blob: head.hash.span.bytes)
        insertion.bind(3, text: seal.sums)
        insertion.bind(4, blob: seal.key.span.bytes)
        insertion.bind(5, blob: seal.signature.span.bytes)
        try insertion.run()
    }

    /// A line for each table; most of them are those of before.
    private mutating func text() -> String {
        var text = ""
        for (index, sum) in running.sums.enumerated() {
            if lines[index]?.sum != sum { lines[index] = (sum, RowSums.line(tables[index], sum)) }
            text += lines[index]?.text ?? ""
        }
        return text
    }

    mutating func committed(_ head: LedgerHead, in database: borrowing Database) {
        database.watch(nil)
        kept = running.sums
        sealed = head
    }

    func rolledBack(in database: borrowing Database) {
        database.watch(nil)
        running.sums = kept
    }
}
