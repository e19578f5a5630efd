/// How far the receiver can trust that what it has is current.
public enum LinkState: Sendable, CaseIterable {
    /// The sender is heard and nothing is missing.
    case online
    /// The sender is heard, and something is missing or the sender raised an alarm.
    case degraded
    /// The sender was heard, but not for `silence_timeout`.
    case stale
    /// Nothing was ever heard.
    case offline

    /// Whether the sender is not heard now: what it last said of itself may no longer hold.
    public var isSilent: Bool {
        switch self {
        case .online, .degraded: false
        case .stale, .offline: true
        }
    }
}
