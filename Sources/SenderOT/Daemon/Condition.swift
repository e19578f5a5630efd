internal import DiodeProtocol
internal import JSON
internal import Time

/// How one part of the whole is: one of the four objects of `status` (C1).
///
/// ```js
/// { "state": "degraded", "since": "2026-11-21T09:31:02.120Z", "reason": "the OT broker speaks only MQTT 3.1.1 …" }
/// ```
struct Condition: Sendable, Equatable {
    enum State: String, Sendable { case online, degraded, offline, unknown }

    private(set) var state: State
    private(set) var since: UnixMilliseconds
    private(set) var reason: String

    init(_ state: State, since: UnixMilliseconds, reason: String = "") {
        self.state = state
        self.since = since
        self.reason = reason
    }

    /// Takes what holds now; `since` moves only when the state does.
    mutating func become(_ state: State, reason: String = "", at now: UnixMilliseconds) {
        if state != self.state { since = now }
        self.state = state
        self.reason = reason
    }

    var json: JSONValue {
        ["state": .text(state.rawValue), "since": .text(CalendarTime.text(since)), "reason": .text(reason)]
    }
}
