import DiodeProtocol

// The replica against what the IT broker retains: what is wrong there is marked, and the next slice that says it repairs it.
//
//   compare ─▶ right
//           ─▶ wrong, or not seen at the end ─▶ marked ─▶ takeWrong, once, by the slice that lists it
//           ─▶ ghost: nothing is retained in the plant

extension Replica {
    /// Every topic is known, so that what the IT broker has beyond is the past.
    var isComplete: Bool { untracked == 0 && names.count < limits.topics }

    /// From now on retained values that change are on their way to the IT broker.
    mutating func beginReading() { reading &+= 1 }

    /// What the IT broker retains of a topic.
    enum Verdict: Equatable {
        /// What it should, or on its way there.
        case right
        /// Something else; it is marked.
        case wrong
        /// Something although nothing is retained.
        case ghost(Stamp?)
    }

    /// Compares what the IT broker retains of a topic; by stamp too, where the broker tells it.
    mutating func compare(_ topic: RawSpan, stamp: Stamp?, value: UInt64, with hasher: inout SymbolHasher) -> Verdict {
        guard let place = names.find(topic) else { return .ghost(nil) }
        guard topics[place].changedIn != reading else { return .right }
        guard topics[place].retained.state == .held else { return .ghost(topics[place].retained.known) }
        hashSlots(of: place, with: &hasher)
        topics[place].seenIn = reading
        guard stamp ?? topics[place].retained.stamp == topics[place].retained.stamp, topics[place].value == value else {
            markWrong(place)
            return .wrong
        }
        return .right
    }

    /// Marks every topic that was not seen although it should have been.
    /// - Parameter admits: whether the IT broker may have a topic.
    /// - Returns: how many they are.
    mutating func markUnseen(_ admits: ([UInt8]) -> Bool) -> Int {
        var unseen = 0
        for place in 0..<names.places where !names.isFree(place) && topics[place].retained.state == .held {
            guard topics[place].changedIn != reading, topics[place].seenIn != reading, admits(names.name(place)) else {
                continue
            }
            markWrong(place)
            unseen += 1
        }
        return unseen
    }

    /// Whether the IT broker retains something else, according to the last reading; once.
    mutating func takeWrong(_ place: Int) -> Bool {
        guard topics[place].isWrong else { return false }
        noteRetainedChange(place)
        return true
    }

    /// Marks every topic under a prefix, whatever the IT broker retains: the next round says all of them again.
    mutating func markAll(under prefix: [UInt8]) {
        for place in 0..<names.places where !names.isFree(place) && topics[place].retained.state == .held {
            if names.name(place).starts(with: prefix) { markWrong(place) }
        }
    }

    private mutating func markWrong(_ place: Int) {
        guard !topics[place].isWrong else { return }
        topics[place].isWrong = true
        wrongCount += 1
    }

    /// A publish is on its way that puts the IT broker right.
    mutating func noteRetainedChange(_ place: Int) {
        topics[place].changedIn = reading
        guard topics[place].isWrong else { return }
        topics[place].isWrong = false
        wrongCount -= 1
    }
}
