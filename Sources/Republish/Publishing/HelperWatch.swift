internal import MQTT
internal import Sparkplug
internal import Time

/// Whether the IT broker takes our connections for one client, so that they end each other (`OwnConnections`). Then the publisher's stays, and
/// its helpers, which read back and speak for edge nodes, stay away.
///
/// A broker may end connections for other reasons: at a record, or because the network fails. So an end without a word counts only if a helper
/// that was accepted just before stands on, and never while a helper has stood beside the publisher's connection lately.
struct HelperWatch {
    enum Helper: Hashable {
        case reader
        case node(EdgeNodeID)
    }

    /// How long both stand until the broker is known to tell them apart.
    private static let probation = Duration.seconds(2)
    /// How long that is remembered.
    private static let memory = Duration.seconds(60)

    private var own = OwnConnections()
    private var helpers: Set<Helper> = []
    private var isConnected = false
    /// Since when the publisher's connection and a helper's stand.
    private var besideSince: MonotonicInstant?
    private var toldApartUntil: MonotonicInstant?
    /// When the publisher's connection was accepted, and the newest of a helper.
    private var acceptedAt: (main: MonotonicInstant?, helper: MonotonicInstant?)

    /// Helpers stay away.
    var areDisplaced: Bool { own.areDisplaced }

    /// What an operator should know.
    static let alarm =
        "the IT broker takes all our connections for one client (is the client identifier made from user or certificate?):"
        + " what it retains is not read back, and edge nodes are not spoken for"

    /// - Returns: whether it is known from now on that the connections end each other.
    mutating func connected(now: MonotonicInstant) -> Bool {
        isConnected = true
        acceptedAt.main = now
        if !helpers.isEmpty { besideSince = now }
        return own.connected(.main, now: now)
    }

    /// - Returns: as of `connected`.
    mutating func lost(_ error: ConnectionError, now: MonotonicInstant) -> Bool {
        isConnected = false
        return ended(.main, error, now: now)
    }

    /// What becomes of a helper's connection.
    /// - Returns: as of `connected`.
    mutating func helper(_ helper: Helper, _ state: ConnectionState, now: MonotonicInstant) -> Bool {
        switch state {
        case .connecting: return false
        case .connected:
            helpers.insert(helper)
            acceptedAt.helper = now
            if isConnected, besideSince == nil { besideSince = now }
            return own.connected(.helper, now: now)
        case .stopped:
            guard helpers.remove(helper) != nil, helpers.isEmpty else { return false }
            endedBeside(now: now)
            own.stopped(.helper)
            return false
        case .disconnected(let error, _):
            guard helpers.remove(helper) != nil, helpers.isEmpty else { return false }
            // What was accepted later did not make way for the publisher's: the broker means the helper, or what it asked for.
            let isYounger = isConnected && (acceptedAt.helper ?? now) > (acceptedAt.main ?? now)
            return ended(.helper, error, saysNothing: isYounger, now: now)
        }
    }

    private mutating func ended(
        _ role: OwnConnections.Role, _ error: ConnectionError, saysNothing: Bool = false, now: MonotonicInstant
    ) -> Bool {
        endedBeside(now: now)
        var ending = OwnConnections.Ending(error)
        let isToldApart = toldApartUntil.map { now < $0 } ?? false
        if ending == .closed, saysNothing || isToldApart { ending = .otherwise }
        return own.ended(role, ending, now: now)
    }

    private mutating func endedBeside(now: MonotonicInstant) {
        if let since = besideSince, now >= since.advanced(by: Self.probation) {
            toldApartUntil = now.advanced(by: Self.memory)
        }
        besideSince = nil
    }

    /// - Returns: whether helpers are to try again.
    mutating func retry(now: MonotonicInstant) -> Bool { own.retry(now: now) }

    /// When they are.
    var deadline: MonotonicInstant? { own.retryAt }
}
