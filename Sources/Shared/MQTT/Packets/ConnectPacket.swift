/// CONNECT (§3.1): who we are, what we can take, and our will.
///
/// ```text
/// │ 00 04 "MQTT" │ version:1 │ flags:1 │ keep alive:2 │ properties (5) │ client identifier │
/// │ will properties (5), topic, payload (flag 2) │ user name (flag 7) │ password (flag 6) │
///   flags: 7 user name, 6 password, 5 will retain, 4–3 will QoS, 2 will, 1 clean start
/// ```
public struct ConnectPacket: Sendable {
    public var version: ProtocolVersion
    public var clientIdentifier: String
    public var cleanStart: Bool
    public var keepAliveSeconds: UInt16
    /// MQTT 5; left out of the packet if 0.
    public var sessionExpirySeconds: UInt32 = 0
    /// MQTT 5. Never left out: without it the protocol's default is 65,535, but mosquitto takes its own (20).
    public var receiveMaximum: UInt16 = 65_535
    /// MQTT 5.
    public var maximumPacketBytes = PacketHeader.largestPacketBytes
    /// MQTT 5; left out of the packet if 0.
    public var topicAliasMaximum: UInt16 = 0
    public var username: String?
    public var password: [UInt8]?
    public var will: Will?

    public init(
        version: ProtocolVersion, clientIdentifier: String, cleanStart: Bool, keepAliveSeconds: UInt16
    ) {
        self.version = version
        self.clientIdentifier = clientIdentifier
        self.cleanStart = cleanStart
        self.keepAliveSeconds = keepAliveSeconds
    }

    public func encode(into bytes: inout [UInt8]) {
        var body: [UInt8] = []
        body.append(lengthPrefixed: "MQTT".utf8.span.bytes)
        body.append(version.rawValue)
        body.append(flags)
        body.append(bigEndian: keepAliveSeconds)
        if version == .v5 { body.append(propertyList: properties) }
        body.append(lengthPrefixed: clientIdentifier.utf8.span.bytes)
        if let will {
            if version == .v5 { body.append(propertyList: will.properties) }
            body.append(lengthPrefixed: will.topic.utf8.span.bytes)
            body.append(lengthPrefixed: will.payload.span.bytes)
        }
        if let username { body.append(lengthPrefixed: username.utf8.span.bytes) }
        if let password { body.append(lengthPrefixed: password.span.bytes) }
        bytes.append(PacketType.connect.rawValue << 4)
        bytes.append(variableByteInteger: body.count)
        bytes.append(span: body.span.bytes)
    }

    private var flags: UInt8 {
        var flags: UInt8 = cleanStart ? 0x02 : 0
        if username != nil { flags |= 0x80 }
        if password != nil { flags |= 0x40 }
        if let will { flags |= 0x04 | will.qos.rawValue << 3 | (will.retain ? 0x20 : 0) }
        return flags
    }

    private var properties: [UInt8] {
        var writer = PropertyWriter()
        if sessionExpirySeconds > 0 { writer.append(.sessionExpiryInterval, sessionExpirySeconds) }
        writer.append(.receiveMaximum, UInt32(receiveMaximum))
        if maximumPacketBytes < PacketHeader.largestPacketBytes {
            writer.append(.maximumPacketSize, UInt32(maximumPacketBytes))
        }
        if topicAliasMaximum > 0 { writer.append(.topicAliasMaximum, UInt32(topicAliasMaximum)) }
        return writer.bytes
    }
}

extension [UInt8] {
    /// A list of properties with its length before it.
    mutating func append(propertyList list: [UInt8]) {
        append(variableByteInteger: list.count)
        append(span: list.span.bytes)
    }
}
