internal import DiodeProtocol
public import Time

/// From when until when an audit looks, by the receiver's clock: `since` ≤ t < `until`.
public struct AuditPeriod: Hashable, Sendable {
    /// nil: from the beginning.
    public let since: UnixMilliseconds?
    /// nil: until now.
    public let until: UnixMilliseconds?

    /// All of time.
    public static let whole = AuditPeriod(since: nil, until: nil)

    private init(since: UnixMilliseconds?, until: UnixMilliseconds?) {
        self.since = since
        self.until = until
    }

    /// - Throws: `AuditPeriodError.empty` unless `since` is before `until`.
    public init(from since: UnixMilliseconds?, to until: UnixMilliseconds?) throws(AuditPeriodError) {
        if let since, let until, until <= since { throw .empty }
        self.init(since: since, until: until)
    }

    /// Reads what was given with `--since` and `--until`: an RFC 3339 time, or a date, which is its first instant in the zone.
    ///
    /// So `--since 2026-11-01 --until 2026-12-01` is November, and the last day of a month is in it.
    public init(since: String?, until: String?, zone: TimeZoneRule = .utc) throws(AuditPeriodError) {
        try self.init(
            from: Self.instant(since, option: "--since", zone: zone),
            to: Self.instant(until, option: "--until", zone: zone))
    }

    public func contains(_ time: UnixMilliseconds) -> Bool {
        (since.map { $0 <= time } ?? true) && (until.map { time < $0 } ?? true)
    }

    /// Whether something that lasted from `from` (and ended before `to`, or goes on where that is nil) touches the period.
    public func touches(from: UnixMilliseconds, to: UnixMilliseconds?) -> Bool {
        if let until, from >= until { return false }
        guard let since, let to else { return true }
        return to > since || from >= since
    }

    private static func instant(
        _ text: String?, option: String, zone: TimeZoneRule
    ) throws(AuditPeriodError) -> UnixMilliseconds? {
        guard let text else { return nil }
        guard let time = CalendarDay.instant(text) ?? CalendarDay.start(text, in: zone) else {
            throw .notATime(option: option, text: text)
        }
        return time
    }
}

/// What is wrong with `--since` and `--until`.
public enum AuditPeriodError: Error, Hashable, Sendable, CustomStringConvertible {
    case notATime(option: String, text: String)
    case empty

    public var description: String {
        switch self {
        case .notATime(let option, let text):
            "\(option): '\(ShownText.line(text))' is neither a date like 2026-11-21 nor a time like 2026-11-21T09:30:00Z"
                + " (RFC 3339, from 1970)"
        case .empty: "--until must be later than --since: the period runs up to, and without, --until"
        }
    }
}
