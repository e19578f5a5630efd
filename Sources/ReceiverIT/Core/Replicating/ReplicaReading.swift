import DiodeProtocol
import ReadBackCore

// What the replica tells of itself to the comparison with what the IT broker retains (Sources/ReadBack).

extension Replica {
    /// Every topic is known, so that what the IT broker has beyond is the past.
    var isComplete: Bool { untracked == 0 && names.count < limits.topics }

    /// Compares a value that the IT broker retains.
    mutating func compare(_ value: RetainedValue, with hasher: inout SymbolHasher) -> RetainedComparison.Verdict {
        guard let place = names.find(value.topic.span.bytes) else { return .ghost(nil) }
        guard topics[place].retained.state == .held else {
            return comparison.compare(value, at: place, with: .nothing(topics[place].retained.known))
        }
        if !comparison.hasChanged(place) { hashSlots(of: place, with: &hasher) }
        let topic = topics[place]
        return comparison.compare(value, at: place, with: .held(topic.retained.stamp, value: topic.value))
    }

    /// Notes every topic whose value should have been seen.
    /// - Parameter admits: whether the IT broker may have a topic.
    mutating func noteUnseen(_ admits: ([UInt8]) -> Bool) {
        for place in 0..<names.places where !names.isFree(place) && topics[place].retained.state == .held {
            if comparison.isUnseen(place), admits(names.name(place)) { comparison.noteUnseen(place) }
        }
    }

    /// Marks every topic under a prefix, whatever the IT broker retains: the next round says all of them again.
    mutating func markAll(under prefix: [UInt8]) {
        for place in 0..<names.places where !names.isFree(place) && topics[place].retained.state == .held {
            if names.name(place).starts(with: prefix) { comparison.mark(place) }
        }
    }
}
