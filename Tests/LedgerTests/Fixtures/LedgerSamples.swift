import Account
import Ledger
import TestKit

/// A chain in memory, which a test may tamper with.
struct SampleLedger {
    struct Row: Equatable {
        var number: Int64
        var entry: LedgerEntry
        var hash: [UInt8]
    }

    var rows: [Row] = []
    var folds: [LedgerFold] = []

    var head: LedgerHead { rows.last.map { LedgerHead(number: $0.number, hash: $0.hash) } ?? .empty }

    mutating func append(_ entry: LedgerEntry) {
        let head = LedgerChain.head(after: head, with: entry)
        rows.append(Row(number: head.number, entry: entry, hash: head.hash))
    }

    func verdict(noted: [LedgerHead] = []) -> ChainVerdict {
        var follower = ChainFollower(folds: rows.compactMap { LedgerFold($0.entry) }, noted: noted)
        for row in rows { guard follower.follow(row.number, row.entry, hash: row.hash) else { break } }
        return follower.finish()
    }

    /// All hashes anew from a row on, as somebody who can write the file would.
    mutating func recompute(from index: Int) {
        var head =
            index == 0 ? LedgerHead.empty : LedgerHead(number: rows[index - 1].number, hash: rows[index - 1].hash)
        for index in index..<rows.count {
            head = LedgerChain.head(after: head, with: rows[index].entry)
            rows[index].number = head.number
            rows[index].hash = head.hash
        }
    }

    /// Folds what the rules choose of all but the newest entries.
    mutating func fold(freeing bytes: Int, keeping newest: Int, at time: UInt64) -> LedgerFold? {
        var folding = LedgerFolding()
        for row in rows.dropLast(newest) { folding.add(row.number, row.entry, hash: row.hash) }
        guard let fold = folding.plan(freeing: bytes)?.fold else { return nil }
        append(fold.entry(at: time))
        rows.removeAll { row in fold.runs.contains { $0.first...$0.last ~= row.number } }
        folds.append(fold)
        return fold
    }

    var bytes: Int {
        rows.reduce(0) { $0 + 96 + $1.entry.link.utf8.count + $1.entry.kind.utf8.count + $1.entry.body.utf8.count }
    }

    /// A plant's life: gaps that heal, a few that do not, actions, balances.
    static func random(_ count: Int, _ random: inout SeededGenerator) -> SampleLedger {
        var ledger = SampleLedger()
        var at: UInt64 = 1_793_491_200_000
        var open: [Int64] = []
        var next: Int64 = 1
        while ledger.rows.count < count {
            at += .random(in: 0...900_000, using: &random)
            switch Int.random(in: 0..<12, using: &random) {
            case 0: ledger.append(LedgerEntry(link: "", at: at, kind: "ack", body: #"{"gap":3,"by":"Ilse"}"#))
            case 1: ledger.append(LedgerEntry(link: "plant-a", at: at, kind: "epoch.began", body: #"{"epoch":7}"#))
            case 2:
                ledger.append(
                    LedgerEntry(link: "plant-a", at: at, kind: "balance", body: #"{"totals":{},"epochs":[]}"#))
            case 3:
                ledger.append(
                    LedgerEntry(link: "plant-a", at: at, kind: "loss", body: #"{"layer":"outbox","records":3}"#))
            case 4...7:
                ledger.append(gap(next, "open", at: at, kind: "gap.opened"))
                open.append(next)
                next += 1
            default:
                guard let index = open.indices.randomElement(using: &random) else { continue }
                let state = Int.random(in: 0..<8, using: &random) == 0 ? "lost" : "healed"
                ledger.append(gap(open.remove(at: index), state, at: at, kind: "gap.closed"))
            }
        }
        return ledger
    }

    static func gap(_ id: Int64, _ state: String, at time: UInt64, kind: String) -> LedgerEntry {
        LedgerEntry(
            link: "plant-a", at: time, kind: kind,
            body:
                #"{"gap":\#(id),"first_sequence":\#(id * 100),"last_sequence":\#(id * 100 + 9),"state":"\#(state)","cause":"link"}"#
        )
    }

    /// The table of gaps that such entries come with.
    var table: [LedgerGaps.Row] {
        var states: [Int64: Gap.State] = [:]
        for row in rows where row.entry.kind.hasPrefix("gap.") {
            guard let id = Int64(row.entry.body.dropFirst(7).prefix { $0.isNumber }) else { continue }
            states[id] = Gap.State.allCases.first { row.entry.body.contains("\"\($0)\"") }
        }
        return states.sorted { $0.key < $1.key }.map {
            Self.row($0.key, $0.key * 100...$0.key * 100 + 9, $0.value)
        }
    }

    /// A gap as the table has it.
    static func row(_ id: Int64, _ sequences: ClosedRange<Int64>, _ state: Gap.State) -> LedgerGaps.Row {
        LedgerGaps.Row(
            link: "plant-a",
            gap: GapStatement(
                id: id, firstSequence: sequences.lowerBound, lastSequence: sequences.upperBound, state: state))
    }

    func difference(to table: [LedgerGaps.Row]) -> String? {
        var gaps = LedgerGaps()
        for row in rows { gaps.follow(row.number, row.entry) }
        return gaps.difference(to: table)
    }
}
