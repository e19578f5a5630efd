/// The MQTT versions this client speaks; the raw value is the Protocol Level byte of CONNECT (MQTT 5 §3.1.2.2).
public enum ProtocolVersion: UInt8, Sendable, CustomStringConvertible {
    /// MQTT 3.1.1: no properties, no reason codes, retain cleared on live messages.
    case v3_1_1 = 4
    /// MQTT 5.0.
    case v5 = 5

    public var description: String { self == .v5 ? "5" : "3.1.1" }
}

/// Which versions a connection may use; the raw value is the configuration's spelling.
public enum VersionPolicy: String, Sendable {
    /// Only MQTT 5.
    case v5 = "5"
    /// Only MQTT 3.1.1.
    case v3_1_1 = "3.1.1"
    /// MQTT 5 first; 3.1.1 when the server refuses with *unsupported protocol version*, or answers 3.1.1 and not 5. 5 is tried again
    /// later, so that an upgraded broker is noticed.
    case automatic = "auto"
}

/// Quality of service (MQTT 5 §4.3).
public enum QoS: UInt8, Sendable, Comparable {
    case atMostOnce = 0
    case atLeastOnce = 1
    case exactlyOnce = 2

    public static func < (a: QoS, b: QoS) -> Bool { a.rawValue < b.rawValue }
}
