internal import Account
package import DiodeProtocol
package import Time

/// Signed beats on their way into the ledger: which of them are kept, and when (ADR 0015).
///
/// ```text
///  beats     · · · · · · E · · · · · · · · · · L · · · · · · · ·      E: an epoch began or ended      at once
///  anchors             └ E                          └ L       └ B      L: it made a gap lost           within a minute
///                                                                     B: a balance is noted           with it
/// ```
/// One that was kept is not kept again: a silent link adds nothing.
package struct Anchors: Sendable {
    /// How soon the ledger must have a beat.
    enum Urgency: Int, Comparable, Sendable {
        case withBalance, withinMinute, now

        static func < (a: Urgency, b: Urgency) -> Bool { a.rawValue < b.rawValue }
    }

    /// The newest beat of a sender, and the greatest urgency of it and those before that were not kept.
    package struct Candidate: Sendable {
        /// The place of its card.
        package var sender = 0
        package var beat: SignedBeat
        package var said: Beat
        var urgency: Urgency

        mutating func merge(_ newer: Candidate) {
            let urgency = max(urgency, newer.urgency)
            self = newer
            self.urgency = urgency
        }
    }

    private static let period: UInt64 = 60_000

    /// By sender.
    private var candidates: [Int: Candidate] = [:]
    private var next: UInt64 = 0

    package init() {}

    /// A beat came, and what it changed is in the transaction that is being prepared.
    package mutating func note(_ newer: Candidate) {
        if candidates[newer.sender]?.merge(newer) == nil { candidates[newer.sender] = newer }
    }

    /// What the next transaction keeps.
    package func due(at time: UnixMilliseconds, withBalance: Bool) -> [Candidate] {
        // A clock that was set back may not hold it up.
        let isMinuteOver = time.rawValue >= next || next - time.rawValue > Self.period
        let least: Urgency = withBalance ? .withBalance : isMinuteOver ? .withinMinute : .now
        return candidates.filter { $0.value.urgency >= least }.sorted { $0.key < $1.key }.map(\.value)
    }

    /// That transaction has happened.
    package mutating func committed(at time: UnixMilliseconds, withBalance: Bool) {
        let kept = due(at: time, withBalance: withBalance)
        guard !kept.isEmpty else { return }
        for candidate in kept { candidates[candidate.sender] = nil }
        next = time.rawValue.plus(Self.period)
    }

    /// What the beats changed is not stored: they may not stand in the ledger before it is.
    package mutating func drop() { candidates = [:] }
}
