internal import Collections
public import Storage

/// Keeps the ledger within its limit, a little at a time, so that the transactions of others never wait long (ADR 0014).
///
/// ```text
///  count what was appended ─▶ above the limit? ─▶ read a window of the oldest entries ─▶ fold what its rank allows ─▶ next window
///                                                        rank: healed, then routine, balance, lost, action ◀─ at the end ─┘
/// ```
/// It stops at nine tenths of the limit. The newest entries stay, and the newest of each kind that the caller names. If nothing more can be
/// folded it waits until the ledger has grown by a hundredth of the limit.
public struct LedgerKeeper: Sendable {
    /// Entries at the end that are never folded.
    public static let newestKept: Int64 = 1_000
    /// Entries that one step counts, and reads to fold them.
    private static let countStep = 2_000, readStep = 500
    /// Entries of one window; memory for about 6 MB.
    private static let window = 20_000

    /// What a step folded.
    public struct Folded: Sendable, Equatable {
        public var entries: Int64
        public var bytes: Int
    }

    private let limitBytes: Int
    private let newest: Int64
    private let keptKinds: [String]
    /// Entries up to this one are in `bytes`.
    private var counted: Int64 = 0
    private var isCounted = false
    public private(set) var bytes = 0
    private var isFolding = false
    private var resumeBytes = 0
    private var rank = LedgerFolding.Rank.healed
    /// The window that is being read.
    private var folding = LedgerFolding()
    private var windowStart: Int64 = 0
    private var windowEnd: Int64 = 0
    private var windowRows = 0

    /// - Parameters:
    ///   - limitBytes: of the entries' texts and their overhead.
    ///   - newest: entries at the end that are never folded.
    ///   - keptKinds: kinds whose newest entry is never folded.
    public init(limitBytes: Int, newest: Int64 = Self.newestKept, keptKinds: [String] = []) {
        self.limitBytes = limitBytes
        self.newest = newest
        self.keptKinds = keptKinds
    }

    /// What is to be folded next.
    public struct Plan: Sendable, Equatable {
        /// What the caller folds, in one transaction.
        public let fold: LedgerFold
        /// What its entries take.
        let bytes: Int
    }

    /// Does a little of what is to be done; it only reads.
    ///
    /// - Parameter head: the ledger's newest entry.
    /// - Returns: what the caller has to fold, and to say `folded` of; nil in nearly all steps.
    public mutating func step(
        _ head: LedgerHead, in database: borrowing Database
    ) throws(StorageError) -> Plan? {
        try count(upTo: head.number, in: database)
        guard isCounted, isFolding || bytes > max(limitBytes, resumeBytes) else { return nil }
        if !isFolding { begin() }
        let end = head.number - newest
        guard try readWindow(upTo: end, in: database) else { return nil }
        guard let plan = folding.plan(freeing: bytes - target, upTo: rank) else {
            advance(hasMore: windowEnd < end)
            return nil
        }
        return Plan(fold: plan.fold, bytes: plan.bytes)
    }

    /// The transaction that folded a plan is committed.
    public mutating func folded(_ plan: Plan) -> Folded {
        bytes -= plan.bytes
        // What did not fit into one entry of runs is met again.
        startWindow(behind: windowStart)
        if bytes <= target { isFolding = false }
        return Folded(entries: plan.fold.runs.reduce(0) { $0 + $1.last - $1.first + 1 }, bytes: plan.bytes)
    }

    /// Where folding ends.
    private var target: Int { limitBytes / 10 * 9 }

    // MARK: Counting

    private mutating func count(upTo head: Int64, in database: borrowing Database) throws(StorageError) {
        guard counted < head else {
            isCounted = true
            return
        }
        var rows = try database.prepare(
            """
            SELECT entry, length(CAST(link AS BLOB)) + length(kind) + length(CAST(body AS BLOB)) FROM ledger
            WHERE entry > ?1 ORDER BY entry LIMIT ?2
            """)
        rows.bind(1, counted)
        rows.bind(2, Int64(Self.countStep))
        var found = 0
        while try rows.step() {
            counted = rows.integer(0)
            bytes += Int(rows.integer(1)) + LedgerFolding.rowBytes
            found += 1
        }
        if found < Self.countStep {
            counted = head
            isCounted = true
        }
    }

    // MARK: Windows

    private mutating func begin() {
        isFolding = true
        resumeBytes = 0
        rank = .healed
        startWindow(behind: 0)
    }

    private mutating func startWindow(behind entry: Int64) {
        folding = LedgerFolding()
        windowStart = entry
        windowEnd = entry
        windowRows = 0
    }

    /// The window holds nothing of this rank any more.
    private mutating func advance(hasMore: Bool) {
        if hasMore { return startWindow(behind: windowEnd) }
        if let next = LedgerFolding.Rank(rawValue: rank.rawValue + 1) {
            rank = next
            return startWindow(behind: 0)
        }
        isFolding = false
        resumeBytes = bytes + limitBytes / 100
    }

    /// - Returns: whether the window is full, or nothing is left to read.
    private mutating func readWindow(upTo end: Int64, in database: borrowing Database) throws(StorageError) -> Bool {
        var kept: Set<Int64> = []
        for kind in keptKinds {
            var row = try database.prepare("SELECT max(entry) FROM ledger WHERE link = '' AND kind = ?1")
            row.bind(1, text: kind)
            if try row.step(), !row.isNull(0) { kept.insert(row.integer(0)) }
        }
        var rows = try database.prepare(
            """
            SELECT entry, link, at, kind, body, hash FROM ledger WHERE entry > ?1 AND entry <= ?2
            ORDER BY entry LIMIT ?3
            """)
        rows.bind(1, windowEnd)
        rows.bind(2, end)
        rows.bind(3, Int64(Self.readStep))
        var found = 0
        while try rows.step() {
            found += 1
            windowEnd = rows.integer(0)
            guard !kept.contains(windowEnd) else { continue }
            let entry = LedgerEntry(link: rows.text(1), at: rows.unsigned(2), kind: rows.text(3), body: rows.text(4))
            folding.add(windowEnd, entry, hash: [UInt8](copying: rows.blob(5)))
        }
        windowRows += found
        return found < Self.readStep || windowRows >= Self.window
    }
}
