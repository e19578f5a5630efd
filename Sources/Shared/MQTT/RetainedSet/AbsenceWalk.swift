internal import MQTTProtocol

/// Asks for topics that a fetch did not show, each by an exact filter, until it is known which of them are not retained.
///
/// A broker that cuts what it delivers (at a rate, at a number, or for a while) does not say so, so that absence alone proves nothing.
/// Absent is what two looks in a row do not show, a pause apart, each in one SUBSCRIBE with topics that are known to be
/// retained, the *witnesses*: one before the doubtful topics and one behind them. Where a witness does not show either, the look
/// does not count, and is repeated with fewer topics. Nor does it count for a topic that the broker refused to be asked for.
///
/// ```text
///  SUBSCRIBE witness, topic …, topic, witness ─▶ a topic shows ─────────────▶ present
///                                            ├▶ both witnesses show ─ twice ─▶ absent
///                                            └▶ a witness is missing ────────▶ again, with fewer ─▶ undecided after some tries
/// ```
struct AbsenceWalk: Sendable {
    /// Looks that must agree.
    static let looks = 2
    /// Looks at one topic that may fail to count.
    static let maximumTries = 6
    /// Before a second look, and after one that did not count: a limit per second is over by then.
    static let pause = Duration.milliseconds(1_100)

    private struct Doubt: Sendable {
        let index: Int
        var looks = 0
        var tries = 0
    }

    private let doubts: RetainedDoubts
    private let indices: [String: Int]
    /// Still to be asked in this round, and in the next one.
    private var waiting: ArraySlice<Doubt>
    private var later: ArraySlice<Doubt> = []
    private var current: [Doubt] = []
    private var currentWitnesses: [String] = []
    private var nextWitness = 0
    private var seen: Set<String> = []
    private var size: SubscribeSize
    private(set) var absent: [Int] = []
    private(set) var undecided = 0

    /// - Parameter maximumFilters: of one SUBSCRIBE, at first.
    init(_ doubts: RetainedDoubts, maximumFilters: Int = 64) {
        self.doubts = doubts
        waiting = doubts.topics.indices.map { Doubt(index: $0) }[...]
        indices = Dictionary(zip(doubts.topics, doubts.topics.indices), uniquingKeysWith: { first, _ in first })
        size = SubscribeSize(maximumFilters: maximumFilters)
    }

    /// What to do next.
    enum Step: Sendable, Equatable {
        case ask([String])
        /// Pause before the next round.
        case pause
        case over
    }

    /// The next step. The last slice has ended.
    mutating func next() -> Step {
        precondition(current.isEmpty, "the last slice has not ended")
        if waiting.isEmpty {
            guard !later.isEmpty else { return .over }
            swap(&waiting, &later)
            return .pause
        }
        currentWitnesses = []
        for _ in 0..<min(2, doubts.witnesses.count, max(0, size.maximumFilters - 1)) {
            currentWitnesses.append(doubts.witnesses[nextWitness % doubts.witnesses.count])
            nextWitness += 1
        }
        let room = max(1, size.maximumFilters - currentWitnesses.count)
        current = Array(waiting.prefix(room))
        waiting = waiting.dropFirst(current.count)
        seen.removeAll(keepingCapacity: true)
        return .ask(currentWitnesses.prefix(1) + current.map { doubts.topics[$0.index] } + currentWitnesses.dropFirst())
    }

    /// A retained message has come.
    /// - Returns: whether it is to be delivered: that of a doubtful topic, for the first time.
    mutating func receive(_ topic: String) -> Bool {
        guard !current.isEmpty, seen.insert(topic).inserted, let index = indices[topic] else { return false }
        return current.contains { $0.index == index }
    }

    /// All of the slice has come.
    /// - Parameter refused: filters that the broker did not grant. Of their topics nothing was to be shown.
    mutating func finishSlice(refused: Set<String>) {
        let counts = currentWitnesses.allSatisfy(seen.contains)
        if !counts {
            size.shrink(below: current.count + currentWitnesses.count)
            // Room for a topic between two witnesses there must be.
            if size.maximumFilters < 3 { size = SubscribeSize(maximumFilters: 3) }
        }
        let topics = doubts.topics
        settle { doubt in
            if counts, !refused.contains(topics[doubt.index]) { doubt.looks += 1 } else { doubt.tries += 1 }
        }
    }

    /// The connection broke, or the SUBSCRIBE was too large.
    mutating func repeatSlice() {
        size.shrink(below: current.count + currentWitnesses.count)
        settle { doubt in doubt.tries += 1 }
    }

    private mutating func settle(_ judge: (inout Doubt) -> Void) {
        for var doubt in current where !seen.contains(doubts.topics[doubt.index]) {
            judge(&doubt)
            if doubt.looks >= Self.looks {
                absent.append(doubt.index)
            } else if doubt.tries >= Self.maximumTries {
                undecided += 1
            } else {
                later.append(doubt)
            }
        }
        current = []
    }

    /// Ends before the end: what is not decided stays so.
    mutating func abandon() {
        undecided += waiting.count + later.count + current.count
        (waiting, later, current) = ([], [], [])
    }
}
