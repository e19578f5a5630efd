/// A PUBLISH (§3.3) as views into the bytes it was decoded from, or into those it is to be encoded from.
///
/// ```text
/// │ topic length:2 │ topic │ packet identifier:2 (QoS > 0) │ property length:1…4, properties (MQTT 5) │ payload │
/// ```
public struct PublishView: ~Escapable {
    /// Valid, and 1…65,535 bytes; empty when an alias stands for it.
    public let topic: RawSpan
    /// Without their length prefix, validated. Empty on 3.1.1.
    public let properties: RawSpan
    public let payload: RawSpan
    public let qos: QoS
    public let retain: Bool
    public let duplicate: Bool
    /// 1…65,535; 0 for QoS 0.
    public let packetIdentifier: UInt16
    /// 0 if there is none.
    public let topicAlias: UInt16

    @_lifetime(copy topic, copy properties, copy payload)
    public init(
        topic: RawSpan, properties: RawSpan, payload: RawSpan, qos: QoS, retain: Bool, duplicate: Bool = false,
        packetIdentifier: UInt16 = 0, topicAlias: UInt16 = 0
    ) {
        self.topic = topic
        self.properties = properties
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.duplicate = duplicate
        self.packetIdentifier = packetIdentifier
        self.topicAlias = topicAlias
    }

    /// - Parameters:
    ///   - body: exactly the packet's body.
    ///   - header: of type PUBLISH.
    @_lifetime(copy body)
    public static func decode(_ body: RawSpan, header: PacketHeader, version: ProtocolVersion) throws(CodecError)
        -> PublishView
    {
        precondition(header.type == .publish && header.bodyBytes == body.byteCount, "not this packet's body")
        let flags = header.flags
        guard let qos = QoS(rawValue: (flags >> 1) & 0x03) else { throw CodecError(.invalidQoS, at: 0) }
        let duplicate = flags & 0x08 != 0
        guard !(duplicate && qos == .atMostOnce) else { throw CodecError(.invalidFlags(flags), at: 0) }

        var reader = ByteReader(body, origin: header.headerBytes)
        let topic = try reader.binary()
        guard UTF8Rules.isTopicName(topic) || (topic.byteCount == 0 && version == .v5) else {
            throw CodecError(UTF8Rules.isString(topic) ? .invalidTopic : .invalidString, at: header.headerBytes)
        }
        var packetIdentifier: UInt16 = 0
        if qos != .atMostOnce { packetIdentifier = try reader.packetIdentifier() }
        var properties = RawSpan()
        var topicAlias: UInt16 = 0
        if version == .v5 {
            let count = try reader.variableByteInteger()
            let origin = reader.offset
            properties = try reader.take(count)
            if count > 0 { topicAlias = try PropertyID.Set.publish.validate(properties, origin: origin) }
            guard topic.byteCount > 0 || topicAlias > 0 else {
                throw CodecError(.invalidTopic, at: header.headerBytes)
            }
        }
        return PublishView(
            topic: topic, properties: properties, payload: reader.rest(), qos: qos, retain: flags & 0x01 != 0,
            duplicate: duplicate, packetIdentifier: packetIdentifier, topicAlias: topicAlias)
    }

    /// The body's length; at most 268,435,455 can be encoded.
    public func bodyBytes(version: ProtocolVersion) -> Int {
        var count = 2 + topic.byteCount + payload.byteCount
        if qos != .atMostOnce { count += 2 }
        if version == .v5 { count += properties.byteCount.variableByteCount + properties.byteCount }
        return count
    }

    /// The whole packet's length.
    public func packetBytes(version: ProtocolVersion) -> Int {
        let body = bodyBytes(version: version)
        return 1 + body.variableByteCount + body
    }

    /// Appends the packet. Properties are left out on 3.1.1.
    public func encode(into bytes: inout [UInt8], version: ProtocolVersion) {
        bytes.append(
            PacketType.publish.rawValue << 4 | (duplicate ? 8 : 0) | qos.rawValue << 1 | (retain ? 1 : 0))
        bytes.append(variableByteInteger: bodyBytes(version: version))
        bytes.append(lengthPrefixed: topic)
        if qos != .atMostOnce { bytes.append(bigEndian: packetIdentifier) }
        if version == .v5 {
            bytes.append(variableByteInteger: properties.byteCount)
            bytes.append(span: properties)
        }
        bytes.append(span: payload)
    }
}

extension ByteReader {
    /// A packet identifier, which is never 0 [MQTT-2.2.1].
    @_lifetime(self: copy self)
    mutating func packetIdentifier() throws(CodecError) -> UInt16 {
        let start = offset
        let identifier = try uint16()
        guard identifier != 0 else { throw CodecError(.zeroPacketIdentifier, at: start) }
        return identifier
    }

    /// A list of properties with its length, checked against those that its packet may have.
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    mutating func properties(_ allowed: PropertyID.Set) throws(CodecError) -> RawSpan {
        let count = try variableByteInteger()
        let origin = offset
        let list = try take(count)
        try allowed.validate(list, origin: origin)
        return list
    }
}
