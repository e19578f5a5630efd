/// How long to wait before dialling again: doubles from one failure to the next, and is random within its upper half so
/// that many clients of one broker do not come back together.
///
/// A connection that lived longer than the next pause would be counts as good, and the pauses start over.
struct Backoff: Sendable {
    let minimum: Duration
    let maximum: Duration
    /// Failures in a row.
    private(set) var failures = 0

    init(minimum: Duration, maximum: Duration) {
        precondition(minimum > .zero && maximum >= minimum, "0 < minimum ≤ maximum")
        self.minimum = minimum
        self.maximum = maximum
    }

    /// The next pause before its random factor: minimum · 2^failures, at most `maximum`.
    var ceiling: Duration { min(maximum, minimum * (1 << min(failures, 30))) }

    /// - Parameters:
    ///   - lifetime: how long the connection stood that has just ended; nil if there was none.
    ///   - random: any number.
    /// - Returns: 0.5…1 times the ceiling.
    mutating func pause(afterLifetime lifetime: Duration?, random: UInt64) -> Duration {
        if let lifetime, lifetime > ceiling { failures = 0 }
        defer { failures += 1 }
        return ceiling / 2 + ceiling * Double(random >> 11) * 0x1p-53 / 2
    }
}
