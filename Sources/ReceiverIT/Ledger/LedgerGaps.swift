internal import JSON

/// The gaps as the ledger's entries tell of them, to compare with the table that the receiver keeps: the chain proves the entries, not
/// the table.
///
/// The last entry of a gap decides. Healed gaps may be missing on either side: the table keeps a limited number of them, and
/// the ledger folds them first.
public struct LedgerGaps: Sendable {
    /// A gap as the receiver's table has it.
    public struct Row: Sendable, Hashable {
        public var link: String
        public var id: Int64
        public var firstSequence, lastSequence: Int64
        /// `open`, `healed`, `lost`.
        public var state: String

        public init(link: String, id: Int64, firstSequence: Int64, lastSequence: Int64, state: String) {
            self.link = link
            self.id = id
            self.firstSequence = firstSequence
            self.lastSequence = lastSequence
            self.state = state
        }
    }

    private struct Key: Hashable {
        let link: String
        let id: Int64
    }

    private var rows: [Key: (row: Row, entry: Int64)] = [:]
    /// Lost gaps may have been folded: then the table may know more than the entries.
    private var foldedLosses = false
    /// Nor are there entries of gaps that were carried over from a damaged file, or found no room while nothing could be written.
    private var tableKnowsMore = false
    /// What the entries said when the table could not be written any more. What they say since holds once it can be again; a process that
    /// ended before that took it along.
    private var beforeFailure: [Key: (row: Row, entry: Int64)]?

    /// Up to which gap lost ones may have become losses, by link.
    private var mergedThrough: [String: Int64] = [:]

    /// The kind of the entry that says so.
    public static let merged = "gap.merged"

    public init() {}

    /// Takes an entry, in the order of the ledger; those that tell of no gap are passed over.
    public mutating func follow(_ number: Int64, _ entry: LedgerEntry) {
        if let fold = LedgerFold(entry) {
            if fold.totals.contains(where: { $0.rank == "lost" }) { foldedLosses = true }
            return
        }
        switch entry.kind {
        case GapStatement.opened, GapStatement.closed: break
        case Self.merged:
            mergedThrough[entry.link] = Self.value(entry.body)?["through"]?.integer
            return
        case "database.set-aside":
            tableKnowsMore = true
            return
        case "durable.lost":
            beforeFailure = beforeFailure ?? rows
            return
        case "durable.regained":
            beforeFailure = nil
            if Self.value(entry.body)?["unwritten"]?.integer ?? 0 > 0 { tableKnowsMore = true }
            return
        case "link.forgotten":
            let link = Self.value(entry.body)?["link"]?.text
            rows = rows.filter { $0.key.link != link }
            if let link { mergedThrough[link] = nil }
            return
        case "receiver.started":
            if let beforeFailure { rows = beforeFailure }
            beforeFailure = nil
            return
        default: return
        }
        for gap in GapStatement.all(of: entry, body: Self.value(entry.body)) ?? [] {
            let row = Row(
                link: entry.link, id: gap.id, firstSequence: gap.firstSequence, lastSequence: gap.lastSequence,
                state: gap.state)
            rows[Key(link: entry.link, id: gap.id)] = (row, number)
        }
    }

    /// The first difference to the table, as a sentence without a full stop; nil if there is none.
    public func difference(to table: [Row]) -> String? {
        // The table is behind until it can be written again.
        guard beforeFailure == nil else { return nil }
        var known: [Key: Row] = [:]
        for row in table { known[Key(link: row.link, id: row.id)] = row }
        for (key, (row, entry)) in rows.sorted(by: { $0.value.entry < $1.value.entry }) {
            let place = "gap \(key.id) of \(key.link)"
            guard let other = known[key] else {
                if row.state == "healed" { continue }
                // What they lost is in the losses then, and the account's sum of both is checked.
                if row.state == "lost", key.id <= mergedThrough[key.link] ?? 0 { continue }
                return "\(place) is \(row.state) by entry \(entry) of the ledger, and gone from the table of gaps"
            }
            guard other.state == row.state else {
                return
                    "\(place) is \(row.state) by entry \(entry) of the ledger, and \(other.state) in the table of gaps"
            }
            // An open gap may have grown since.
            let isSame =
                row.state == "open" ? other.lastSequence >= row.lastSequence : other.lastSequence == row.lastSequence
            guard other.firstSequence == row.firstSequence, isSame else {
                return "\(place) has other sequences in entry \(entry) of the ledger than in the table of gaps"
            }
        }
        for row in table.sorted(by: { $0.id < $1.id }) where rows[Key(link: row.link, id: row.id)] == nil {
            if row.state == "healed" || tableKnowsMore || (row.state == "lost" && foldedLosses) { continue }
            return
                "gap \(row.id) of \(row.link) is \(row.state) in the table of gaps, and no entry of the ledger tells of it"
        }
        return nil
    }

    private static func value(_ body: String) -> JSONValue? {
        do throws(JSON5Error) { return try JSON5Reader.value(of: Array(body.utf8)) } catch { return nil }
    }
}
