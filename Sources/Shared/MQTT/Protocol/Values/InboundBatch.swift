/// What one read from the server brought: messages to look at now, and answers to what we sent.
///
/// Everything in it is valid only during the call that it was passed to. The messages are in the order of arrival.
public struct InboundBatch: ~Escapable, Sendable {
    private let bytes: RawSpan
    /// What lies not in `bytes` as it is told: topics of aliases and of what streamed past, properties that were repaired.
    private let copies: RawSpan
    private let records: Span<InboundRecord>

    /// The version of the connection that brought it: on `v3_1_1` no message has properties.
    public let version: ProtocolVersion
    /// Fates of publishes.
    public let settlements: Span<Settlement>
    /// Answers to `subscribe` and `unsubscribe`.
    public let subscriptions: Span<SubscriptionResult>
    /// How the server has broken MQTT since the last batch, where the client got past it.
    public let faults: FaultTally

    /// How many messages there are.
    public var messageCount: Int { records.count }

    @_lifetime(copy bytes, copy copies, copy records, copy settlements, copy subscriptions)
    init(
        bytes: RawSpan, copies: RawSpan, records: Span<InboundRecord>, version: ProtocolVersion,
        settlements: Span<Settlement>, subscriptions: Span<SubscriptionResult>, faults: FaultTally
    ) {
        self.bytes = bytes
        self.copies = copies
        self.records = records
        self.version = version
        self.settlements = settlements
        self.subscriptions = subscriptions
        self.faults = faults
    }

    /// The message at `index`, 0 ..< `messageCount`.
    @_lifetime(copy self)
    public func message(at index: Int) -> InboundMessage {
        let record = records[index]
        return InboundMessage(
            topic: (record.isTopicCopied ? copies : bytes).extracting(record.topic.range),
            properties: (record.arePropertiesCopied ? copies : bytes).extracting(record.properties.range),
            payload: bytes.extracting(record.payload.range),
            qos: record.qos, retain: record.retain, duplicate: record.duplicate,
            packetIdentifier: record.packetIdentifier, delivery: record.delivery, loss: record.loss)
    }
}

/// One message from the server, as views into the receive buffer; or one whose content cannot be had (`loss`), in its place among the
/// others, so that it can be named and acknowledged in order.
public struct InboundMessage: ~Escapable, Sendable {
    /// Why there is no content.
    public enum Loss: Sendable, Hashable {
        /// Its packet is larger than `ConnectionSettings.keptPacketBytes`: it was read and not kept. `content` is a hash of topic and payload,
        /// good within this process.
        case oversize(payloadBytes: Int, content: Int)
        /// Its packet breaks MQTT so that it is no message.
        case malformed(ProtocolFault)
    }

    /// Valid UTF-8 without U+0000, `+` and `#`; a topic alias is resolved already. 1…65,535 bytes. If the message is malformed: any bytes, as
    /// far as there are some that were meant as its topic.
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
    /// Nil: here is the message. Else it has neither properties nor payload.
    public let loss: Loss?

    @_lifetime(copy topic, copy properties, copy payload)
    init(
        topic: RawSpan, properties: RawSpan, payload: RawSpan, qos: QoS, retain: Bool, duplicate: Bool,
        packetIdentifier: UInt16, delivery: DeliveryID?, loss: Loss?
    ) {
        self.topic = topic
        self.properties = properties
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.duplicate = duplicate
        self.packetIdentifier = packetIdentifier
        self.delivery = delivery
        self.loss = loss
    }
}

/// Where one message lies in the receive buffer. Trivial, so that a batch of them costs no allocation.
struct InboundRecord: Sendable {
    /// A piece of the receive buffer (or of the copies): at most 2³² bytes, see `keptPacketBytes`.
    struct Piece: Sendable {
        var offset: UInt32 = 0
        var count: UInt32 = 0

        var range: Range<Int> { Int(offset)..<(Int(offset) + Int(count)) }
    }

    var topic: Piece
    var properties = Piece()
    var payload = Piece()
    var delivery: DeliveryID?
    var packetIdentifier: UInt16
    var qos: QoS
    var retain: Bool
    var duplicate: Bool
    /// They lie in the copies, not in the receive buffer.
    var isTopicCopied = false
    var arePropertiesCopied = false
    var loss: InboundMessage.Loss?
}
