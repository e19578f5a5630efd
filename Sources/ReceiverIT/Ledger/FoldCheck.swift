internal import Account
internal import Crypto
internal import DiodeProtocol
internal import JSON

/// Whether folds keep the rules by which they are made (ADR 0024): a fold that somebody forged would hide entries that he took out.
///
/// ```text
///  chain ─▶ follow(1) ─▶ follow(2) ─▶ … ─▶ defect, unsigned
///           "receiver.started", "audit-key" ─▶ keys        "folded" ─▶ size, what may never go, rank, order, signature
/// ```
public struct FoldCheck: Sendable {
    /// The kind of the entry that names a new audit key.
    package static let newKey = "audit-key"
    static let started = "receiver.started"

    /// Entries before a fold that it must have left.
    private let newest: Int64
    private var head = LedgerHead.empty
    private var keys: [String] = []
    /// From here on receivers sign what they fold.
    private var isSigning = false
    /// Routine entries that are still there, ascending.
    private var routine: [Int64] = []
    /// What breaks a rule first, as a sentence without a full stop.
    public private(set) var defect: String?
    /// Entries that were folded before folds were signed.
    public private(set) var unsigned: Int64 = 0

    public init(newest: Int64 = LedgerKeeper.newestKept) { self.newest = newest }

    /// Takes the next entry of a chain that is followed beside.
    public mutating func follow(_ number: Int64, _ entry: LedgerEntry, hash: [UInt8]) {
        defer { head = LedgerHead(number: number, hash: hash) }
        guard defect == nil else { return }
        switch entry.kind {
        case Self.started, Self.newKey:
            let body = entry.json
            for key in [body["audit_key"]?.text, body["replaces"]?.text].compactMap(\.self) where !keys.contains(key) {
                keys.append(key)
            }
            if body["seal"] != nil { isSigning = true }
        case LedgerFold.kind:
            // One that cannot be read breaks the chain.
            guard let fold = LedgerFold(entry) else { return }
            if let rule = brokenRule(of: fold, in: number) ?? brokenSignature(of: fold, entry) {
                defect = "the fold in entry \(number) of the ledger \(rule)"
            }
        case let kind where LedgerFolding.routine.contains(kind): routine.append(number)
        default: break
        }
    }

    private func brokenRule(of fold: LedgerFold, in number: Int64) -> String? {
        guard let first = fold.runs.first?.first, let last = fold.runs.last?.last else { return "names no entries" }
        if last > number - 1 - newest {
            return "names entry \(last): the \(newest) entries before a fold are never folded"
        }
        let entries = fold.runs.reduce(Int64(0)) { $0 + $1.last - $1.first + 1 }
        if fold.totals.reduce(Int64(0), { $0.plus(Int64(clamping: $1.entries)) }) != entries {
            return "names \(entries) entries, and its totals another number"
        }
        var highest = LedgerFolding.Rank.healed
        for total in fold.totals {
            guard let rank = LedgerFolding.Rank.allCases.first(where: { $0.name == total.rank }) else {
                return "names a rank that there is not: \(total.rank)"
            }
            highest = max(highest, rank)
            if LedgerFolding.neverFolded.contains(total.cause) {
                return "names an entry that is never folded: \(total.cause)"
            }
            let isRoutine = LedgerFolding.routine.contains(total.cause) || total.cause == LedgerFolding.routineStart
            let agrees =
                switch rank {
                case .routine: isRoutine
                case .balance: LedgerFolding.balances.contains(total.cause)
                case .healed, .lost, .action: !isRoutine
                }
            if !agrees { return "calls \(total.cause) \(total.rank)" }
        }
        if highest > .routine, let left = firstRoutine(from: first), left <= last {
            return "names what goes after routine, and entry \(left), which is routine, was still there"
        }
        let lost = fold.lost ?? []
        let closed = fold.totals.filter { $0.rank == LedgerFolding.Rank.lost.name }.reduce(UInt64(0)) {
            $0.plus($1.episodes)
        }
        let named = lost.reduce(UInt64(0)) { $0.plus(UInt64(clamping: $1.last.minus($1.first).plus(1))) }
        return named > closed ? "names \(named) lost gaps, and its totals know \(closed)" : nil
    }

    /// The first routine entry that is still there and no older than another.
    private func firstRoutine(from entry: Int64) -> Int64? {
        var (low, high) = (0, routine.count)
        while low < high {
            let middle = (low + high) / 2
            if routine[middle] < entry { low = middle + 1 } else { high = middle }
        }
        return low < routine.count ? routine[low] : nil
    }

    private mutating func brokenSignature(of fold: LedgerFold, _ entry: LedgerEntry) -> String? {
        guard let (bytes, message) = LedgerFold.signature(of: entry, behind: head) else {
            guard !isSigning else { return "bears no signature, and this receiver signs what it folds" }
            unsigned += fold.runs.reduce(0) { $0 + $1.last - $1.first + 1 }
            return nil
        }
        isSigning = true
        // Without any start nobody names a key: that is so in no ledger of a daemon.
        guard !keys.isEmpty else { return nil }
        for key in keys {
            guard let decoded = Base64.decode(key), let key = Ed25519PublicKey(decoded.span.bytes) else { continue }
            do throws(CryptoError) {
                var verifier = try Ed25519Verifier(key)
                if verifier.isValid(bytes.span.bytes, for: message.span.bytes) { return nil }
            } catch { continue }
        }
        return "was not signed by an audit key of this ledger"
    }
}
