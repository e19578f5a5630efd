/// How much an event matters, as syslog and journald number it (RFC 5424 §6.2.1).
public enum EventLevel: Int, Comparable, Sendable, CaseIterable {
    /// Something promised does not hold: records are lost, a database is damaged.
    case error = 3
    /// Something will not hold if nobody acts: disk nearly full, link stale.
    case warning = 4
    /// A change of state that an operator wants to find again: started, connected, gap healed.
    case notice = 5
    /// What is normal and explains the rest.
    case info = 6
    /// What only a developer asks for.
    case debug = 7

    public static func < (left: EventLevel, right: EventLevel) -> Bool { left.rawValue < right.rawValue }

    /// The level's name, for example `warning`.
    public var name: String {
        switch self {
        case .error: "error"
        case .warning: "warning"
        case .notice: "notice"
        case .info: "info"
        case .debug: "debug"
        }
    }
}
