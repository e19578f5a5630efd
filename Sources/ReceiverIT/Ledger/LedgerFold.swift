internal import JSON

/// Entries that were folded into totals: they are gone, and an entry behind them says which, how the chain went on after them, and what
/// they came to.
///
/// ```text
/// … 99 │ 100 … 180 gone │ 181 … 4711 │ 4712 "folded": 100–180, hash(180), totals by the hour
/// ```
/// So the chain can still be followed over the hole, and the hole is vouched for by an entry of the chain itself. What is given up
/// is the text of the entries, and the comparison with heads that were noted at 100 … 179.
public struct LedgerFold: Sendable, Equatable {
    /// The kind of the entry that names it. Such entries are never folded themselves.
    public static let kind = "folded"
    /// The most runs that one entry names.
    public static let maximumRuns = 500

    /// Consecutive entries that are gone.
    public struct Run: Sendable, Hashable {
        public var first, last: Int64
        /// The hash of the last of them: 32 bytes.
        public var hash: [UInt8]

        public init(first: Int64, last: Int64, hash: [UInt8]) {
            self.first = first
            self.last = last
            self.hash = hash
        }
    }

    /// What the entries of one hour came to, for one link and cause.
    public struct Total: Sendable, Equatable {
        /// When the hour began, in Unix milliseconds.
        public var hour: UInt64
        public var link: String
        /// What they were: `healed`, `routine`, `balance`, `lost`, `action`.
        public var rank: String
        /// The cause of gaps, the layer of losses, else the kind of the entries.
        public var cause: String
        /// Entries; gaps or losses that were closed by them; their records.
        public var entries, episodes, records: UInt64

        public init(
            hour: UInt64, link: String, rank: String, cause: String, entries: UInt64, episodes: UInt64, records: UInt64
        ) {
            self.hour = hour
            self.link = link
            self.rank = rank
            self.cause = cause
            self.entries = entries
            self.episodes = episodes
            self.records = records
        }
    }

    /// Ascending; none overlap.
    public var runs: [Run]
    public var totals: [Total]

    public init(runs: [Run], totals: [Total]) {
        self.runs = runs
        self.totals = totals
    }

    /// The entry that names it.
    public func entry(at time: UInt64) -> LedgerEntry {
        let body: JSONValue = [
            "runs": .array(
                runs.map { run in
                    [.number(run.first), .number(run.last), .text(NotedHead.hexadecimal(run.hash))]
                }),
            "totals": .array(
                totals.map { total in
                    [
                        .number(total.hour), .text(total.link), .text(total.rank), .text(total.cause),
                        .number(total.entries), .number(total.episodes), .number(total.records),
                    ]
                }),
        ]
        return LedgerEntry(link: "", at: time, kind: Self.kind, body: body.line)
    }

    /// Reads the entry that names a fold; nil for any other, and for one that makes no sense.
    public init?(_ entry: LedgerEntry) {
        guard entry.kind == Self.kind, let body = Self.value(entry.body), let rows = body["runs"]?.elements,
            let sums = body["totals"]?.elements, rows.count <= Self.maximumRuns
        else { return nil }
        runs = []
        totals = []
        for row in rows {
            guard let cells = row.elements, cells.count == 3, let first = cells[0].integer, let last = cells[1].integer,
                let hash = cells[2].text.flatMap({ NotedHead.bytes(hexadecimal: $0[...]) }),
                first > (runs.last?.last ?? 0),
                last >= first
            else { return nil }
            runs.append(Run(first: first, last: last, hash: hash))
        }
        for sum in sums {
            guard let cells = sum.elements, cells.count == 7, let link = cells[1].text, let rank = cells[2].text,
                let cause = cells[3].text
            else { return nil }
            let numbers = [0, 4, 5, 6].compactMap { cells[$0].integer.flatMap { UInt64(exactly: $0) } }
            guard numbers.count == 4 else { return nil }
            totals.append(
                Total(
                    hour: numbers[0], link: link, rank: rank, cause: cause, entries: numbers[1], episodes: numbers[2],
                    records: numbers[3]))
        }
    }

    private static func value(_ body: String) -> JSONValue? {
        do throws(JSON5Error) { return try JSON5Reader.value(of: Array(body.utf8)) } catch { return nil }
    }
}
