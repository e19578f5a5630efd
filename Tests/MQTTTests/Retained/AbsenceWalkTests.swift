import TestKit
import Testing

@testable import MQTT
@testable import MQTTProtocol

@Suite("Absence is not proof: a topic counts as gone only if a look that was not cut does not show it, twice")
struct AbsenceWalkTests {
    private struct Outcome {
        var absent: Set<String> = []
        var present: Set<String> = []
        var undecided = 0
        var looks = 0
    }

    /// - Parameter show: which of the retained ones among the filters the broker sends, given the number of the look.
    private func walk(
        _ doubts: RetainedDoubts, maximumFilters: Int = 64, breaksAbove: Int = .max, refusing: Set<String> = [],
        _ show: (inout [String], Int) -> Void
    ) -> Outcome {
        var walk = AbsenceWalk(doubts, maximumFilters: maximumFilters)
        var outcome = Outcome()
        steps: for _ in 0..<10_000 {
            switch walk.next() {
            case .over: break steps
            case .pause: continue
            case .ask(let filters):
                outcome.looks += 1
                guard filters.count <= breaksAbove else {
                    walk.repeatSlice()
                    continue
                }
                let refused = refusing.intersection(filters)
                var shown = filters.filter { !refused.contains($0) }
                show(&shown, outcome.looks)
                for topic in shown where walk.receive(topic) { outcome.present.insert(topic) }
                walk.finishSlice(refused: refused)
            }
        }
        outcome.absent = Set(walk.absent.map { doubts.topics[$0] })
        outcome.undecided = walk.undecided
        return outcome
    }

    private let topics = (0..<200).map { "t\($0)" }
    private let witnesses = (0..<5).map { "w\($0)" }
    private var gone: Set<String> { Set(topics.filter { $0.hasSuffix("7") }) }

    @Test("a broker that shows all of it: what is gone is gone, what is there is delivered")
    func honest() {
        let outcome = walk(RetainedDoubts(topics: topics, witnesses: witnesses)) { shown, _ in
            shown.removeAll(where: gone.contains)
        }
        #expect(outcome.absent == gone && outcome.present == Set(topics).subtracting(gone) && outcome.undecided == 0)
    }

    @Test("whatever a broker cuts from an answer, no living topic is called absent", arguments: 0..<40)
    func cut(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let cap = Int.random(in: 0...12, using: &random)
        let fromFront = Bool.random(using: &random)
        let outcome = walk(RetainedDoubts(topics: topics, witnesses: witnesses)) { shown, look in
            shown.removeAll(where: gone.contains)
            // At a number, or for a while.
            if look % 3 != 0 { shown = Array(fromFront ? shown.prefix(cap) : shown.suffix(cap)) }
        }
        #expect(outcome.absent.isSubset(of: gone))
        #expect(outcome.absent.count + outcome.present.count + outcome.undecided == topics.count)
    }

    @Test("a broker that takes few filters at once is asked in smaller packets", arguments: 1...9)
    func few(most: Int) {
        let outcome = walk(RetainedDoubts(topics: topics, witnesses: witnesses), breaksAbove: most) { shown, _ in
            shown.removeAll(where: gone.contains)
        }
        #expect(outcome.absent == gone && outcome.undecided == 0)
    }

    @Test("a topic that the broker refuses to be asked for is not absent, whether or not there are witnesses")
    func refused() {
        let secret = Set(topics.filter { $0.hasSuffix("3") })
        for witnesses in [self.witnesses, []] {
            let outcome = walk(RetainedDoubts(topics: topics, witnesses: witnesses), refusing: secret) { shown, _ in
                shown.removeAll(where: gone.contains)
            }
            #expect(outcome.absent == gone && outcome.undecided == secret.count)
            #expect(outcome.present == Set(topics).subtracting(gone).subtracting(secret))
        }
    }

    @Test("a witness that the broker refuses to be asked for proves nothing")
    func refusedWitnesses() {
        let outcome = walk(RetainedDoubts(topics: topics, witnesses: witnesses), refusing: Set(witnesses)) { shown, _ in
            shown.removeAll(where: gone.contains)
        }
        #expect(outcome.absent.isEmpty && outcome.undecided == gone.count)
    }
}
