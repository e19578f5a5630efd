/// Whether an edge node of the plant lives, as far as it has been heard: a death may be missed, and a will of QoS 0 is, if nobody is subscribed.
///
/// ```text
///            doubt                 asked                not heard in time
///  heard ──────────▶ doubted ────────────────▶ asked ─────────────────────┐
///    ▲                  ▲                        │ is heard               ▼
///    ├──────────────────│────────────────────────┘                  presumed dead
///    ├──────────────────│─────────────────────────────── is heard ────┘ ▲  │ doubt
///                       └─────────── is heard ◀── presumed dead, doubted ◀─┘
/// ```
///
/// What is heard in doubt and before the question proves nothing: the broker may have kept it since before the node died.
struct NodeLife: Sendable {
    private enum State: Equatable {
        case heard
        case doubted
        case asked(since: Duration)
        case presumedDead(isDoubted: Bool)
    }

    private var state = State.heard

    var isPresumedDead: Bool {
        if case .presumedDead = state { true } else { false }
    }

    /// Something was missed, in which it may have died.
    mutating func doubt() { state = isPresumedDead ? .presumedDead(isDoubted: true) : .doubted }

    /// The node was asked for a birth.
    mutating func asked(now: Duration) {
        if state == .doubted { state = .asked(since: now) }
    }

    /// The node has said something.
    mutating func hear() {
        switch state {
        case .heard, .doubted: break
        case .asked, .presumedDead(isDoubted: false): state = .heard
        case .presumedDead(isDoubted: true): state = .doubted
        }
    }

    /// It has died, or was born: nothing is in doubt.
    mutating func settle() { state = .heard }

    mutating func presumeDead() { state = .presumedDead(isDoubted: false) }

    /// Whether it was asked so long ago and was not heard since.
    func isSilent(for time: Duration, now: Duration) -> Bool {
        if case .asked(let since) = state { now >= since + time } else { false }
    }

    /// Whether `isSilent` may become true without anything else happening.
    var isAsked: Bool {
        if case .asked = state { true } else { false }
    }
}
