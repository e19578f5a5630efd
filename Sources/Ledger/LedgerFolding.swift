internal import JSON

/// Which entries are folded when the ledger reaches its limit (DESIGN D15): healed episodes first, then routine, then balances but one
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

    /// An entry of which the text is not needed any more.
    private struct Row {
        let number: Int64
        let hash: [UInt8]
        let hour: UInt64
        let link, cause: String
        /// The gap that it concerns.
        let gap: Int64?
        let bytes: Int
        var rank: Rank?
        /// Episodes and records that it closes.
        let episodes, records: UInt64
    }

    /// Bytes of a row beside its texts: number, time, hash, index.
    private static let rowBytes = 96
    /// Bytes of a run and of a total in the entry that names them.
    private static let runBytes = 110

    private var rows: [Row] = []
    /// For each gap, whether it ended healed, lost or is open still (nil).
    private var ends: [Gap: Rank] = [:]
    private var days: Set<String> = []

    private struct Gap: Hashable {
        let link: String
        let id: Int64
    }

    public init() {}

    /// Takes an entry that may be folded, in the order of the ledger. The caller leaves out those that are too new: heads noted at a
    /// folded entry cannot be compared any more.
    public mutating func add(_ number: Int64, _ entry: LedgerEntry, hash: [UInt8]) {
        let body = Self.value(entry.body)
        let gap = entry.kind.hasPrefix("gap.") ? body?["gap"]?.integer : nil
        let state = body?["state"]?.text
        var rank: Rank?
        switch entry.kind {
        case LedgerFold.kind: rank = nil
        case "gap.opened", "gap.closed":
            // Decided once all are in. An entry that cannot be read stays as long as an action does.
            rank = gap == nil ? .action : nil
            if let gap, entry.kind == "gap.closed" {
                ends[Gap(link: entry.link, id: gap)] = state == "healed" ? .healed : .lost
            }
        case "loss": rank = .lost
        case "balance":
            let day = "\(entry.at / 86_400_000) \(entry.link)"
            rank = days.insert(day).inserted ? .action : .balance
        case "epoch.began", "epoch.void", "receiver.started", "receiver.stopped", "durable.attempted": rank = .routine
        default: rank = .action
        }
        let closes = entry.kind == "gap.closed" || entry.kind == "loss"
        rows.append(
            Row(
                number: number, hash: hash, hour: entry.at / 3_600_000 * 3_600_000, link: entry.link,
                cause: body?["cause"]?.text ?? body?["layer"]?.text ?? entry.kind, gap: gap,
                bytes: Self.rowBytes + entry.link.utf8.count + entry.kind.utf8.count + entry.body.utf8.count,
                rank: entry.kind == LedgerFold.kind ? nil : rank, episodes: closes ? 1 : 0,
                records: closes ? Self.records(body) : 0))
    }

    /// What to fold so that about so many bytes come free; nil if there is nothing that would free any.
    ///
    /// Whole ranks go before the next one is touched. At most ``LedgerFold/maximumRuns`` runs: call again after it was done
    /// if that was not enough.
    public func plan(freeing bytes: Int) -> LedgerFold? {
        guard bytes > 0 else { return nil }
        let ranked = rows.map { row -> (row: Row, rank: Rank?) in
            guard let gap = row.gap else { return (row, row.rank) }
            // A gap that is open stays, both ends of one that is closed go together.
            return (row, ends[Gap(link: row.link, id: gap)])
        }
        var chosen = Set<Int64>()
        var freed = 0
        choosing: for rank in Rank.allCases {
            for (row, itsRank) in ranked where itsRank == rank {
                guard freed < bytes else { break choosing }
                chosen.insert(row.number)
                freed += row.bytes
            }
            if Self.runs(of: ranked.map(\.row), chosen).count > LedgerFold.maximumRuns { break }
        }
        let runs = Array(Self.runs(of: ranked.map(\.row), chosen).prefix(LedgerFold.maximumRuns))
        guard let last = runs.last?.last else { return nil }
        let folded = ranked.filter { chosen.contains($0.row.number) && $0.row.number <= last }
        guard folded.reduce(0, { $0 + $1.row.bytes }) > runs.count * Self.runBytes else { return nil }
        return LedgerFold(runs: runs, totals: Self.totals(of: folded))
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

    /// Records of a gap that closed, or of a loss.
    private static func records(_ body: JSONValue?) -> UInt64 {
        if let records = body?["records"]?.integer { return UInt64(clamping: records) }
        guard let first = body?["first_sequence"]?.integer, let last = body?["last_sequence"]?.integer, last >= first
        else {
            return 0
        }
        return UInt64(last - first) + 1
    }

    private static func value(_ body: String) -> JSONValue? {
        do throws(JSON5Error) { return try JSON5Reader.value(of: Array(body.utf8)) } catch { return nil }
    }
}
