internal import Account
internal import JSON

/// The gaps as the ledger's entries tell of them, to compare with the table that the receiver keeps: the chain proves the entries, not
/// the table.
///
/// The last entry of a gap decides, with every column that it has. Old healed gaps may be missing on either side: the table keeps a limited
/// number of them, and the ledger folds them first.
public struct LedgerGaps: Sendable {
    /// A gap of a link, as the receiver's table has it.
    public struct Row: Sendable, Hashable {
        package let link: String
        package let gap: GapStatement

        package init(link: String, gap: GapStatement) {
            self.link = link
            self.gap = gap
        }
    }

    private struct Key: Hashable {
        let link: String
        let id: Int64
    }

    private var gaps: [Key: (gap: GapStatement, entry: Int64)] = [:]
    /// The first entry that tells of gaps in words that nobody here knows.
    private var unreadable: Int64?
    /// An earlier release folded lost gaps and did not say which: then the table may know more than the entries.
    private var foldedLosses = false
    /// Lost gaps whose last word was folded, by a fold that names them.
    private var foldedLost: [LedgerFold.LostGaps] = []
    /// The entry that says that a link was forgotten.
    private var forgottenAt: [String: Int64] = [:]
    /// Nor are there entries of gaps that were carried over from a damaged file, or found no room while nothing could be written.
    private var tableKnowsMore = false
    /// What the entries said when the table could not be written any more. What they say since holds once it can be again; a process that
    /// ended before that took it along.
    private var beforeFailure: [Key: (gap: GapStatement, entry: Int64)]?

    /// Up to which gap lost ones may have become losses, by link.
    private var mergedThrough: [String: Int64] = [:]

    /// Healed gaps that the table keeps at least, the newest of each link.
    package static let healedGaps: Int64 = 100_000

    /// The kind of the entry that says so.
    public static let merged = "gap.merged"

    public init() {}

    /// Takes an entry, in the order of the ledger; those that tell of no gap are passed over.
    public mutating func follow(_ number: Int64, _ entry: LedgerEntry) {
        if let fold = LedgerFold(entry) {
            if let lost = fold.lost {
                foldedLost += lost
            } else if fold.totals.contains(where: { $0.rank == "lost" }) {
                foldedLosses = true
            }
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
            beforeFailure = beforeFailure ?? gaps
            return
        case "durable.regained":
            beforeFailure = nil
            if Self.value(entry.body)?["unwritten"]?.integer ?? 0 > 0 { tableKnowsMore = true }
            return
        case "link.forgotten":
            let link = Self.value(entry.body)?["link"]?.text
            gaps = gaps.filter { $0.key.link != link }
            if let link {
                mergedThrough[link] = nil
                forgottenAt[link] = number
            }
            return
        case "receiver.started":
            if let beforeFailure { gaps = beforeFailure }
            beforeFailure = nil
            return
        default: return
        }
        guard let statements = GapStatement.all(of: entry, body: Self.value(entry.body)) else {
            unreadable = unreadable ?? number
            return
        }
        for gap in statements { gaps[Key(link: entry.link, id: gap.id)] = (gap, number) }
    }

    /// The first difference to the table, as a sentence without a full stop; nil if there is none.
    public func difference(to table: [Row]) -> String? {
        // The table is behind until it can be written again.
        guard beforeFailure == nil else { return nil }
        if let unreadable { return "entry \(unreadable) of the ledger tells of gaps, and cannot be read" }
        var known: [Key: GapStatement] = [:]
        for row in table { known[Key(link: row.link, id: row.gap.id)] = row.gap }
        var newest: [String: Int64] = [:]
        for key in [Key](gaps.keys) + [Key](known.keys) { newest[key.link] = max(newest[key.link] ?? 0, key.id) }
        for (key, (gap, entry)) in gaps.sorted(by: { $0.value.entry < $1.value.entry }) {
            let place = "gap \(key.id) of \(key.link)"
            func words() -> String { "\(place) is \(gap.state.storedWord) by entry \(entry) of the ledger" }
            guard let other = known[key] else {
                switch gap.state {
                case .healed where key.id <= newest[key.link, default: 0] - Self.healedGaps: continue
                case .healed where gap.whole == nil || tableKnowsMore: continue
                // What they lost is in the losses then, and the account's sum of both is checked.
                case .lost where key.id <= mergedThrough[key.link] ?? 0: continue
                case .open, .lost, .healed: return "\(words()), and gone from the table of gaps"
                }
            }
            guard other.state == gap.state else {
                return "\(words()), and \(other.state.storedWord) in the table of gaps"
            }
            // An open gap may have grown since.
            let isSame =
                gap.state == .open ? other.lastSequence >= gap.lastSequence : other.lastSequence == gap.lastSequence
            guard other.firstSequence == gap.firstSequence, isSame else {
                return "\(place) has other sequences in entry \(entry) of the ledger than in the table of gaps"
            }
            if let column = gap.difference(to: other) {
                return "\(place) has another \(column) in entry \(entry) of the ledger than in the table of gaps"
            }
        }
        if let difference = foldedDifference(to: known) { return difference }
        let folded = FoldedGaps(foldedLost.filter { $0.entry > forgottenAt[$0.link] ?? 0 })
        for row in table.sorted(by: { $0.gap.id < $1.gap.id })
        where gaps[Key(link: row.link, id: row.gap.id)] == nil && mustBeTold(row, folded) {
            return
                "gap \(row.gap.id) of \(row.link) is \(row.gap.state.storedWord) in the table of gaps, and no entry of the"
                + " ledger tells of it"
        }
        return nil
    }

    /// A gap that a fold calls lost must be lost in the table, healed since, or merged.
    private func foldedDifference(to known: [Key: GapStatement]) -> String? {
        for lost in foldedLost where lost.entry > forgottenAt[lost.link] ?? 0 {
            let merged = mergedThrough[lost.link] ?? 0
            guard lost.last > merged else { continue }
            for id in max(lost.first, merged + 1)...lost.last {
                let key = Key(link: lost.link, id: id)
                // What an entry says of it was compared.
                guard gaps[key] == nil, known[key] == nil else { continue }
                return
                    "gap \(id) of \(lost.link) is lost by entry \(lost.entry) of the ledger, which was folded, and gone from"
                    + " the table of gaps"
            }
        }
        return nil
    }

    /// Whether entries must tell of a gap that the table has.
    private func mustBeTold(_ row: Row, _ folded: FoldedGaps) -> Bool {
        switch row.gap.state {
        case .healed: false
        case .open: !tableKnowsMore
        case .lost: !tableKnowsMore && !foldedLosses && !folded.contains(row.gap.id, of: row.link)
        }
    }

    private static func value(_ body: String) -> JSONValue? {
        do throws(JSON5Error) { return try JSON5Reader.value(of: Array(body.utf8)) } catch { return nil }
    }
}

/// Gaps that folds call lost, to be asked for each gap of a table: years of folds name thousands of runs.
private struct FoldedGaps {
    /// By link: ascending and apart from each other.
    private var runs: [String: [ClosedRange<Int64>]] = [:]

    init(_ lost: [LedgerFold.LostGaps]) {
        for gaps in lost.sorted(by: { $0.first < $1.first }) {
            let known = runs[gaps.link]?.last
            if let known, known.contains(gaps.first) {
                runs[gaps.link]?.removeLast()
                runs[gaps.link]?.append(known.lowerBound...max(known.upperBound, gaps.last))
            } else {
                runs[gaps.link, default: []].append(gaps.first...gaps.last)
            }
        }
    }

    func contains(_ id: Int64, of link: String) -> Bool {
        guard let runs = runs[link] else { return false }
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].upperBound < id { low = middle + 1 } else { high = middle }
        }
        return low < runs.count && runs[low].contains(id)
    }
}
