internal import Time

/// Keeps one event from drowning the others: at most `limit` lines per name within `window`, the rest are counted.
///
/// Time is a parameter. It remembers at most `maximumNames` names; those beyond share one allowance.
struct EventThrottle {
    /// What was held back under one name.
    struct Suppressed: Equatable {
        let event: String
        let count: Int
    }

    static let limit = 20
    static let window = Duration.seconds(10)
    static let maximumNames = 256
    /// The name under which events beyond `maximumNames` are counted.
    static let rest = "other"

    private struct Window {
        var end: MonotonicInstant
        var lines = 0
        var suppressed = 0
    }

    private var windows: [String: Window] = [:]
    private var nextEnd = MonotonicInstant.distantFuture

    /// - Returns: whether the event may be written.
    mutating func admits(_ event: String, now: MonotonicInstant) -> Bool {
        let name = windows[event] != nil || windows.count < Self.maximumNames ? event : Self.rest
        var window = windows[name] ?? Window(end: now.advanced(by: Self.window))
        let admitted = window.lines < Self.limit
        if admitted { window.lines += 1 } else { window.suppressed += 1 }
        windows[name] = window
        nextEnd = min(nextEnd, window.end)
        return admitted
    }

    /// Closes the windows that are over, or all of them, and tells what they held back.
    mutating func closed(now: MonotonicInstant, all: Bool = false) -> [Suppressed] {
        guard all || now >= nextEnd else { return [] }
        var told: [Suppressed] = []
        for (name, window) in windows where all || now >= window.end {
            if window.suppressed > 0 { told.append(Suppressed(event: name, count: window.suppressed)) }
            windows[name] = nil
        }
        nextEnd = windows.values.map(\.end).min() ?? .distantFuture
        return told.sorted { $0.event < $1.event }
    }
}
