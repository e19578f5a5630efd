internal import MQTTProtocol
internal import Time

/// Which version a connection speaks next, under `VersionPolicy.automatic`: 5, and 3.1.1 for a server that does not know 5.
///
/// ```text
///            says "unsupported protocol version"
///  5 ───────────────────────────────────────────────────────────────▶ 3.1.1, this once
///  ▲ └─ no CONNACK, twice ─▶ 3.1.1 ── CONNACK ─▶ hung up, 5 once more ── no CONNACK ─▶ 3.1.1 ── connection lost ─┐
///  │                                                     └─ CONNACK: it was down, not old                         │ an hour later,
///  └──────────────────────────────────────────────────────────────────────────────────────────────────────────────┘ with the next dial
/// ```
///
/// Old servers answer a CONNECT of MQTT 5 with silence or by closing, as a server does that is down behind a proxy. Only the direct comparison
/// tells which of the two it is. A server that has spoken 5 once is never taken for an old one.
struct VersionChoice: Sendable {
    /// Connections without CONNACK after which 3.1.1 is tried.
    private static let patience = 2
    /// How long a server is taken for an old one before 5 is tried again.
    private static let pause = Duration.seconds(3_600)

    private enum State: Sendable, Equatable {
        case trying(failures: Int)
        /// 3.1.1 is tried because 5 was not answered.
        case comparing
        /// 3.1.1 was answered; 5 once more.
        case confirming
        /// The server knows 3.1.1 alone.
        case old(until: Duration)
        /// The next one alone speaks 3.1.1, because the server asked for it.
        case refused
    }

    private let policy: VersionPolicy
    private var state = State.trying(failures: 0)
    private var hasSpoken5 = false

    init(_ policy: VersionPolicy) { self.policy = policy }

    /// What the next connection speaks.
    mutating func next(now: Duration) -> ProtocolVersion {
        guard policy == .automatic else { return policy == .v3_1_1 ? .v3_1_1 : .v5 }
        if case .old(let until) = state, now >= until { state = .trying(failures: 0) }
        switch state {
        case .trying, .confirming: return .v5
        case .comparing, .old, .refused: return .v3_1_1
        }
    }

    /// The server said yes.
    /// - Returns: whether the connection is to be ended at once, so that 5 is tried once more.
    mutating func granted(_ version: ProtocolVersion) -> Bool {
        if version == .v5 {
            hasSpoken5 = true
            state = .trying(failures: 0)
            return false
        }
        guard state == .comparing else { return false }
        state = .confirming
        return true
    }

    /// A connection ended.
    /// - Parameters:
    ///   - isAnswered: the server had sent a CONNACK, whatever it said.
    ///   - isDialled: the way to the server stood.
    /// - Returns: whether the next one is to be dialled without a pause.
    mutating func ended(_ failure: ConnectionError, isAnswered: Bool, isDialled: Bool, now: Duration) -> Bool {
        guard policy == .automatic else { return false }
        if case .session(.refused(.unsupportedProtocolVersion, _)) = failure {
            guard state != .refused else {
                state = .trying(failures: 0)
                return false
            }
            state = .refused
            return true
        }
        switch state {
        case .trying(let failures):
            guard !isAnswered, isDialled, !hasSpoken5 else {
                if isAnswered { state = .trying(failures: 0) }
                return false
            }
            state = failures + 1 >= Self.patience ? .comparing : .trying(failures: failures + 1)
            return state == .comparing
        case .comparing:
            state = .trying(failures: 0)
            return false
        case .confirming:
            guard !isAnswered, isDialled else {
                state = .trying(failures: 0)
                return false
            }
            state = .old(until: now + Self.pause)
            return true
        case .old:
            if !isAnswered, isDialled { state = .trying(failures: 0) }
            return false
        case .refused:
            state = .trying(failures: 0)
            return false
        }
    }
}
