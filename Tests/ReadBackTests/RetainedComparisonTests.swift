import DiodeProtocol
import ReadBackCore
import TestKit
import Testing

@Suite("What the IT broker retains against the replica")
struct RetainedComparisonTests {
    private func stamp(_ sequence: UInt64) -> Stamp {
        Stamp(epoch: Epoch(rawValue: 7), sequence: SequenceNumber(rawValue: sequence))
    }

    private func value(_ stamp: Stamp?, _ value: UInt64) -> RetainedValue {
        RetainedValue(topic: [97], stamp: stamp, value: value)
    }

    /// What is read equals the plant, or is marked; what is marked is repaired; what is repaired is read again.
    @Test("D6 over random changes, readings and repairs the marks are those of a plain model", arguments: 0..<20)
    func random(_ round: Int) async {
        await withSeed("RetainedComparisonTests.random") { random in
            let comparison = Held(RetainedComparison())
            let topics = 12
            // The plant's values, those on the broker, and what a model marks; nil: nothing is retained.
            var plant: [UInt64?] = Array(repeating: nil, count: topics)
            var broker = plant
            var marked: Set<Int> = []
            var next: UInt64 = 1
            comparison.ask { $0.begin() }
            for _ in 0..<400 {
                let place = Int.random(in: 0..<topics, using: &random)
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<3:
                    plant[place] = Bool.random(using: &random) ? next : nil
                    next += 1
                    comparison.ask { $0.noteChange(place) }
                    marked.remove(place)
                    broker[place] = plant[place]
                case 3..<5:
                    // Somebody else writes there.
                    broker[place] = Bool.random(using: &random) ? next : nil
                    next += 1
                case 5..<7:
                    let isMarked = comparison.ask { $0.takeWrong(place) }
                    #expect(isMarked == marked.contains(place))
                    if isMarked {
                        marked.remove(place)
                        broker[place] = plant[place]
                    }
                default:
                    comparison.ask { $0.begin() }
                    let (wrong, ghosts) = read(comparison, plant, broker)
                    for place in wrong { marked.insert(place) }
                    let result = comparison.ask { $0.end() }
                    let isRight = wrong.isEmpty && ghosts == 0
                    #expect(
                        result == (isRight ? .right : .differs(wrong: wrong.count, ghosts: ghosts, refused: 0)))
                }
            }
            let left = (0..<topics).filter { place in comparison.ask { $0.takeWrong(place) } }
            #expect(left == marked.sorted())
        }
    }

    /// One whole reading.
    private func read(
        _ comparison: Held<RetainedComparison>, _ plant: [UInt64?], _ broker: [UInt64?]
    ) -> (wrong: [Int], ghosts: Int) {
        var wrong: [Int] = []
        var ghosts = 0
        for (place, found) in broker.enumerated() {
            guard let found else { continue }
            let known: RetainedComparison.Known =
                plant[place].map { .held(stamp($0), value: $0) } ?? .nothing(nil)
            let verdict = comparison.ask { $0.compare(value(stamp(found), found), at: place, with: known) }
            switch verdict {
            case .right: #expect(plant[place] == found)
            case .wrong: wrong.append(place)
            case .ghost:
                comparison.ask { $0.noteGhost() }
                ghosts += 1
            case .foreign: Issue.record("everything here is ours")
            }
        }
        for (place, held) in plant.enumerated() where held != nil {
            guard comparison.ask({ $0.isUnseen(place) }) else { continue }
            comparison.ask { $0.noteUnseen(place) }
            wrong.append(place)
        }
        #expect(wrong.sorted() == plant.indices.filter { plant[$0] != nil && plant[$0] != broker[$0] })
        return (wrong.sorted(), ghosts)
    }

    @Test("What changes during a reading is on its way there, so it is neither wrong nor unseen")
    func changed() {
        let comparison = Held(RetainedComparison())
        comparison.ask { $0.begin() }
        comparison.ask { $0.noteChange(3) }
        #expect(comparison.ask { $0.compare(value(stamp(1), 1), at: 3, with: .held(stamp(2), value: 2)) } == .right)
        #expect(!comparison.ask { $0.isUnseen(3) } && comparison.ask { $0.isUnseen(4) })
        #expect(comparison.ask { $0.end() } == .right)
    }

    @Test("A broker that does not tell stamps is compared by values alone")
    func withoutStamps() {
        let comparison = Held(RetainedComparison())
        comparison.ask { $0.begin() }
        #expect(comparison.ask { $0.compare(value(nil, 5), at: 0, with: .held(stamp(9), value: 5)) } == .right)
        #expect(comparison.ask { $0.compare(value(nil, 6), at: 1, with: .held(stamp(9), value: 5)) } == .wrong)
    }

    @Test(
        "After a reading that found something there is another one, once all is repaired; after the second there is none"
    )
    func repairs() {
        let comparison = Held(RetainedComparison())
        func find() {
            comparison.ask { $0.begin() }
            #expect(comparison.ask { $0.compare(value(stamp(1), 1), at: 0, with: .held(stamp(2), value: 2)) } == .wrong)
            #expect(comparison.ask { $0.end() } == .differs(wrong: 1, ghosts: 0, refused: 0))
        }
        find()
        #expect(!comparison.ask { $0.takeWish() }, "a mark is left")
        #expect(comparison.ask { $0.takeWrong(0) })
        #expect(comparison.ask { $0.takeWish() })
        #expect(!comparison.ask { $0.takeWish() })
        find()
        #expect(comparison.ask { $0.takeWrong(0) })
        #expect(!comparison.ask { $0.takeWish() }, "what a broker never takes is not repaired for ever")
    }

    @Test("A copy that somebody made of our value is left alone; what a deletion is known of is a ghost all the same")
    func copies() {
        let comparison = Held(RetainedComparison())
        comparison.ask { $0.begin() }
        var copy = value(stamp(1), 1)
        copy.isOurs = false
        #expect(comparison.ask { $0.compare(copy, at: 0, with: .nothing(nil)) } == .foreign)
        #expect(comparison.ask { $0.compare(copy, at: 0, with: .nothing(stamp(2))) } == .ghost(stamp(2)))
        #expect(comparison.ask { $0.end() } == .right)
    }

    @Test("A value that the broker has refused is not repaired, and a reading that finds nothing else ends the matter")
    func refused() {
        let comparison = Held(RetainedComparison())
        comparison.ask { $0.begin() }
        #expect(comparison.ask { $0.compare(value(stamp(1), 1), at: 0, with: .held(stamp(2), value: 2)) } == .wrong)
        comparison.ask { $0.noteRefused(0) }
        comparison.ask { $0.noteRefused(5) }
        #expect(comparison.ask { $0.end() } == .differs(wrong: 0, ghosts: 0, refused: 2))
        #expect(!comparison.ask { $0.takeWrong(0) } && !comparison.ask { $0.takeWish() })
    }

    @Test("P2 a broker that keeps some of each repair is repaired until it has all, or keeps none any more")
    func passes() {
        let comparison = Held(RetainedComparison())
        func find(_ wrong: Range<Int>) -> Bool {
            comparison.ask { $0.begin() }
            for place in wrong { comparison.ask { $0.noteUnseen(place) } }
            _ = comparison.ask { $0.end() }
            for place in wrong { _ = comparison.ask { $0.takeWrong(place) } }
            return comparison.ask { $0.takeWish() }
        }
        for left in stride(from: 2_000, to: 0, by: -50) { #expect(find(0..<left)) }
        #expect(find(0..<9) && find(0..<8) && find(0..<8) && !find(0..<8))
    }

    @Test("A topic that goes takes its mark along")
    func forgotten() {
        let comparison = Held(RetainedComparison())
        comparison.ask { $0.mark(2) }
        comparison.ask { $0.forget(2) }
        #expect(!comparison.ask { $0.takeWrong(2) })
    }
}
