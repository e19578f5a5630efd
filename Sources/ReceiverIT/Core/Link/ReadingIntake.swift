import DiodeProtocol
package import ReadBackCore
package import Time

// The core's end of read-back, which Sources/ReadBack draws.

extension ReceiverCore {
    /// Does what there is to do for a reading of the IT broker.
    /// - Returns: of a beginning, whether that makes sense now: the replica has to be whole.
    package mutating func serve(_ order: ReadBackOrder, now: MonotonicInstant, time: UnixMilliseconds) -> Bool {
        switch order {
        case .begin(let number, let isNewConnection):
            if isNewConnection { cancelReading() }
            guard isWhole else { return false }
            namespace.comparison.begin()
            committer.beginReading(number)
        case .compare(let values): for value in values { compare(value, now: now, time: time) }
        case .end(let isComplete, let admits): endReading(isComplete: isComplete, admits: admits)
        case .cancel: cancelReading()
        }
        return true
    }

    /// Moves out whether everything that was wrong has been handed over, so that reading again makes sense.
    package mutating func takeReadingWish() -> Bool { namespace.comparison.takeWish() }

    /// Nobody knows what the IT broker retains.
    private mutating func cancelReading() {
        itMatches = nil
        namespace.comparison.cancel()
    }

    private mutating func compare(_ value: RetainedValue, now: MonotonicInstant, time: UnixMilliseconds) {
        guard case .ghost(let stamp) = namespace.compare(value, with: &hasher) else { return }
        // A topic that found no room here may well be there.
        guard namespace.isComplete, let stamp = stamp ?? decided else { return }
        namespace.comparison.noteGhost()
        committer.refreshDeletion(
            of: value.topic, stamp: stamp, version: TopicVersion(rawValue: 1), time: time, now: now)
    }

    private mutating func endReading(isComplete: Bool, admits: ([UInt8]) -> Bool) {
        guard isComplete, namespace.isComplete else { return cancelReading() }
        namespace.noteUnseen(admits)
        let result = namespace.comparison.end()
        itMatches = result == .right
        if case .differs(let wrong, let ghosts) = result { committer.note(.itDiffers(wrong: wrong, ghosts: ghosts)) }
    }
}
