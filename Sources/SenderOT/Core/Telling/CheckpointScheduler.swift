internal import DiodeProtocol
internal import Time

/// Decides when a checkpoint goes into the live stream: at least one each period, idle or not (ADR 0011).
///
/// ```text
///          3/4 of the period            few are left, or the period is over
/// waiting ──────────────────▶ hashing ──────────────────────────────────────▶ made, waiting again
///                             a step each millisecond
/// ```
///
/// A checkpoint holds for its very position, so whatever changed must be hashed there and then. Hashing in small steps before
/// leaves little for that moment, and no record waits for a million hashes.
struct CheckpointScheduler {
    /// What to do now.
    enum Decision: Equatable {
        case wait
        /// Hash some of what changed.
        case hash
        /// Hash the rest and say it.
        case say
    }

    /// What one step hashes: topics, and bytes of values, either of which takes about a quarter of a millisecond.
    static let stepTopics = 512
    static let stepBytes = 256 << 10
    private static let stepPause: UInt64 = 1_000_000

    private let period: UInt64
    private var hasBegun = false
    /// By when the next one has to be said.
    private var dueAt: UInt64 = 0
    private var hashFrom: UInt64 = 0

    /// - Parameter period: above zero.
    init(period: Duration) {
        precondition(period > .zero, "checkpoints have a period")
        self.period = period.nanoseconds
    }

    /// Starts with the first period: what the slots hold is the whole state.
    mutating func begin(_ now: MonotonicInstant) {
        guard !hasBegun else { return }
        hasBegun = true
        schedule(now)
    }

    /// When to decide again; nil before the beginning.
    var deadline: MonotonicInstant? { hasBegun ? MonotonicInstant(nanoseconds: hashFrom) : nil }

    /// - Parameter changed: topics that have to be hashed.
    mutating func decide(changed: Int, now: MonotonicInstant) -> Decision {
        guard hasBegun, now.nanoseconds >= hashFrom else { return .wait }
        guard changed > Self.stepTopics, now.nanoseconds < dueAt else {
            schedule(now)
            return .say
        }
        hashFrom = min(now.nanoseconds + Self.stepPause, dueAt)
        return .hash
    }

    private mutating func schedule(_ now: MonotonicInstant) {
        dueAt = now.nanoseconds + period
        hashFrom = now.nanoseconds + period / 4 * 3
    }
}
