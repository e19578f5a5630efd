/// Why a session cannot go on over this network connection. The next connection may resume it.
public enum SessionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What the server sent is not MQTT.
    case malformed(CodecError)
    /// What the server sent is MQTT, but not allowed here.
    case violation(Violation)
    /// CONNACK said no; `text` is the server's explanation.
    case refused(ReasonCode, text: String?)
    /// The server said goodbye.
    case disconnected(ReasonCode, text: String?)
    /// The server did not answer in time.
    case silent(Silence)

    public enum Violation: Sendable, Hashable {
        /// Anything but CONNACK before CONNACK, or a second CONNACK, or AUTH that nobody asked for.
        case unexpectedPacket(PacketType)
        /// More QoS 1 and 2 messages unacknowledged than we allowed.
        case receiveMaximumExceeded(UInt16)
    }

    public enum Silence: String, Sendable, Hashable {
        case connack = "CONNACK"
        case pingresp = "PINGRESP"
        case acknowledgement = "an acknowledgement"
    }

    /// What a DISCONNECT tells the server, if there is something to tell.
    public var reasonCode: ReasonCode? {
        switch self {
        case .malformed(let error): error.reasonCode
        case .violation(.receiveMaximumExceeded): .receiveMaximumExceeded
        case .violation: .protocolError
        case .silent(.pingresp): .keepAliveTimeout
        case .silent: .unspecifiedError
        case .refused, .disconnected: nil
        }
    }

    public var description: String {
        switch self {
        case .malformed(let error): "the server sent a \(error)"
        case .violation(let violation): "the server broke the protocol: \(violation)"
        case .refused(let reason, let text): "the server refused the connection: \(reason)" + Self.quote(text)
        case .disconnected(let reason, let text): "the server disconnected: \(reason)" + Self.quote(text)
        case .silent(let missing): "the server did not send \(missing.rawValue) in time"
        }
    }

    private static func quote(_ text: String?) -> String { text.map { ", \"\($0)\"" } ?? "" }
}
