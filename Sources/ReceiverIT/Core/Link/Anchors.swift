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

    /// The newest beat, and the greatest urgency of it and those before that were not kept.
    package struct Candidate: Sendable {
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

    private var candidate: Candidate?
    private var next: UInt64 = 0

    package init() {}

    /// A beat came, and what it changed is in the transaction that is being prepared.
    package mutating func note(_ newer: Candidate) {
        if candidate == nil { candidate = newer } else { candidate?.merge(newer) }
    }

    /// What the next transaction keeps.
    package func due(at time: UnixMilliseconds, withBalance: Bool) -> Candidate? {
        guard let candidate else { return nil }
        switch candidate.urgency {
        case .now: return candidate
        // A clock that was set back may not hold it up.
        case .withinMinute:
            return withBalance || time.rawValue >= next || next - time.rawValue > Self.period ? candidate : nil
        case .withBalance: return withBalance ? candidate : nil
        }
    }

    /// That transaction has happened.
    package mutating func committed(at time: UnixMilliseconds, withBalance: Bool) {
        guard due(at: time, withBalance: withBalance) != nil else { return }
        candidate = nil
        next = time.rawValue.plus(Self.period)
    }

    /// What the beats changed is not stored: they may not stand in the ledger before it is.
    package mutating func drop() { candidate = nil }
}
