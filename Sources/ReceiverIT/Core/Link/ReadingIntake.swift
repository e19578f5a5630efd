internal import Crypto
internal import DiodeProtocol
internal import ReadBackCore
internal import Time

/// The core's end of read-back, which Sources/ReadBack draws: carries out what an order of the conversation means for the replica.
struct ReadingIntake: Sendable {
    /// Whether the IT broker retains what the replica holds, as it was last read back; nil while nobody knows.
    private(set) var itMatches: Bool?
    /// Values that it does not retain because it refused them; nil while nobody knows.
    private(set) var itRefused: UInt64?

    /// - Parameter stored: what an earlier process left, to go on from.
    init(restoring stored: StoredLink?) {
        itMatches = stored?.link.itMatches
        itRefused = stored?.link.itRefused
    }

    /// Begins a reading, or goes on with one.
    /// - Parameters:
    ///   - isWhole: the carousel has said everything once.
    ///   - decided: the newest decided record.
    /// - Returns: of a beginning, whether that makes sense now: the replica has to be whole.
    mutating func serve(
        _ order: ReadBackOrder, isWhole: Bool, decided: Stamp?, _ replica: inout Replica, _ committer: inout Committer,
        with hasher: inout SymbolHasher, now: MonotonicInstant, time: UnixMilliseconds
    ) -> Bool {
        switch order {
        case .begin(let number, let isNewConnection):
            if isNewConnection { cancel(&replica) }
            guard isWhole else { return false }
            replica.beginReading()
            committer.beginReading(number)
        case .compare(let values):
            for value in values {
                guard case .ghost(let stamp) = replica.compare(value, with: &hasher) else { continue }
                // A topic that found no room here may well be there.
                guard replica.isComplete, let stamp = stamp ?? decided else { continue }
                replica.noteGhost()
                committer.refreshDeletion(
                    of: value.topic, stamp: stamp, version: TopicVersion(rawValue: 1), time: time, now: now)
            }
        case .end(let isComplete, let expectations):
            guard isComplete, replica.isComplete else {
                cancel(&replica)
                return true
            }
            let result = replica.endReading(expectations, with: &hasher)
            itMatches = result == .right
            let before = itRefused
            itRefused = 0
            if case .differs(let wrong, let ghosts, let refused) = result {
                itRefused = UInt64(refused)
                // What is only refused is said once.
                if wrong + ghosts > 0 || itRefused != before {
                    committer.note(.itDiffers(wrong: wrong, ghosts: ghosts, refused: refused))
                }
            }
        case .cancel: cancel(&replica)
        }
        return true
    }

    /// Nobody knows what the IT broker retains.
    private mutating func cancel(_ replica: inout Replica) {
        itMatches = nil
        replica.cancelReading()
    }
}
