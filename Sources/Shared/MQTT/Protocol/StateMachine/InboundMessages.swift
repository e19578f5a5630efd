internal import Collections

/// The messages of the server: what comes as one packet, or streams past, becomes a record of the batch, told once and acknowledged in its
/// turn. Answers that are due at once are appended to `output`.
///
/// ```text
/// PUBLISH ─┬─ sound, or what is sound of it ─▶ TopicAliases ─┬▶ InboundDeliveries ─┬▶ new: a record
///          └─ too large to be kept ─▶ OversizePublish, its end ─┘                  └▶ the user has it: nothing
/// ```
struct InboundMessages: Sendable {
    private var deliveries: InboundDeliveries
    private var aliases: TopicAliases
    /// A message that streams past; nil most of the time.
    private var oversize: OversizePublish?

    init(receiveMaximum: UInt16, topicAliasMaximum: UInt16) {
        deliveries = InboundDeliveries(limit: Int(receiveMaximum))
        aliases = TopicAliases(maximum: topicAliasMaximum)
    }

    /// Whether the next bytes belong to a message that streams past.
    var isPassing: Bool { oversize != nil }

    /// A connection stands.
    mutating func open(sessionPresent: Bool) { deliveries.open(sessionPresent: sessionPresent) }

    /// The connection has ended.
    mutating func close() {
        aliases.removeAll()
        oversize = nil
        deliveries.close()
    }

    /// The user is done with a delivery.
    mutating func acknowledge(_ delivery: DeliveryID, version: ProtocolVersion, output: inout [UInt8]) {
        deliveries.acknowledge(delivery, version: version, output: &output)
    }

    /// The user is done with every delivery up to and including `last`.
    mutating func acknowledge(through last: DeliveryID, version: ProtocolVersion, output: inout [UInt8]) {
        deliveries.acknowledge(through: last, version: version, output: &output)
    }

    /// PUBREL has come.
    /// - Returns: see ``InboundDeliveries``.
    mutating func release(_ packetIdentifier: UInt16, version: ProtocolVersion, output: inout [UInt8]) -> Bool {
        deliveries.release(packetIdentifier, version: version, output: &output)
    }

    mutating func take(
        _ message: PublishView, of bytes: RawSpan, version: ProtocolVersion, output: inout [UInt8],
        events: inout SessionEvents,
        _ faults: inout FaultSet
    ) throws(SessionError) {
        var record = InboundRecord(
            topic: InboundRecord.Piece(message.topic, in: bytes),
            properties: InboundRecord.Piece(message.properties, in: bytes),
            payload: InboundRecord.Piece(message.payload, in: bytes), packetIdentifier: message.packetIdentifier,
            qos: message.qos, retain: message.retain, duplicate: message.duplicate)
        let aliased = resolve(message.topicAlias, message.topic, &record, &events, &faults)
        if record.loss != nil { (record.properties, record.payload) = (InboundRecord.Piece(), InboundRecord.Piece()) }
        let content = aliased.map { $0.span.bytes.processHash(with: message.payload) }
        try deliver(
            record, content: content ?? message.topic.processHash(with: message.payload), version: version,
            output: &output,
            events: &events)
    }

    mutating func take(
        _ message: borrowing FaultyPublish, of bytes: RawSpan, version: ProtocolVersion, output: inout [UInt8],
        events: inout SessionEvents, _ faults: inout FaultSet
    ) throws(SessionError) {
        faults.formUnion(message.faults)
        var record = InboundRecord(
            topic: InboundRecord.Piece(message.topic, in: bytes), packetIdentifier: message.packetIdentifier,
            qos: message.qos, retain: message.retain, duplicate: message.duplicate)
        var aliased: [UInt8]?
        if let loss = message.loss {
            record.loss = .malformed(loss)
        } else {
            aliased = resolve(message.topicAlias, message.topic, &record, &events, &faults)
        }
        if record.loss == nil {
            record.payload = InboundRecord.Piece(message.payload, in: bytes)
            record.properties = events.keep(message.properties.span.bytes)
            record.arePropertiesCopied = true
        }
        let content = aliased.map { $0.span.bytes.processHash(with: message.payload) }
        try deliver(
            record, content: content ?? message.topic.processHash(with: message.payload), version: version,
            output: &output,
            events: &events)
    }

    /// Puts the topic that an alias stands for into a record, or notes that none is to be had.
    /// - Returns: that topic; nil where the message has one itself.
    private mutating func resolve(
        _ alias: UInt16, _ topic: RawSpan, _ record: inout InboundRecord, _ events: inout SessionEvents,
        _ faults: inout FaultSet
    ) -> [UInt8]? {
        let (aliased, isFaulty) = aliases.resolve(alias, topic: topic)
        if isFaulty { faults.insert(topic.byteCount > 0 ? .topicAlias : .topicMissing) }
        if let aliased {
            record.topic = events.keep(aliased.span.bytes)
            record.isTopicCopied = true
        } else if topic.byteCount == 0 {
            record.loss = .malformed(.topicMissing)
        }
        return aliased
    }

    /// Begins with a message that is too large to be kept.
    /// - Returns: how many bytes were taken.
    mutating func begin(
        _ header: PacketHeader, _ bytes: RawSpan, version: ProtocolVersion, output: inout [UInt8],
        events: inout SessionEvents
    ) throws(SessionError) -> Int {
        let message = OversizePublish(header, bytes, version: version)
        oversize = message
        // With nothing behind its head it is over now.
        if message.isOver { _ = try pass(RawSpan(), version: version, output: &output, events: &events) }
        return message.headBytes
    }

    /// Lets more of it pass, and tells of it at its end.
    /// - Returns: how many bytes were taken.
    mutating func pass(
        _ bytes: RawSpan, version: ProtocolVersion, output: inout [UInt8], events: inout SessionEvents
    ) throws(SessionError) -> Int {
        guard var message = oversize.take() else { return 0 }
        let taken = message.pass(bytes)
        guard message.isOver else {
            oversize = message
            return taken
        }
        if !message.faults.isEmpty { events.faults.note(message.faults, in: message.header, message.firstBytes) }
        let content = message.content
        let record = InboundRecord(
            topic: events.keep(message.topic.span.bytes), packetIdentifier: message.packetIdentifier,
            qos: message.qos, retain: message.retain, duplicate: message.duplicate, isTopicCopied: true,
            loss: message.loss.map { .malformed($0) }
                ?? .oversize(payloadBytes: message.payloadBytes, content: content))
        try deliver(record, content: content, version: version, output: &output, events: &events)
        return taken
    }

    /// Tells of a message, unless the user has it already.
    /// - Parameters:
    ///   - record: still without a delivery.
    ///   - content: a hash of topic and payload.
    private mutating func deliver(
        _ record: InboundRecord, content: @autoclosure () -> Int, version: ProtocolVersion, output: inout [UInt8],
        events: inout SessionEvents
    ) throws(SessionError) {
        var record = record
        // Without an identifier nothing can be acknowledged.
        if record.packetIdentifier != 0 {
            let arrival = try deliveries.arrive(
                packetIdentifier: record.packetIdentifier, qos: record.qos, content: content(),
                version: version, output: &output)
            guard case .deliver(let id) = arrival else { return }
            record.delivery = id
        }
        events.records.append(record)
    }
}

extension InboundRecord.Piece {
    /// Where `part` lies in `whole`; an empty part lies nowhere in particular.
    fileprivate init(_ part: RawSpan, in whole: RawSpan) {
        guard part.byteCount > 0, let range = whole.byteOffsets(of: part) else {
            self.init(offset: 0, count: 0)
            return
        }
        self.init(offset: UInt32(range.lowerBound), count: UInt32(range.count))
    }
}
