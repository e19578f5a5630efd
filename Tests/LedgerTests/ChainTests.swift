import Crypto
import Ledger
import TestKit
import Testing

@Suite("The ledger's chain")
struct ChainTests {
    @Test("P9 a whole chain is intact, and so is every head that was noted on the way")
    func intact() async {
        await withSeed { random in
            #expect(SampleLedger().verdict() == .intact(head: .empty, folded: 0))
            let ledger = SampleLedger.random(120, &random)
            let heads = ledger.rows.map { LedgerHead(number: $0.number, hash: $0.hash) }
            for head in heads + [.empty] {
                #expect(ledger.verdict(noted: [head]) == .intact(head: ledger.head, folded: 0))
            }
            #expect(ledger.verdict(noted: heads.shuffled(using: &random)) == .intact(head: ledger.head, folded: 0))
        }
    }

    @Test("P9 one byte changed anywhere is found, and where")
    func changed() async {
        await withSeed { random in
            let ledger = SampleLedger.random(40, &random)
            for index in ledger.rows.indices {
                let number = Int64(index + 1)
                func expectFound(_ change: (inout SampleLedger.Row) -> Void) {
                    var other = ledger
                    change(&other.rows[index])
                    #expect(other.verdict() == .broken(.changed(entry: number)))
                }
                expectFound { $0.entry.body += " " }
                expectFound { $0.entry.at ^= 1 }
                expectFound { $0.entry.kind = "x" + $0.entry.kind }
                expectFound { $0.entry.link += "b" }
                expectFound {
                    $0.hash[.random(in: 0..<32, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                }
                // A byte moved from one text to its neighbour.
                expectFound { row in
                    row.entry.kind += row.entry.body.removeFirst().description
                }
            }
        }
    }

    @Test("P9 an entry taken out of the file is missing at its place; two that changed places diverge there")
    func missing() {
        var random = SeededGenerator(seed: 4)
        let ledger = SampleLedger.random(30, &random)
        for index in 0..<29 {
            var other = ledger
            other.rows.remove(at: index)
            #expect(other.verdict() == .broken(.missing(first: Int64(index + 1), last: Int64(index + 1))))
            other = ledger
            let entry = other.rows[index].entry
            other.rows[index].entry = other.rows[index + 1].entry
            other.rows[index + 1].entry = entry
            if entry != ledger.rows[index + 1].entry {
                #expect(other.verdict() == .broken(.changed(entry: Int64(index + 1))))
            }
        }
    }

    @Test("P9 with every hash recomputed, a deleted gap is found against a noted head")
    func rewritten() throws {
        var random = SeededGenerator(seed: 5)
        let ledger = SampleLedger.random(200, &random)
        let heads = ledger.rows.map { LedgerHead(number: $0.number, hash: $0.hash) }
        var other = ledger
        let victim = try #require(ledger.rows.firstIndex { $0.entry.kind == "gap.closed" && $0.number > 60 })
        other.rows.remove(at: victim)
        other.recompute(from: victim)
        #expect(other.verdict() == .intact(head: other.head, folded: 0), "by itself the chain looks whole")
        #expect(other.verdict(noted: [heads[150]]) == .broken(.rewritten(agreed: 0, entry: 151)))
        // The more heads were noted, the closer it is found.
        let every = stride(from: 9, to: 200, by: 10).map { heads[$0] }
        let before = Int64(victim / 10 * 10)
        #expect(other.verdict(noted: every) == .broken(.rewritten(agreed: before, entry: before + 10)))
        #expect(other.verdict(noted: [heads[199]]) == .broken(.cut(newest: 199, noted: 200)))
    }

    @Test("P9 a cut tail and yesterday's file are found against a noted head")
    func cut() {
        var random = SeededGenerator(seed: 6)
        let ledger = SampleLedger.random(100, &random)
        var other = ledger
        other.rows.removeLast(3)
        #expect(other.verdict(noted: [ledger.head]) == .broken(.cut(newest: 97, noted: 100)))
        // Yesterday's file, and the receiver went on with it.
        for at in 0..<20 { other.append(LedgerEntry(link: "", at: UInt64(at), kind: "start", body: "{}")) }
        #expect(other.verdict(noted: [ledger.head]) == .broken(.rewritten(agreed: 0, entry: 100)))
        #expect(SampleLedger().verdict(noted: [ledger.head]) == .broken(.cut(newest: 0, noted: 100)))
    }

    @Test("a head has one text, with and without a signature")
    func heads() throws {
        var random = SeededGenerator(seed: 7)
        let head = SampleLedger.random(12, &random).head
        var signer = try Ed25519Signer()
        let signed = try NotedHead(head, signer: &signer)
        var verifier = try Ed25519Verifier(signer.publicKey)
        #expect(NotedHead(parsing: head.text) == NotedHead(head))
        #expect(NotedHead(parsing: signed.text) == signed)
        // A verifier cannot stand in an expectation: it is not copyable.
        let isSigned = [signed.isSigned(by: &verifier), NotedHead(head).isSigned(by: &verifier)]
        #expect(isSigned == [true, false])
        var stranger = try Ed25519Verifier(Ed25519Signer().publicKey)
        let byStranger = signed.isSigned(by: &stranger)
        #expect(!byStranger)
        let other = try #require(NotedHead(parsing: "13" + signed.text.dropFirst(2)))
        let asOther = other.isSigned(by: &verifier)
        #expect(!asOther, "the signature covers the number too")
    }

    @Test("what is no head is refused")
    func noHeads() {
        let hash = String(repeating: "3f", count: 32)
        let texts = [
            "", "12", "12:", ":\(hash)", "012:\(hash)", "+1:\(hash)", "-1:\(hash)", "12:\(hash.uppercased())",
            "12:\(hash.dropLast())", "12:\(hash)3", "12:\(hash):", "12:\(hash):AAAA", "12:\(hash):x:y", " 12:\(hash)",
            "12:\(hash)\n", "9223372036854775808:\(hash)", "12:" + String(repeating: "g", count: 64),
        ]
        for text in texts { #expect(NotedHead(parsing: text) == nil, "\(text)") }
        #expect(NotedHead(parsing: "12:\(hash)") != nil)
    }
}
