package import DiodeProtocol
package import Time

/// What comparing the replica with the sender's checkpoints has shown (ADR 0013).
///
/// ```text
///                      equal                              differs, settled
///  unknown ───────────────────────────▶ matches ◀───▶ differs
///     ▲  differs, but the carousel has not told everything since the last gap    │
///     └──── a gap opens; a topic found no room ◀─────────────────────────────────┘
/// ```
package struct DigestWatch: Sendable, Equatable {
    /// Whether the replica equals the sender's state; nil while that cannot be said.
    package private(set) var matches: Bool?
    /// The newest record that the last answer covers, and when it was given.
    package private(set) var comparedAt: Stamp?
    package private(set) var comparedTime: UnixMilliseconds?

    init() {}

    /// As it was stored.
    package init(matches: Bool?, comparedAt: Stamp?, comparedTime: UnixMilliseconds?) {
        self.matches = matches
        self.comparedAt = comparedAt
        self.comparedTime = comparedTime
    }

    /// Something is missing: nobody can say.
    mutating func disturb() { matches = nil }

    /// A checkpoint was passed.
    /// - Parameters:
    ///   - isComparable: nothing is missing before it, and every topic found room.
    ///   - isSettled: a difference is none that the carousel has still to heal.
    /// - Returns: whether the answer is news: the first difference, or the end of it.
    mutating func note(
        _ comparison: DigestComparison, isComparable: Bool, isSettled: Bool, time: UnixMilliseconds
    ) -> Bool {
        guard isComparable, comparison.isEqual || isSettled else {
            matches = nil
            return false
        }
        let isNews = comparison.isEqual ? matches == false : matches != false
        matches = comparison.isEqual
        comparedAt = comparison.at
        comparedTime = time
        return isNews
    }
}
