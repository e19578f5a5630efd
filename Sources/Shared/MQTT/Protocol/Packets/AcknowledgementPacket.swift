/// PUBACK, PUBREC, PUBREL or PUBCOMP (§3.4–§3.7).
///
/// ```text
/// │ packet identifier:2 │ reason:1 │ property length, properties │     MQTT 5; reason 0 without properties is left out
/// │ packet identifier:2 │                                           MQTT 3.1.1
/// ```
public struct AcknowledgementPacket: Sendable, Hashable {
    public let type: PacketType
    public let packetIdentifier: UInt16
    public let reason: ReasonCode

    public init(_ type: PacketType, packetIdentifier: UInt16, reason: ReasonCode = .success) {
        self.type = type
        self.packetIdentifier = packetIdentifier
        self.reason = reason
    }

    public static func decode(_ body: RawSpan, header: PacketHeader, version: ProtocolVersion) throws(CodecError)
        -> AcknowledgementPacket
    {
        var reader = ByteReader(body, origin: header.headerBytes)
        let identifier = try reader.packetIdentifier()
        var reason = ReasonCode.success
        if version == .v5, reader.remaining > 0 {
            reason = ReasonCode(rawValue: try reader.uint8())
            if reader.remaining > 0 { _ = try reader.properties(.acknowledgement) }
        }
        try reader.end()
        return AcknowledgementPacket(header.type, packetIdentifier: identifier, reason: reason)
    }

    /// What can be read of one that breaks MQTT; nil if it does not say what it acknowledges.
    static func repair(_ body: RawSpan, header: PacketHeader, version: ProtocolVersion) -> AcknowledgementPacket? {
        var reader = ByteReader(body)
        guard let identifier = try? reader.packetIdentifier() else { return nil }
        let reason = version == .v5 ? try? reader.uint8() : nil
        return AcknowledgementPacket(
            header.type, packetIdentifier: identifier, reason: ReasonCode(rawValue: reason ?? 0))
    }

    /// Appends the packet: 4 bytes, or 5 with a reason other than success, which 3.1.1 cannot tell.
    public func encode(into bytes: inout [UInt8], version: ProtocolVersion) {
        let hasReason = version == .v5 && reason != .success
        bytes.append(type.rawValue << 4 | (type.requiredFlags ?? 0))
        bytes.append(hasReason ? 3 : 2)
        bytes.append(bigEndian: packetIdentifier)
        if hasReason { bytes.append(reason.rawValue) }
    }
}
