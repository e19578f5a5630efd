/// SUBACK or UNSUBACK (§3.9, §3.11): one reason code for each filter of the request.
///
/// ```text
/// │ packet identifier:2 │ property length, properties │ reason:1 … │     MQTT 5
/// │ packet identifier:2 │ return code:1 … │                             MQTT 3.1.1; UNSUBACK has no codes there
/// ```
public struct SubackPacket: Sendable, Hashable {
    public let type: PacketType
    public let packetIdentifier: UInt16
    /// Empty for UNSUBACK of 3.1.1.
    public let reasons: [ReasonCode]

    public static func decode(_ body: RawSpan, header: PacketHeader, version: ProtocolVersion) throws(CodecError)
        -> SubackPacket
    {
        var reader = ByteReader(body, origin: header.headerBytes)
        let identifier = try reader.packetIdentifier()
        if version == .v5 { _ = try reader.properties(.acknowledgement) }
        if version == .v3_1_1, header.type == .unsuback {
            try reader.end()
            return SubackPacket(type: header.type, packetIdentifier: identifier, reasons: [])
        }
        guard reader.remaining > 0 else { throw CodecError(.noReasonCodes, at: reader.offset) }
        var reasons: [ReasonCode] = []
        reasons.reserveCapacity(reader.remaining)
        while reader.remaining > 0 {
            let offset = reader.offset
            let code = try reader.uint8()
            guard version == .v5 || code <= 2 || code == 0x80 else {
                throw CodecError(.invalidReturnCode(code), at: offset)
            }
            reasons.append(ReasonCode(rawValue: code))
        }
        return SubackPacket(type: header.type, packetIdentifier: identifier, reasons: reasons)
    }

    /// What can be read of one that breaks MQTT; nil if it does not say what it answers. A code that the version does not know is a
    /// refusal.
    static func repair(_ body: RawSpan, header: PacketHeader, version: ProtocolVersion) -> SubackPacket? {
        var reader = ByteReader(body)
        guard let identifier = try? reader.packetIdentifier() else { return nil }
        var reasons: [ReasonCode] = []
        let isReadable = version == .v3_1_1 || (try? reader.take(reader.variableByteInteger())) != nil
        while isReadable, header.type == .suback || version == .v5, let code = try? reader.uint8() {
            let isKnown = version == .v5 || code <= 2 || code >= 0x80
            reasons.append(isKnown ? ReasonCode(rawValue: code) : .unspecifiedError)
        }
        return SubackPacket(type: header.type, packetIdentifier: identifier, reasons: reasons)
    }
}
