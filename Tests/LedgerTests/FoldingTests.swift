import Account
import Ledger
import TestKit
import Testing

@Suite("Folding the ledger")
struct FoldingTests {
    private static func rank(_ entry: LedgerEntry, healed: Set<String>) -> Int {
        switch entry.kind {
        case "gap.opened", "gap.closed": healed.contains(String(entry.body.prefix { $0 != "," })) ? 0 : 3
        case "epoch.began": 1
        case "balance": 2
        case "loss": 3
        default: 4
        }
    }

    @Test("P9 a folded chain is intact, however often it was folded, and every entry is in it or in the totals")
    func folded() async {
        await withSeed { random in
            for _ in 0..<12 {
                var ledger = SampleLedger.random(.random(in: 50...600, using: &random), &random)
                let whole = ledger.rows
                let lost = whole.filter { $0.entry.kind == "gap.closed" && $0.entry.body.contains("lost") }.count
                for round in 0..<4 {
                    let before = ledger.bytes
                    let fold = ledger.fold(
                        freeing: .random(in: 1_000...20_000, using: &random), keeping: 20, at: UInt64(round))
                    guard let fold else { continue }
                    #expect(ledger.bytes < before + 200)
                    #expect(LedgerFold(fold.entry(at: 5)) == fold)
                }
                let gone = ledger.folds.flatMap(\.runs).reduce(0) { $0 + $1.last - $1.first + 1 }
                #expect(ledger.verdict() == .intact(head: ledger.head, folded: gone))
                let entries = ledger.folds.flatMap(\.totals).reduce(0) { $0 + $1.entries }
                #expect(Int(entries) + ledger.rows.count - ledger.folds.count == whole.count)
                let foldedLost = ledger.folds.flatMap(\.totals).filter { $0.rank == "lost" && $0.cause == "link" }
                let left = ledger.rows.filter { $0.entry.kind == "gap.closed" && $0.entry.body.contains("lost") }.count
                #expect(Int(foldedLost.reduce(0) { $0 + $1.episodes }) + left == lost)
            }
        }
    }

    @Test("healed episodes go first, losses and actions last, open gaps and the newest entries never")
    func order() async {
        await withSeed { random in
            let ledger = SampleLedger.random(400, &random)
            let healed = Set(
                ledger.rows.filter { $0.entry.kind == "gap.closed" && $0.entry.body.contains("healed") }.map {
                    String($0.entry.body.prefix { $0 != "," })
                })
            let open = Set(ledger.table.filter { $0.gap.state == .open }.map(\.gap.id))
            for bytes in [500, 5_000, 20_000, 40_000, 1_000_000] {
                var other = ledger
                guard let fold = other.fold(freeing: bytes, keeping: 0, at: 0) else { continue }
                let gone = ledger.rows.filter { row in fold.runs.contains { $0.first...$0.last ~= row.number } }
                let worst = gone.map { Self.rank($0.entry, healed: healed) }.max() ?? 0
                for row in other.rows.dropLast() where Self.rank(row.entry, healed: healed) < worst {
                    let isOpen = open.contains { row.entry.body.hasPrefix("{\"gap\":\($0),") }
                    #expect(isOpen || row.entry.kind == "balance", "\(row.entry) stayed while rank \(worst) went")
                }
                for id in open { #expect(!gone.contains { $0.entry.body.hasPrefix("{\"gap\":\(id),") }) }
            }
        }
    }

    @Test("the first balance of each day goes with the actions: months can still be opened and closed")
    func balances() {
        var ledger = SampleLedger()
        for hour in 0..<96 {
            ledger.append(
                LedgerEntry(
                    link: "plant-a", at: 1_793_491_200_000 + UInt64(hour) * 3_600_000, kind: "balance",
                    body: #"{"totals":{"sent":\#(hour)},"epochs":[]}"#))
        }
        let kept = [0, 24, 48, 72].map { 96 + 14 + ledger.rows[$0].entry.body.utf8.count }.reduce(0, +)
        _ = ledger.fold(freeing: ledger.bytes - kept, keeping: 0, at: 0)
        #expect(ledger.rows.map(\.number).filter { $0 <= 96 } == [1, 25, 49, 73])
        #expect(ledger.verdict() == .intact(head: ledger.head, folded: 92))
    }

    @Test("P9 a hole is missing unless a fold of the chain names just that hole")
    func forged() throws {
        var random = SeededGenerator(seed: 9)
        let ledger = SampleLedger.random(100, &random)
        // Taken out without a fold, and with a fold that only the caller knows.
        var other = ledger
        other.rows.removeSubrange(40..<50)
        #expect(other.verdict() == .broken(.missing(first: 41, last: 50)))
        let run = LedgerFold.Run(first: 41, last: 50, hash: ledger.rows[49].hash)
        var follower = ChainFollower(folds: [LedgerFold(runs: [run], totals: [])])
        for row in other.rows { guard follower.follow(row.number, row.entry, hash: row.hash) else { break } }
        #expect(follower.finish() == .broken(.missing(first: 41, last: 50)))
        // A fold that names entries that are there, and one that names other hashes.
        other = ledger
        other.append(LedgerFold(runs: [run], totals: []).entry(at: 1))
        #expect(other.verdict() == .broken(.fold(entry: 101)))
        other = ledger
        other.rows.removeSubrange(40..<50)
        var wrong = run
        wrong.hash[3] ^= 1
        other.append(LedgerFold(runs: [wrong], totals: []).entry(at: 1))
        #expect(other.verdict() == .broken(.changed(entry: 51)))
        // Named twice.
        other = ledger
        other.rows.removeSubrange(40..<50)
        for _ in 0..<2 { other.append(LedgerFold(runs: [run], totals: []).entry(at: 1)) }
        #expect(other.verdict() == .broken(.fold(entry: 102)))
    }

    @Test("P9 a head noted inside a fold cannot be compared, and is never called good; at its end it can")
    func notedInside() throws {
        var random = SeededGenerator(seed: 10)
        var ledger = SampleLedger.random(100, &random)
        let heads = ledger.rows.map { LedgerHead(number: $0.number, hash: $0.hash) }
        let run = LedgerFold.Run(first: 41, last: 50, hash: heads[49].hash)
        ledger.append(LedgerFold(runs: [run], totals: []).entry(at: 1))
        ledger.rows.removeSubrange(40..<50)
        for number in 41...49 {
            #expect(
                ledger.verdict(noted: [heads[number - 1]])
                    == .broken(.folded(noted: Int64(number), first: 41, last: 50)))
        }
        for number in [40, 50, 51, 100] {
            #expect(ledger.verdict(noted: [heads[number - 1]]) == .intact(head: ledger.head, folded: 10))
        }
        var forged = heads[49]
        forged.hash[0] ^= 1
        #expect(ledger.verdict(noted: [forged]) == .broken(.rewritten(agreed: 0, entry: 50)))
    }

    @Test("entries that name folds in no form that makes sense are refused")
    func nonsense() {
        let hash = String(repeating: "0", count: 64)
        let bodies = [
            "", "{}", #"{"runs":[]}"#, #"{"runs":[[1,2]],"totals":[]}"#, #"{"runs":[[2,1,"\#(hash)"]],"totals":[]}"#,
            #"{"runs":[[0,1,"\#(hash)"]],"totals":[]}"#, #"{"runs":[[1,2,"x"]],"totals":[]}"#,
            #"{"runs":[[1,2,"\#(hash)"],[2,3,"\#(hash)"]],"totals":[]}"#, #"{"runs":[],"totals":[[1]]}"#,
            #"{"runs":[],"totals":[[1,"a","b","c",-1,1,1]]}"#,
        ]
        for body in bodies {
            #expect(LedgerFold(LedgerEntry(link: "", at: 0, kind: LedgerFold.kind, body: body)) == nil, "\(body)")
        }
        #expect(LedgerFold(LedgerEntry(link: "", at: 0, kind: "x", body: #"{"runs":[],"totals":[]}"#)) == nil)
    }

    @Test("P9 a gap deleted from the table, or called healed there, is found against the entries")
    func table() async {
        await withSeed { random in
            let ledger = SampleLedger.random(300, &random)
            let table = ledger.table
            #expect(ledger.difference(to: table.shuffled(using: &random)) == nil)
            for (index, row) in table.enumerated() {
                var other = table
                other.remove(at: index)
                #expect((ledger.difference(to: other) == nil) == (row.gap.state == .healed))
                let (id, first, last) = (row.gap.id, row.gap.firstSequence, row.gap.lastSequence)
                other = table
                other[index] = SampleLedger.row(id, first...last, row.gap.state == .healed ? .lost : .healed)
                #expect(ledger.difference(to: other) != nil)
                other = table
                other[index] = SampleLedger.row(id, first...last - 1, row.gap.state)
                #expect(ledger.difference(to: other) != nil)
            }
            let invented = SampleLedger.row(9_999, 1...2, .lost)
            #expect(ledger.difference(to: table + [invented]) != nil)
            // What was folded is no difference.
            var folded = ledger
            _ = folded.fold(freeing: 1_000_000, keeping: 10, at: 0)
            #expect(folded.difference(to: table) == nil)
        }
    }

    @Test("D15 entries that tell of several gaps go together or not at all")
    func several() {
        func runs(_ kind: String, _ gaps: [(id: Int64, state: String)]) -> LedgerEntry {
            let texts = gaps.map {
                #"{"gap":\#($0.id),"first_sequence":\#($0.id),"last_sequence":\#($0.id),"state":"\#($0.state)"}"#
            }
            return LedgerEntry(
                link: "plant-a", at: 0, kind: kind, body: #"{"cause":"link","runs":[\#(texts.joined(separator: ","))]}"#
            )
        }
        var ledger = SampleLedger()
        ledger.append(runs("gap.opened", [(1, "open"), (2, "open"), (3, "open")]))
        ledger.append(runs("gap.closed", [(1, "healed"), (2, "healed")]))
        ledger.append(runs("gap.opened", [(4, "open"), (5, "open")]))
        ledger.append(runs("gap.closed", [(4, "healed"), (5, "healed")]))
        // Its opening lies before these rows.
        ledger.append(runs("gap.closed", [(9, "healed")]))
        var table = [1, 2, 4, 5].map { SampleLedger.row($0, $0...$0, .healed) }
        table.append(SampleLedger.row(3, 3...3, .open))
        #expect(ledger.difference(to: table) == nil)
        // Gap 3 is open, so what stands beside it stays.
        let fold = ledger.fold(freeing: 1_000_000, keeping: 0, at: 1)
        #expect(fold?.runs.map { [$0.first, $0.last] } == [[3, 4]])
        #expect(fold?.totals.reduce(0) { $0 + $1.episodes } == 2)
        #expect(ledger.difference(to: table) == nil)
        table.removeLast()
        #expect(ledger.difference(to: table)?.contains("gap 3 of plant-a is open by entry 1") == true)
    }

    @Test("P9 an entry that tells of gaps in words that nobody knows is said, not passed over")
    func unknownWords() {
        var ledger = SampleLedger()
        ledger.append(SampleLedger.gap(1, "open", at: 1, kind: "gap.opened"))
        ledger.append(SampleLedger.gap(1, "mended", at: 2, kind: "gap.closed"))
        #expect(ledger.difference(to: ledger.table) == "entry 2 of the ledger tells of gaps, and cannot be read")
    }

    @Test(
        "P9 folds that name a lost gap stand for its entries, even if they overlap, and those of a link's former life do not"
    )
    func foldedLosses() {
        let gaps: [Int64] = [4, 5, 6, 9, 10, 40]
        func difference(_ lost: [LedgerFold.LostGaps], forgottenAt: Int64? = nil) -> String? {
            var ledger = LedgerGaps()
            if let forgottenAt {
                ledger.follow(
                    forgottenAt, LedgerEntry(link: "", at: 1, kind: "link.forgotten", body: #"{"link":"plant-a"}"#))
            }
            let fold = LedgerFold(
                runs: [.init(first: 1, last: 90, hash: LedgerHead.empty.hash)], totals: [], lost: lost)
            ledger.follow(2_000, fold.entry(at: 1))
            return ledger.difference(
                to: gaps.map {
                    LedgerGaps.Row(
                        link: "plant-a", gap: GapStatement(id: $0, firstSequence: $0, lastSequence: $0, state: .lost))
                })
        }
        func lost(_ first: Int64, _ last: Int64, link: String = "plant-a") -> LedgerFold.LostGaps {
            LedgerFold.LostGaps(link: link, first: first, last: last, entry: 50)
        }
        let all = [lost(40, 40), lost(5, 6), lost(4, 6), lost(4, 4), lost(9, 9), lost(9, 10)]
        #expect(difference(all) == nil)
        #expect(difference(all, forgottenAt: 49) == nil)
        #expect(difference(all, forgottenAt: 51)?.contains("gap 4 of plant-a is lost in the table of gaps") == true)
        #expect(difference(Array(all.dropLast()))?.contains("gap 10 of plant-a") == true)
        #expect(difference([lost(4, 40, link: "plant-b")])?.contains("gap 4 of plant-b is lost by entry 50") == true)
    }
}
