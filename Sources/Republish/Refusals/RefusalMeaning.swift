internal import MQTT
internal import MQTTProtocol

/// What a reason code says of the record that it answers.
///
/// | code | of MQTT 5, §2.4 | means |
/// |---|---|---|
/// | 0x87, 0x90, 0x95, 0x99, 0x9A, 0x9B | not authorized, topic name invalid, packet too large, payload format invalid, retain or QoS not supported | never: the next try is answered alike |
/// | 0x88, 0x89, 0x8B, 0x93, 0x96, 0x97, 0x98, 0x9C, 0x9D, 0x9F | unavailable, busy, shutting down, receive maximum, rate, quota, administrative action, another server, connection rate | later: it says nothing of the record |
/// | 0x80, 0x83 and every other | unspecified, implementation specific | nobody knows: later, unless this record alone fails again and again |
enum RefusalMeaning: Sendable, Equatable {
    case never, later, unclear

    init(_ code: ReasonCode) {
        switch code.rawValue {
        case 0x87, 0x90, 0x95, 0x99, 0x9A, 0x9B: self = .never
        case 0x88, 0x89, 0x8B, 0x93, 0x96, 0x97, 0x98, 0x9C, 0x9D, 0x9F: self = .later
        default: self = .unclear
        }
    }
}

/// How a connection ended, as far as that says something of what was on its way.
enum ConnectionEnd: Sendable, Equatable {
    /// The broker said why, in DISCONNECT.
    case told(ReasonCode)
    /// It closed, or the network broke: nobody can tell the one from the other.
    case untold
    /// We gave it up: a record stayed without an answer.
    case unanswered
    /// It had asked for something that the broker cannot do; the next one does not.
    case conceded

    init(_ error: ConnectionError) {
        guard case .session(let fault) = error else {
            self = .untold
            return
        }
        switch fault {
        case .disconnected(let code, _) where code.isFailure: self = .told(code)
        case .silent(.acknowledgement): self = .unanswered
        default: self = .untold
        }
    }

    var meaning: RefusalMeaning {
        switch self {
        // The connection was taken over, or was silent for too long: both are about the connection.
        case .told(.sessionTakenOver), .told(.keepAliveTimeout): .later
        case .told(let code): RefusalMeaning(code)
        case .untold, .unanswered: .unclear
        case .conceded: .later
        }
    }
}
