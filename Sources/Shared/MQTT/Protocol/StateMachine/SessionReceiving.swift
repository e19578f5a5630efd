/// What the session takes from the server.
///
/// ```text
/// bytes ─▶ header ─┬─ whole, small enough ─▶ decoded ── sound ─▶ taken
///                  │                            └─ breaks MQTT ─▶ what can be read of it is taken, and the fault counted
///                  ├─ a PUBLISH that is too large to be kept ─▶ OversizePublish ─ its end ─▶ told as a loss
///                  └─ no header, or something that nothing can be made of ─▶ an error: the connection ends
/// ```
extension Session {
    /// Packets of more bytes than this let the server owe its answers for longer.
    private static let largePacketBytes = 64 << 10

    /// Takes packets off the front of `bytes`.
    ///
    /// Stops after a CONNACK, so that its grant is told before what follows. When it throws, `events` still has what
    /// came before the error.
    /// - Returns: how many bytes were taken; the rest is not a whole packet yet, and has to be given again.
    public mutating func receive(_ bytes: RawSpan, now: Duration, events: inout SessionEvents) throws(SessionError)
        -> Int
    {
        guard phase != .closed, phase != .failed else { return 0 }
        var taken = 0
        do throws(SessionError) {
            while taken < bytes.byteCount {
                let rest = bytes.extracting(taken..<bytes.byteCount)
                if oversize != nil {
                    taken += try pass(rest, now: now, events: &events)
                    continue
                }
                guard let (header, fault) = try header(of: rest) else { break }
                // Before its length is believed: what answers CONNECT with anything else may not speak MQTT at all.
                guard (phase == .connected) != (header.type == .connack), header.type != .auth else {
                    throw .violation(.unexpectedPacket(header.type))
                }
                guard header.packetBytes <= settings.keptPacketBytes else {
                    guard OversizePublish.headBytes(header) <= rest.byteCount else { break }
                    taken += try begin(header, rest, now: now, events: &events)
                    continue
                }
                guard header.packetBytes <= rest.byteCount else {
                    if header.packetBytes > Self.largePacketBytes { notePart(now, &events) }
                    break
                }
                keepalive.received(now: now)
                taken += header.packetBytes
                var faults = FaultSet()
                if let fault { faults.insert(ProtocolFault(fault.reason)) }
                let packet = rest.extracting(0..<header.packetBytes)
                try take(header, packet, of: bytes, now: now, events: &events, &faults)
                if !faults.isEmpty {
                    events.faults.note(faults, in: header, FaultTally.Sample.start(of: packet))
                }
                if header.type == .connack { break }
            }
        } catch {
            throw fail(error)
        }
        return taken
    }

    /// How many bytes have to be there at once to take the packet that `bytes` begins with: all of it, or the head of one that is too large
    /// to be kept. Nil while that is unknown.
    package func bytesWanted(_ bytes: RawSpan) -> Int? {
        guard oversize == nil, let (header, _) = try? header(of: bytes) else { return nil }
        return header.packetBytes <= settings.keptPacketBytes ? header.packetBytes : OversizePublish.headBytes(header)
    }

    private func header(of bytes: RawSpan) throws(SessionError) -> (header: PacketHeader, fault: CodecError?)? {
        do throws(CodecError) {
            guard let read = try PacketHeader.read(bytes) else { return nil }
            let (header, _) = read
            guard header.packetBytes <= settings.keptPacketBytes || header.type == .publish else {
                throw CodecError(
                    .packetTooLarge(bytes: header.packetBytes, limit: settings.keptPacketBytes), at: 1)
            }
            return read
        } catch { throw .malformed(error) }
    }

    private mutating func take(
        _ header: PacketHeader, _ packet: RawSpan, of bytes: RawSpan, now: Duration, events: inout SessionEvents,
        _ faults: inout FaultSet
    ) throws(SessionError) {
        let body = packet.extracting(header.headerBytes..<header.packetBytes)
        let decoded: IncomingPacket
        do throws(CodecError) {
            decoded = try IncomingPacket.decode(body, header: header, version: version)
        } catch {
            guard header.type != .publish else {
                return try take(
                    FaultyPublish(body, header: header, version: version), of: bytes, events: &events, &faults)
            }
            faults.insert(ProtocolFault(error.reason))
            guard let repaired = IncomingPacket.repair(body, header: header, version: version, &faults) else {
                guard header.type.isAnswer else { throw .malformed(error) }
                return
            }
            decoded = repaired
        }
        switch decoded {
        case .publish(let message): try take(message, of: bytes, events: &events, &faults)
        case .acknowledgement(let packet): take(packet, now: now, events: &events, &faults)
        case .suback(let packet): take(packet, events: &events, &faults)
        case .pingresp:
            guard keepalive.answered() else { return faults.insert(.pingresp) }
            unconfirmed.confirm(before: pingOrder, &events.settlements)
        case .connack(let packet): try take(packet, now: now, events: &events, &faults)
        case .disconnect(let packet):
            throw .disconnected(packet.reason, text: packet.reasonString ?? packet.serverReference)
        }
    }

    private mutating func take(
        _ packet: ConnackPacket, now: Duration, events: inout SessionEvents, _ faults: inout FaultSet
    ) throws(SessionError) {
        var packet = packet
        guard packet.reason == .success else {
            throw .refused(packet.reason, text: packet.reasonString ?? packet.serverReference)
        }
        if packet.sessionPresent, version == .v5 ? settings.cleanStart : !isResumable {
            // Nothing of it is known here, so that it is as good as a new one.
            packet.sessionPresent = false
            faults.insert(.session)
        }
        if let assigned = packet.assignedClientIdentifier { assignedClientIdentifier = assigned }
        var grant = ServerGrant(
            version: version, sessionPresent: packet.sessionPresent,
            clientIdentifier: assignedClientIdentifier ?? settings.clientIdentifier,
            keepAliveSeconds: packet.serverKeepAliveSeconds
                ?? UInt16(clamping: settings.keepAlive.components.seconds),
            sessionExpirySeconds: packet.sessionExpirySeconds
                ?? (isResumable && version == .v3_1_1
                    ? .max : UInt32(clamping: settings.sessionExpiry.components.seconds)))
        grant.receiveMaximum = packet.receiveMaximum
        grant.maximumQoS = packet.maximumQoS
        grant.retainAvailable = packet.retainAvailable
        grant.maximumPacketBytes = packet.maximumPacketBytes
        grant.topicAliasMaximum = packet.topicAliasMaximum
        grant.wildcardsAvailable = packet.wildcardsAvailable
        grant.sharedSubscriptionsAvailable = packet.sharedSubscriptionsAvailable
        grant.subscriptionIdentifiersAvailable = packet.subscriptionIdentifiersAvailable
        self.grant = grant
        events.grant = grant
        grantedAt = now
        phase = .connected
        keepalive = Keepalive(seconds: grant.keepAliveSeconds, patience: settings.responseTimeout, now: now)
        deliveries.open(sessionPresent: packet.sessionPresent)
        // Packets of the other version cannot be sent again as they are.
        if !packet.sessionPresent || isNewVersion { abandon(events: &events) }
        outbound.window = min(settings.publishWindow, Int(packet.receiveMaximum))
        outbound.exactlyOnceWindow =
            version == .v5 ? outbound.window : min(outbound.window, OutboundWindow.exactlyOnceWindow3)
        sendAgain(now: now, events: &events)
    }
}

// MARK: - Messages

extension Session {
    private mutating func take(
        _ message: PublishView, of bytes: RawSpan, events: inout SessionEvents, _ faults: inout FaultSet
    ) throws(SessionError) {
        var record = InboundRecord(
            topic: InboundRecord.Piece(message.topic, in: bytes),
            properties: InboundRecord.Piece(message.properties, in: bytes),
            payload: InboundRecord.Piece(message.payload, in: bytes), packetIdentifier: message.packetIdentifier,
            qos: message.qos, retain: message.retain, duplicate: message.duplicate)
        let aliased = resolve(message.topicAlias, message.topic, &record, &events, &faults)
        if record.loss != nil { (record.properties, record.payload) = (InboundRecord.Piece(), InboundRecord.Piece()) }
        let content = aliased.map { Self.hash($0.span.bytes, message.payload) }
        try deliver(record, content: content ?? Self.hash(message.topic, message.payload), events: &events)
    }

    private mutating func take(
        _ message: borrowing FaultyPublish, of bytes: RawSpan, events: inout SessionEvents, _ faults: inout FaultSet
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
        let content = aliased.map { Self.hash($0.span.bytes, message.payload) }
        try deliver(record, content: content ?? Self.hash(message.topic, message.payload), events: &events)
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
    private mutating func begin(
        _ header: PacketHeader, _ bytes: RawSpan, now: Duration, events: inout SessionEvents
    ) throws(SessionError) -> Int {
        guard phase == .connected else { throw .violation(.unexpectedPacket(header.type)) }
        let message = OversizePublish(header, bytes, version: version)
        oversize = message
        notePart(now, &events)
        // With nothing behind its head it is over now.
        if message.isOver { _ = try pass(RawSpan(), now: now, events: &events) }
        return message.headBytes
    }

    /// Lets more of it pass, and tells of it at its end.
    /// - Returns: how many bytes were taken.
    private mutating func pass(_ bytes: RawSpan, now: Duration, events: inout SessionEvents) throws(SessionError) -> Int
    {
        guard var message = oversize.take() else { return 0 }
        notePart(now, &events)
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
        try deliver(record, content: content, events: &events)
        return taken
    }

    private mutating func notePart(_ now: Duration, _ events: inout SessionEvents) {
        keepalive.receivedPart(now: now)
        events.hasPart = true
    }

    /// Tells of a message, unless the user has it already.
    /// - Parameters:
    ///   - record: still without a delivery.
    ///   - content: a hash of topic and payload.
    private mutating func deliver(
        _ record: InboundRecord, content: @autoclosure () -> Int, events: inout SessionEvents
    ) throws(SessionError) {
        var record = record
        // Without an identifier nothing can be acknowledged.
        if record.packetIdentifier != 0 {
            let arrival = try deliveries.arrive(
                packetIdentifier: record.packetIdentifier, qos: record.qos, content: content(), version: version,
                output: &output.bytes)
            guard case .deliver(let id) = arrival else { return }
            record.delivery = id
        }
        events.records.append(record)
    }

    private static func hash(_ topic: RawSpan, _ payload: RawSpan) -> Int {
        var hasher = Hasher()
        hasher.combine(topic.byteCount)
        // The pointers live only within the closures.
        topic.withUnsafeBytes { hasher.combine(bytes: $0) }
        payload.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}

extension PacketType {
    /// Whether a packet of this type answers one of ours, or one of its own kind did.
    fileprivate var isAnswer: Bool {
        switch self {
        case .puback, .pubrec, .pubrel, .pubcomp, .suback, .unsuback, .pingresp: true
        case .connect, .connack, .publish, .subscribe, .unsubscribe, .pingreq, .disconnect, .auth: false
        }
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
