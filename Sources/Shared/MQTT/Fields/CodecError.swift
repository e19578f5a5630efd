/// Why bytes are not an MQTT packet that this client may receive.
///
/// `offset` counts from the first byte of the packet (or of the span given to a reader of its own) to the field at
/// fault.
public struct CodecError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Reason: Sendable, Hashable {
        /// A field runs past the end of its packet.
        case truncated
        /// Bytes are left after the last field.
        case trailingBytes(Int)
        /// A Variable Byte Integer of more than four bytes, or longer than need be [MQTT-1.5.5-1].
        case invalidVariableByteInteger
        /// The packet is larger than the receiver allows.
        case packetTooLarge(bytes: Int, limit: Int)
        /// A packet type that servers do not send, by its number.
        case unexpectedPacketType(UInt8)
        /// Reserved bits of the fixed header are not as required, or DUP stands on a QoS 0 message.
        case invalidFlags(UInt8)
        /// QoS 3.
        case invalidQoS
        /// Not UTF-8, or with U+0000 or a surrogate [MQTT-1.5.4].
        case invalidString
        /// A topic name that is empty without an alias, or has a wildcard.
        case invalidTopic
        /// A packet identifier of 0 [MQTT-2.2.1].
        case zeroPacketIdentifier
        /// A topic alias of 0 [MQTT-3.3.2-8].
        case zeroTopicAlias
        /// A property identifier that MQTT 5 does not know.
        case unknownProperty(UInt32)
        /// A property that this packet must not have.
        case unexpectedProperty(PropertyID)
        /// A property that may stand only once.
        case duplicateProperty(PropertyID)
        /// A property value out of its range.
        case invalidPropertyValue(PropertyID)
        /// Reserved bits of CONNACK's acknowledge flags.
        case invalidAcknowledgeFlags(UInt8)
        /// A return code that MQTT 3.1.1 does not know.
        case invalidReturnCode(UInt8)
        /// A SUBACK or UNSUBACK without any reason code.
        case noReasonCodes
    }

    public let reason: Reason
    public let offset: Int

    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// What a DISCONNECT says about it.
    public var reasonCode: ReasonCode {
        switch reason {
        case .packetTooLarge: .packetTooLarge
        case .zeroTopicAlias: .topicAliasInvalid
        case .unexpectedPacketType, .duplicateProperty, .invalidPropertyValue, .invalidTopic, .zeroPacketIdentifier,
            .noReasonCodes:
            .protocolError
        default: .malformedPacket
        }
    }

    public var description: String { "malformed packet at byte \(offset): \(reason)" }
}
