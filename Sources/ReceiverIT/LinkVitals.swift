import DiodeProtocol
import Time

/// How a link was when it was last looked at: stored about once a second, for the audit and for the next start.
struct LinkVitals: Sendable, Equatable {
    var at: UnixMilliseconds
    var state: LinkState
    var since: UnixMilliseconds
    var reason: String
    var heardUntil: UnixMilliseconds?
    var clockOffsetMilliseconds: ClosedRange<Int64>?
    var beat: Beat?
    /// Over all starts.
    var counters: ReceiverCounters
}
