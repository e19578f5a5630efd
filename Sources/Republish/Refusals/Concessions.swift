internal import MQTT
internal import MQTTProtocol

/// What an IT broker cannot do, by its own words, and what it is offered instead, so that values arrive all the same.
///
/// | the broker | we |
/// |---|---|
/// | keeps no retained messages: CONNACK says so, or it answers 0x9A | publish without RETAIN, the will too |
/// | takes a lower QoS at most: CONNACK says so, or it answers 0x9B | publish at that QoS, the will too |
/// | refuses the connection with our will, or closes instead of an answer | connect without one, if it then does so and refuses the will again |
///
/// ```text
///          refused                granted, and given up again           refused
///  asked ────────────▶ without ───────────────────────────────▶ again ────────────▶ none
///    ▲ ◀── refused ───────┘                                        │ granted
///    └─────────────────────────────────────────────────────────────┘
/// ```
/// Each is in `lacks`, a sentence for status. A connection that stood and is lost begins again with everything.
struct Concessions: Sendable {
    private let wanted: Will
    private let wantedQoS: QoS
    private(set) var mayRetain = true
    private(set) var maximumQoS: QoS
    private enum WillState { case asked, without, again, none }
    private var willState = WillState.asked
    /// Of the connection that stands.
    private var isStanding = false

    /// - Parameter qos: the highest that the configuration asks for.
    init(will: Will, qos: QoS) {
        wanted = will
        wantedQoS = qos
        maximumQoS = qos
    }

    private var hasWill: Bool { willState == .asked || willState == .again }

    /// What the next connection asks the broker to publish for it.
    var will: Will? {
        guard hasWill else { return nil }
        var will = wanted
        will.retain = wanted.retain && mayRetain
        will.qos = min(wanted.qos, maximumQoS)
        return will
    }

    /// The broker granted a connection.
    /// - Returns: false if another one is to be tried first: what refused the will before may have been a broker that was just starting.
    mutating func granted(_ grant: ServerGrant) -> Bool {
        mayRetain = mayRetain && grant.retainAvailable
        maximumQoS = min(maximumQoS, grant.maximumQoS)
        if willState == .without {
            willState = .again
            return false
        }
        if willState == .again { willState = .asked }
        isStanding = true
        return true
    }

    /// No connection came.
    /// - Returns: whether the next one asks for something else.
    mutating func refused(_ error: ConnectionError) -> Bool {
        switch error {
        case .session(.refused(let code, _)):
            if concede(code) { return true }
            // A broker that is busy, or does not know us, says so of every connection.
            guard RefusalMeaning(code) != .later, code != .badUserNameOrPassword, code != .unsupportedProtocolVersion
            else { return false }
        case .closedByServer: break
        default: return false
        }
        switch willState {
        case .asked: willState = .without
        case .without: willState = .asked
        case .again: willState = .none
        case .none: return false
        }
        return true
    }

    /// The connection is lost.
    /// - Returns: whether the broker ended it because of something that it cannot do: no record is to blame then.
    mutating func lost(_ end: ConnectionEnd) -> Bool {
        isStanding = false
        if case .told(let code) = end, concede(code) { return true }
        (willState, mayRetain, maximumQoS) = (.asked, true, wantedQoS)
        return false
    }

    private mutating func concede(_ code: ReasonCode) -> Bool {
        switch code {
        case .retainNotSupported where mayRetain: mayRetain = false
        case .qosNotSupported:
            guard let next = QoS(rawValue: maximumQoS.rawValue &- 1), maximumQoS > .atMostOnce else { return false }
            maximumQoS = next
        default: return false
        }
        return true
    }

    /// What status says of it, while the connection stands.
    var lacks: [String] {
        guard isStanding else { return [] }
        var lacks: [String] = []
        if !mayRetain { lacks.append("the IT broker keeps no retained messages: values are published without RETAIN") }
        if maximumQoS < wantedQoS {
            lacks.append("the IT broker takes QoS \(maximumQoS.rawValue) at most: what is above is published at that")
        }
        if !hasWill { lacks.append("the IT broker refuses our will: it will not say when this receiver vanishes") }
        return lacks
    }
}
