/// What one read from the server brought: messages to look at now, and answers to what we sent.
///
/// Everything in it is valid only during the call that it was passed to. The messages are in the order of arrival.
public struct InboundBatch: ~Escapable, Sendable {
    private let bytes: RawSpan
    private let aliasedTopics: RawSpan
    private let records: Span<InboundRecord>

    /// The version of the connection that brought it: on `v3_1_1` no message has properties.
    public let version: ProtocolVersion
    /// Fates of publishes.
    public let settlements: Span<Settlement>
    /// Answers to `subscribe` and `unsubscribe`.
    public let subscriptions: Span<SubscriptionResult>

    /// How many messages there are.
    public var messageCount: Int { records.count }

    @_lifetime(copy bytes, copy aliasedTopics, copy records, copy settlements, copy subscriptions)
    init(
        bytes: RawSpan, aliasedTopics: RawSpan, records: Span<InboundRecord>, version: ProtocolVersion,
        settlements: Span<Settlement>, subscriptions: Span<SubscriptionResult>
    ) {
        self.bytes = bytes
        self.aliasedTopics = aliasedTopics
        self.records = records
        self.version = version
        self.settlements = settlements
        self.subscriptions = subscriptions
    }

    /// The message at `index`, 0 ..< `messageCount`.
    @_lifetime(copy self)
    public func message(at index: Int) -> InboundMessage {
        let record = records[index]
        let topics = record.isAliased ? aliasedTopics : bytes
        return InboundMessage(
            topic: topics.extracting(record.topic.range),
            properties: bytes.extracting(record.properties.range),
            payload: bytes.extracting(record.payload.range),
            qos: record.qos, retain: record.retain, duplicate: record.duplicate,
            packetIdentifier: record.packetIdentifier, delivery: record.delivery)
    }
}

/// One message from the server, as views into the receive buffer.
public struct InboundMessage: ~Escapable, Sendable {
    /// Valid UTF-8 without U+0000, `+` and `#`; a topic alias is resolved already. 1…65,535 bytes.
    public let topic: RawSpan
    /// Encoded properties without their length prefix, validated; read them with `PropertyReader`. Empty on 3.1.1.
    public let properties: RawSpan
    public let payload: RawSpan
    public let qos: QoS
    public let retain: Bool
    /// The DUP flag: the server has sent it before, but this client may not have seen it.
    public let duplicate: Bool
    /// 0 for QoS 0.
    public let packetIdentifier: UInt16
    /// To be acknowledged; nil for QoS 0.
    public let delivery: DeliveryID?

    @_lifetime(copy topic, copy properties, copy payload)
    init(
        topic: RawSpan, properties: RawSpan, payload: RawSpan, qos: QoS, retain: Bool, duplicate: Bool,
        packetIdentifier: UInt16, delivery: DeliveryID?
    ) {
        self.topic = topic
        self.properties = properties
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.duplicate = duplicate
        self.packetIdentifier = packetIdentifier
        self.delivery = delivery
    }
}

/// Where one message lies in the receive buffer. Trivial, so that a batch of them costs no allocation.
struct InboundRecord: Sendable {
    /// A piece of the receive buffer (or of the aliased topics): at most 2³² bytes, see `maximumPacketBytes`.
    struct Piece: Sendable {
        var offset: UInt32
        var count: UInt32

        var range: Range<Int> { Int(offset)..<(Int(offset) + Int(count)) }
    }

    var topic: Piece
    var properties: Piece
    var payload: Piece
    var delivery: DeliveryID?
    var packetIdentifier: UInt16
    var qos: QoS
    var retain: Bool
    var duplicate: Bool
    /// The topic lies in the aliased topics, not in the receive buffer.
    var isAliased: Bool
}
