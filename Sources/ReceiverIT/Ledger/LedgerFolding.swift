internal import Account
internal import JSON

/// Which entries are folded when the ledger reaches its limit (ADR 0014): healed episodes first, then routine, then balances and anchors but one
/// a day, then losses, then actions; in each rank the oldest first; never the newest, and never what names a fold.
///
/// ```text
/// add(entry) … ─▶ plan(freeing: bytes) ─▶ LedgerFold: its entry is appended, its runs are deleted, in one transaction
/// ```
public struct LedgerFolding: Sendable {
    /// What an entry is to somebody who asks later, in the order in which it is given up.
    public enum Rank: Int, Sendable, Comparable, CaseIterable {
        case healed, routine, balance, lost, action

        public static func < (a: Rank, b: Rank) -> Bool { a.rawValue < b.rawValue }

        var name: String {
            switch self {
            case .healed: "healed"
            case .routine: "routine"
            case .balance: "balance"
            case .lost: "lost"
            case .action: "action"
            }
        }
    }

    private struct Gap: Hashable {
        let link: String
        let id: Int64
    }

    /// An entry of which the text is not needed any more.
    private struct Row {
        let number: Int64
        let hash: [UInt8]
        let hour: UInt64
        let link, cause: String
        /// The gaps that it concerns.
        let gaps: [Gap]
        /// Those of them that it says are lost, by the life of the link.
        let lost: [Gap]
        let life: Int
        let bytes: Int
        var rank: Rank?
        /// Episodes and records that it closes.
        let episodes, records: UInt64
    }

    /// Bytes of a row beside its texts: number, time, hash, index.
    static let rowBytes = 96
    /// Bytes of a run and of a total in the entry that names them.
    private static let runBytes = 110

    private var rows: [Row] = []
    /// For each gap whose opening is among the rows, whether it ended healed or lost; nil while it is open.
    private var ends: [Gap: Rank?] = [:]
    private var days: Set<String> = []
    /// How often a link was forgotten among the rows: its gaps count from 1 again then.
    private var lives: [String: Int] = [:]

    /// Kinds that are routine, whatever stands beside them.
    static let routine: Set<String> = ["epoch.began", "epoch.void", "receiver.stopped", "durable.attempted"]
    static let routineStart = "receiver.started"
    /// Exit 5 until somebody has looked into it, so it may not vanish; nor may what says where gaps went, a line for hundreds, nor what
    /// names the keys under which the rest is signed.
    static let neverFolded: Set<String> = [
        LedgerFold.kind, "equivocation", "account.altered", LedgerGaps.merged, FoldCheck.newKey, "rotation",
        "key.revoked",
    ]
    static let balances: Set<String> = ["balance", "anchor"]

    public init() {}

    /// Takes an entry that may be folded, in the order of the ledger. The caller leaves out those that are too new: heads noted at a
    /// folded entry cannot be compared any more.
    public mutating func add(_ number: Int64, _ entry: LedgerEntry, hash: [UInt8]) {
        let body = Self.value(entry.body)
        let statements = GapStatement.all(of: entry, body: body) ?? []
        let gaps = statements.map { Gap(link: entry.link, id: $0.id) }
        var rank: Rank?
        switch entry.kind {
        case let kind where Self.neverFolded.contains(kind): rank = nil
        case GapStatement.opened:
            // Decided once all are in. An entry that cannot be read stays as long as an action does.
            rank = gaps.isEmpty ? .action : nil
            for gap in gaps { ends[gap] = .some(nil) }
        case GapStatement.closed:
            rank = gaps.isEmpty ? .action : nil
            for (gap, statement) in zip(gaps, statements) where ends[gap] != nil {
                ends[gap] = statement.state == .healed ? .healed : .lost
            }
        case "loss": rank = .lost
        case let kind where Self.balances.contains(kind):
            let day = "\(entry.at / 86_400_000) \(entry.kind) \(entry.link)"
            rank = days.insert(day).inserted ? .action : .balance
        case let kind where Self.routine.contains(kind) || kind == Self.routineStart: rank = .routine
        default:
            rank = .action
            if entry.kind == "link.forgotten", let link = body?["link"]?.text { lives[link, default: 0] += 1 }
        }
        let closes = entry.kind == GapStatement.closed || entry.kind == "loss"
        let records = statements.isEmpty ? Self.records(body) : statements.reduce(0) { $0 &+ $1.records }
        rows.append(
            Row(
                number: number, hash: hash, hour: entry.at / 3_600_000 * 3_600_000, link: entry.link,
                cause: body?["cause"]?.text ?? body?["layer"]?.text ?? entry.kind, gaps: gaps,
                lost: zip(gaps, statements).filter { $1.state == .lost }.map(\.0), life: lives[entry.link] ?? 0,
                bytes: Self.rowBytes + entry.link.utf8.count + entry.kind.utf8.count + entry.body.utf8.count,
                rank: entry.kind == LedgerFold.kind ? nil : rank, episodes: closes ? UInt64(max(1, gaps.count)) : 0,
                records: closes ? records : 0))
    }

    /// What to fold so that about so many bytes come free; nil if there is nothing that would free any.
    ///
    /// Whole ranks go before the next one is touched. At most ``LedgerFold/maximumRuns`` runs: call again after it was done
    /// if that was not enough.
    ///
    /// - Parameter last: the rank behind which none is touched.
    /// - Returns: the fold, and how many bytes the folded entries have.
    public func plan(freeing bytes: Int, upTo last: Rank = .action) -> (fold: LedgerFold, bytes: Int)? {
        guard bytes > 0 else { return nil }
        let ranked = rankedRows()
        var chosen = Set<Int64>()
        var freed = 0
        choosing: for rank in Rank.allCases where rank <= last {
            for (row, itsRank) in ranked where itsRank == rank {
                guard freed < bytes else { break choosing }
                chosen.insert(row.number)
                freed += row.bytes
            }
            if Self.runs(of: ranked.map(\.row), chosen).count > LedgerFold.maximumRuns { break }
        }
        let runs = Array(Self.runs(of: ranked.map(\.row), chosen).prefix(LedgerFold.maximumRuns))
        guard let end = runs.last?.last else { return nil }
        let folded = ranked.filter { chosen.contains($0.row.number) && $0.row.number <= end }
        let size = folded.reduce(0) { $0 + $1.row.bytes }
        guard size > runs.count * Self.runBytes else { return nil }
        let rows = folded.map(\.row)
        return (LedgerFold(runs: runs, totals: Self.totals(of: folded), lost: lostGaps(of: rows)), size)
    }

    /// The gaps that are lost by these rows, as far as no row behind says otherwise.
    private func lostGaps(of rows: [Row]) -> [LedgerFold.LostGaps] {
        var named: [LedgerFold.LostGaps] = []
        var life = 0
        for row in rows {
            for gap in row.lost where ends[gap] == .some(.lost) {
                if let last = named.last, last.link == gap.link, last.last + 1 == gap.id, life == row.life {
                    named[named.count - 1].last = gap.id
                } else {
                    named.append(LedgerFold.LostGaps(link: gap.link, first: gap.id, last: gap.id, entry: row.number))
                    life = row.life
                }
            }
        }
        return named
    }

    /// A gap that is open stays; both ends of one that is closed go together, and with them whatever the same entries tell of.
    private func rankedRows() -> [(row: Row, rank: Rank?)] {
        /// Never folded.
        let stays = Rank.allCases.count
        var ends = ends.mapValues { $0.map(\.rawValue) ?? stays }
        var ranks = rows.map { $0.rank?.rawValue ?? stays }
        var isSettled = false
        while !isSettled {
            isSettled = true
            for (index, row) in rows.enumerated() where !row.gaps.isEmpty {
                // One that opened before these rows did, or whose entry is gone, stays with its closing.
                let rank = row.gaps.reduce(0) { max($0, ends[$1] ?? stays) }
                ranks[index] = rank
                for gap in row.gaps where ends[gap] ?? stays < rank {
                    ends[gap] = rank
                    isSettled = false
                }
            }
        }
        return zip(rows, ranks).map { ($0, Rank(rawValue: $1)) }
    }

    private static func runs(of rows: [Row], _ chosen: Set<Int64>) -> [LedgerFold.Run] {
        var runs: [LedgerFold.Run] = []
        for row in rows where chosen.contains(row.number) {
            if let last = runs.last, last.last + 1 == row.number {
                runs[runs.count - 1].last = row.number
                runs[runs.count - 1].hash = row.hash
            } else {
                runs.append(LedgerFold.Run(first: row.number, last: row.number, hash: row.hash))
            }
        }
        return runs
    }

    private static func totals(of rows: [(row: Row, rank: Rank?)]) -> [LedgerFold.Total] {
        struct Key: Hashable {
            let hour: UInt64
            let link, rank, cause: String
        }
        var totals: [Key: LedgerFold.Total] = [:]
        for (row, rank) in rows {
            let key = Key(hour: row.hour, link: row.link, rank: rank?.name ?? "", cause: row.cause)
            var total =
                totals[key]
                ?? LedgerFold.Total(
                    hour: key.hour, link: key.link, rank: key.rank, cause: key.cause, entries: 0, episodes: 0,
                    records: 0)
            total.entries += 1
            total.episodes += row.episodes
            total.records &+= row.records
            totals[key] = total
        }
        return totals.values.sorted { a, b in
            if a.hour != b.hour { return a.hour < b.hour }
            if a.link != b.link { return a.link < b.link }
            return a.rank != b.rank ? a.rank < b.rank : a.cause < b.cause
        }
    }

    /// Records of a loss.
    private static func records(_ body: JSONValue?) -> UInt64 { UInt64(clamping: body?["records"]?.integer ?? 0) }

    private static func value(_ body: String) -> JSONValue? {
        do throws(JSON5Error) { return try JSON5Reader.value(of: Array(body.utf8)) } catch { return nil }
    }
}
