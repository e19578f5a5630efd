internal import MQTT
internal import MQTTProtocol
internal import Sparkplug
internal import Time

/// The connection of one edge node: dialled with the node's death as its will, and again after it was lost.
///
/// ```text
///            dial                 hears its commands             lost, or told to end
///  due ─────────────▶ dialling ──────────────────────▶ stands ──────────────────────▶ gone
///   ▲ not before a pause, which grows while connections do not last                      │ the proxy wants another
///   └────────────────────────────────────────────────────────────────────────────────────┘
/// ```
struct EdgeNodeConnection {
    private static let firstPause = Duration.milliseconds(250)
    private static let lasting = Duration.seconds(10)
    private static let patience = 2

    /// Of its death.
    private(set) var will: EdgeNodeProxy.Message?
    private(set) var connection: Connection?
    /// Names the connection: what an earlier one still says does not count. 0: there is none.
    private(set) var generation: UInt64 = 0
    /// When it is dialled; nil: it is, or nobody wants it.
    private(set) var dialAt: MonotonicInstant?
    /// Since when it stands.
    private var connectedAt: MonotonicInstant?
    /// Before it is dialled: none, unless the last connection was lost soon.
    private var pause = Duration.zero
    private var version: ProtocolVersion?
    /// The proxy wants it, and has not let it go since.
    private var isWanted = false
    /// It was told to say goodbye.
    private var isEnding = false
    /// It had a connection before.
    private(set) var isKnown = false
    /// Attempts, and connections that did not last, since one did; and what the last of them ended with.
    private var failures = 0
    private(set) var failure = ""
    /// Not dialled before this has passed, whatever happens.
    private var rest = Duration.zero

    /// It hears its commands, and the proxy knows.
    var stands: Bool { connectedAt != nil }
    /// It is wanted, and the IT broker has not let it stay for longer than a moment, again and again.
    func isUnconnected(now: MonotonicInstant) -> Bool {
        isWanted && failures >= Self.patience && !hasLasted(now: now)
    }

    private func hasLasted(now: MonotonicInstant) -> Bool {
        connectedAt.map { $0.advanced(by: Self.lasting) <= now } ?? false
    }

    /// It stands for a longer time; one that does not stand is younger than any.
    func isOlder(than other: EdgeNodeConnection) -> Bool {
        guard let connectedAt else { return false }
        return other.connectedAt.map { connectedAt < $0 } ?? true
    }

    /// The broker publishes the will itself however the connection ends
    /// (`tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt50`).
    var isBuriedByBroker: Bool { version == .v5 }

    /// The proxy wants a connection with this will.
    mutating func want(_ will: EdgeNodeProxy.Message, now: MonotonicInstant) {
        self.will = will
        isWanted = true
        dialAt = now.advanced(by: pause)
    }

    /// It is being dialled, or cannot be.
    mutating func dialled() { dialAt = nil }

    mutating func opened(_ connection: Connection) { self.connection = connection }

    /// - Parameter generation: what names the connection that is made now.
    mutating func begin(_ generation: UInt64) { self.generation = generation }

    mutating func accepted(_ version: ProtocolVersion) { self.version = version }

    /// It hears commands from now on.
    mutating func stood(since now: MonotonicInstant) {
        connectedAt = now
        isKnown = true
    }

    /// An attempt failed, or the connection broke.
    mutating func failed(_ reason: String, now: MonotonicInstant) {
        guard !isEnding else { return }
        failures = hasLasted(now: now) ? 1 : failures + 1
        failure = reason
    }

    /// The IT broker cannot take what the node has to say: it ends, and rests before it tries again.
    mutating func isRefused(_ reason: String, rest: Duration) {
        failures = Self.patience
        failure = reason
        self.rest = rest
        stop()
    }

    /// Ends it at once, with its will: nobody has published the death of what was born over it. The proxy says whether another is wanted.
    func stop() { connection?.requestStop(withWill: true) }

    /// Says goodbye, with the death that only a broker of MQTT 5 publishes by itself.
    /// - Returns: false if there is nobody to say it to; then it is not dialled either.
    mutating func end(drain: Duration) -> Bool {
        isWanted = false
        guard let connection else {
            (dialAt, failures, failure) = (nil, 0, "")
            return false
        }
        isEnding = true
        connection.requestStop(drain: drain, withWill: isBuriedByBroker)
        return true
    }

    /// The connection is gone; whether another is wanted, the proxy says next.
    mutating func lost(now: MonotonicInstant, longestPause: Duration) {
        connection?.requestStop()
        connection = nil
        generation = 0
        // One that lasted, or ended as it should, is replaced at once.
        let lasted = isEnding || hasLasted(now: now)
        pause = max(rest, lasted ? .zero : min(max(pause * 2, Self.firstPause), longestPause))
        // One that has to rest was refused, however long it stood before.
        if lasted && rest == .zero { failures = 0 }
        rest = .zero
        connectedAt = nil
        isEnding = false
        isWanted = false
    }
}

extension EdgeNodeProxy.Message {
    /// Without it hosts can do nothing with what follows.
    var isNodeBirth: Bool { SparkplugTopic(topic.span.bytes)?.type == .nodeBirth }
}
