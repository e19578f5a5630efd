import DiodeProtocol
package import Time
package import Deliveries

/// What one reading of the IT broker has come to.
struct ReadingTally: Sendable {
    /// Retained values that are missing there or others, and those that should not be there.
    var wrong = 0
    var ghosts = 0
    /// Another reading shall tell whether the repair worked.
    var awaitsRepair = false
    /// Readings in a row that found something: what the broker never takes is not repaired again and again.
    var repairs = 0
}

// What the IT broker retains, read back by the publisher, is compared with the replica and put right (ADR 0013).
//
//   on the broker, not in the replica ──▶ deleted there at once
//   missing, or another value ──────────▶ marked: the next slice says the value, which is published as a refresh
//   all of it handed over ──────────────▶ another reading

extension ReceiverCore {
    private static let repairLimit = 2

    /// Somebody wants to read what the IT broker retains.
    /// - Returns: whether that makes sense now: the replica has to be whole.
    package mutating func beginReading(_ number: UInt64, isNewConnection: Bool) -> Bool {
        if isNewConnection { cancelReading() }
        guard isWhole else { return false }
        reading = ReadingTally(repairs: reading.repairs)
        namespace.beginReading()
        committer.beginReading(number)
        return true
    }

    /// Nobody knows what the IT broker retains.
    package mutating func cancelReading() {
        itMatches = nil
        reading = ReadingTally()
    }

    /// Some of what the IT broker retains.
    package mutating func compare(_ values: [RetainedValue], now: MonotonicInstant, time: UnixMilliseconds) {
        for value in values {
            switch namespace.compare(value.topic.span.bytes, stamp: value.stamp, value: value.value, with: &hasher)
            {
            case .right: break
            case .wrong: reading.wrong += 1
            case .ghost(let stamp):
                // A topic that found no room here may well be there.
                guard namespace.isComplete, let stamp = stamp ?? decided else { continue }
                reading.ghosts += 1
                committer.refreshDeletion(
                    of: value.topic, stamp: stamp, version: TopicVersion(rawValue: 1), time: time, now: now)
            }
        }
    }

    /// All of it was read.
    /// - Parameters:
    ///   - isComplete: the broker kept nothing back.
    ///   - admits: whether the IT broker may have a topic.
    package mutating func endReading(isComplete: Bool, admits: ([UInt8]) -> Bool) {
        guard isComplete, namespace.isComplete else { return cancelReading() }
        reading.wrong += namespace.markUnseen(admits)
        let isRight = reading.wrong == 0 && reading.ghosts == 0
        itMatches = isRight
        guard !isRight else {
            reading = ReadingTally()
            return
        }
        reading.repairs += 1
        reading.awaitsRepair = reading.repairs < Self.repairLimit
        committer.note(.itDiffers(wrong: reading.wrong, ghosts: reading.ghosts))
    }

    /// Whether everything that was wrong has been handed over, so that reading again makes sense; true once.
    package mutating func takeReadingWish() -> Bool {
        guard reading.awaitsRepair, namespace.wrongCount == 0 else { return false }
        reading.awaitsRepair = false
        return true
    }
}
