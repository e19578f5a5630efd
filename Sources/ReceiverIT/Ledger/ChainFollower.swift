/// Follows the chain from the first entry to the newest, and compares it with heads that were noted elsewhere.
///
/// ```text
/// folds, noted heads ─▶ follow(1) ─▶ follow(2) ─▶ … ─▶ finish ─▶ ChainVerdict
/// ```
/// It holds no entry: a ledger of any length is followed in the memory of its folds.
public struct ChainFollower: Sendable {
    /// By first entry. What the caller found in the ledger; each that is needed must also be named by an entry of the chain.
    private let folds: [Int64: LedgerFold.Run]
    /// Ascending; each is taken off as it is passed.
    private var noted: ArraySlice<LedgerHead>
    private var head = LedgerHead.empty
    /// Runs that were stepped over and not named yet, and how many entries they had.
    private var unnamed: [Int64: LedgerFold.Run] = [:]
    private var folded: Int64 = 0
    /// The newest noted head that agreed.
    private var agreed: Int64 = 0
    private var divergence: ChainVerdict.Divergence?

    /// - Parameters:
    ///   - folds: what the ledger's entries of kind ``LedgerFold/kind`` say, in any order.
    ///   - noted: heads to compare with, in any order. With several, a rewriting is found where it begins.
    public init(folds: [LedgerFold] = [], noted: [LedgerHead] = []) {
        var runs: [Int64: LedgerFold.Run] = [:]
        for run in folds.flatMap(\.runs) { runs[run.first] = run }
        self.folds = runs
        self.noted = noted.sorted { $0.number < $1.number }[...]
        while let first = self.noted.first, first.number <= 0 {
            if first != .empty { divergence = .rewritten(agreed: 0, entry: 0) }
            self.noted.removeFirst()
        }
    }

    /// Takes the next entry as it stands in the file.
    ///
    /// - Returns: whether to go on; false once something has diverged.
    public mutating func follow(_ number: Int64, _ entry: LedgerEntry, hash: [UInt8]) -> Bool {
        guard divergence == nil, step(to: number) else { return false }
        let next = LedgerChain.head(after: head, with: entry)
        guard next.number == number, next.hash == hash else {
            divergence = .changed(entry: head.number + 1)
            return false
        }
        head = next
        if entry.kind == LedgerFold.kind, !name(entry) { return false }
        compare()
        return divergence == nil
    }

    /// What it came to, once the newest entry was followed.
    public func finish() -> ChainVerdict {
        if let divergence { return .broken(divergence) }
        if let run = unnamed.values.min(by: { $0.first < $1.first }) {
            return .broken(.missing(first: run.first, last: run.last))
        }
        if let rest = noted.first { return .broken(.cut(newest: head.number, noted: rest.number)) }
        return .intact(head: head, folded: folded)
    }

    /// Steps over folded entries, up to the one before `number`.
    private mutating func step(to number: Int64) -> Bool {
        while head.number + 1 < number {
            guard let run = folds[head.number + 1], run.last < number else {
                divergence = .missing(first: head.number + 1, last: number - 1)
                return false
            }
            unnamed[run.first] = run
            folded += run.last - run.first + 1
            head = LedgerHead(number: run.last, hash: run.hash)
            while let first = noted.first, first.number < run.last {
                divergence = .folded(noted: first.number, first: run.first, last: run.last)
                return false
            }
            compare()
            guard divergence == nil else { return false }
        }
        return true
    }

    /// The entry names runs: those that were stepped over are vouched for.
    private mutating func name(_ entry: LedgerEntry) -> Bool {
        guard let fold = LedgerFold(entry), fold.runs.allSatisfy({ unnamed[$0.first] == $0 }) else {
            divergence = .fold(entry: head.number)
            return false
        }
        for run in fold.runs { unnamed[run.first] = nil }
        return true
    }

    private mutating func compare() {
        while let first = noted.first, first.number == head.number {
            guard first == head else {
                divergence = .rewritten(agreed: agreed, entry: head.number)
                return
            }
            agreed = head.number
            noted.removeFirst()
        }
    }
}
