/// DISCONNECT (§3.14) or AUTH (§3.15): a reason, and in MQTT 5 properties. A server sends neither in MQTT 3.1.1.
///
/// ```text
/// │ reason:1 │ property length, properties │     both left out for reason 0 without properties
/// ```
public struct DisconnectPacket: Sendable, Hashable {
    public let type: PacketType
    public let reason: ReasonCode
    /// What the server says about it.
    public let reasonString: String?
    /// Another server to use.
    public let serverReference: String?

    public init(_ type: PacketType = .disconnect, reason: ReasonCode) {
        self.init(type: type, reason: reason, reasonString: nil, serverReference: nil)
    }

    private init(type: PacketType, reason: ReasonCode, reasonString: String?, serverReference: String?) {
        self.type = type
        self.reason = reason
        self.reasonString = reasonString
        self.serverReference = serverReference
    }

    public static func decode(_ body: RawSpan, header: PacketHeader, version: ProtocolVersion) throws(CodecError)
        -> DisconnectPacket
    {
        guard version == .v5 else { throw CodecError(.unexpectedPacketType(header.type.rawValue), at: 0) }
        var reader = ByteReader(body, origin: header.headerBytes)
        guard reader.remaining > 0 else { return DisconnectPacket(header.type, reason: .success) }
        let reason = ReasonCode(rawValue: try reader.uint8())
        guard reader.remaining > 0 else { return DisconnectPacket(header.type, reason: reason) }
        let list = try reader.properties(header.type == .auth ? .auth : .disconnect)
        try reader.end()
        var reasonString: String?
        var serverReference: String?
        var properties = PropertyReader(list)
        while !properties.isAtEnd {
            let property = try properties.next()
            if property.id == .reasonString { reasonString = String(utf8: property.bytes) }
            if property.id == .serverReference { serverReference = String(utf8: property.bytes) }
        }
        return DisconnectPacket(
            type: header.type, reason: reason, reasonString: reasonString, serverReference: serverReference)
    }

    /// Appends the packet. In 3.1.1 a DISCONNECT has no reason.
    /// - Parameter endsSession: with a session expiry of 0 as its only property, in MQTT 5.
    public func encode(into bytes: inout [UInt8], version: ProtocolVersion, endsSession: Bool = false) {
        if endsSession, version == .v5 {
            var properties = PropertyWriter()
            properties.append(.sessionExpiryInterval, 0)
            var body = [reason.rawValue]
            body.append(propertyList: properties.bytes)
            bytes.append(type.rawValue << 4)
            bytes.append(variableByteInteger: body.count)
            bytes.append(span: body.span.bytes)
            return
        }
        let hasReason = version == .v5 && reason != .success
        bytes.append(type.rawValue << 4)
        bytes.append(hasReason ? 1 : 0)
        if hasReason { bytes.append(reason.rawValue) }
    }
}
