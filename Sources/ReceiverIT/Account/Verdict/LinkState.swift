/// How far the receiver can trust that what it has is current.
public enum LinkState: Sendable, CaseIterable {
    /// Beats of the sender come in time and nothing is missing.
    case online
    /// Beats come, and something is missing, values are late, or the sender raised an alarm.
    case degraded
    /// Beats came, but none for `silence_timeout`; or they come later than `freshness.stale` after they were signed.
    case stale
    /// No beat was ever heard.
    case offline

    /// Whether what the sender last said of itself may no longer hold.
    public var isSilent: Bool {
        switch self {
        case .online, .degraded: false
        case .stale, .offline: true
        }
    }
}
