/// One client's side of MQTT, without socket and clock: bytes and time in, bytes and events out.
///
/// ```text
///            open              CONNACK yes
///  closed ─────────▶ connecting ─────────▶ connected ──disconnect──▶ (close)
///    ▲                   │  CONNACK no, error   │ error
///    └─────── close ─────┴──────────────────────┘
/// ```
///
/// One value lives as long as the client: what MQTT calls session state (unanswered messages either way) stays in it
/// from one network connection to the next. Whatever fails is thrown once; then the network connection must end.
/// Bounds: `ConnectionSettings.receiveMaximum` deliveries, `publishWindow` publishes of either class, 65,534 requests,
/// `topicAliasMaximum` topics.
public struct Session: Sendable {
    enum Phase: Sendable, Equatable {
        case closed
        case connecting(deadline: Duration)
        case connected
        case failed
    }

    let settings: ConnectionSettings
    private(set) var phase = Phase.closed
    /// The version of this connection, or the last one.
    public private(set) var version = ProtocolVersion.v5
    /// What the server granted on this connection, or the last one.
    public private(set) var grant: ServerGrant?
    /// When this connection's CONNACK said yes; nil until then.
    package private(set) var grantedAt: Duration?
    private var assignedClientIdentifier: String?
    private var isNewVersion = false

    package var output = OutputBuffer()
    var deliveries: InboundDeliveries
    package var outbound = OutboundWindow()
    var unconfirmed = UnconfirmedSends()
    private var aliases: TopicAliases
    private var keepalive = Keepalive(seconds: 0, patience: .zero, now: .zero)
    /// Counts what we send that the server answers.
    private var order: UInt64 = 0
    private var pingOrder: UInt64 = 0

    public init(_ settings: ConnectionSettings) {
        self.settings = settings
        deliveries = InboundDeliveries(limit: Int(settings.receiveMaximum))
        aliases = TopicAliases(maximum: settings.topicAliasMaximum)
    }

    /// Whether requests can be made.
    public var isConnected: Bool { phase == .connected }

    /// Whether the server keeps the session when a connection ends.
    var isResumable: Bool { !settings.cleanStart && settings.sessionExpiry > .zero }

    /// The next instant at which `tick` has something to do.
    public var deadline: Duration? {
        switch phase {
        case .closed, .failed: return nil
        case .connecting(let deadline): return deadline
        case .connected:
            let answer = outbound.oldestSentAt.map { $0 + settings.acknowledgementTimeout }
            return earlier(keepalive.deadline, answer)
        }
    }

    // MARK: - Network connection

    /// A network connection stands: says CONNECT.
    /// - Parameter password: the one of now; nil for the one of the settings.
    public mutating func open(version: ProtocolVersion, password: [UInt8]? = nil, now: Duration) {
        precondition(phase == .closed, "the last connection was not closed")
        isNewVersion = grant.map { $0.version != version } ?? false
        self.version = version
        grantedAt = nil
        phase = .connecting(deadline: now + settings.responseTimeout)
        var packet = ConnectPacket(
            version: version, clientIdentifier: assignedClientIdentifier ?? settings.clientIdentifier,
            cleanStart: version == .v5 ? settings.cleanStart : !isResumable,
            keepAliveSeconds: UInt16(clamping: settings.keepAlive.components.seconds))
        packet.sessionExpirySeconds = UInt32(clamping: settings.sessionExpiry.components.seconds)
        packet.receiveMaximum = settings.receiveMaximum
        packet.maximumPacketBytes = settings.maximumPacketBytes
        packet.topicAliasMaximum = settings.topicAliasMaximum
        packet.username = settings.username
        packet.password = password ?? settings.password
        packet.will = settings.will
        packet.encode(into: &output.bytes)
    }

    /// The network connection has ended, whoever ended it. What cannot be answered any more is settled.
    public mutating func close(events: inout SessionEvents) {
        phase = .closed
        output.removeAll()
        aliases.removeAll()
        deliveries.close()
        unconfirmed.abandon(&events.settlements)
        for request in outbound.close() {
            events.subscriptions.append(
                SubscriptionResult(request: SubscriptionRequest(rawValue: request.token), outcome: .connectionLost))
        }
        if !isResumable { abandon(events: &events) }
    }

    /// There will be no further connection, or no session to resume: settles every publish that was sent.
    public mutating func abandon(events: inout SessionEvents) {
        for request in outbound.abandon() where request.isPublish {
            events.settlements.append(Settlement(token: request.token, outcome: .unknown))
        }
    }

    /// Says goodbye. With the will (which 3.1.1 can do only by hanging up) or without.
    public mutating func disconnect(withWill: Bool) {
        guard phase == .connected, !(withWill && version == .v3_1_1) else { return }
        DisconnectPacket(reason: withWill ? .disconnectWithWill : .success)
            .encode(into: &output.bytes, version: version)
        phase = .failed
    }

    /// Everything that happens because of time: pings, and errors for answers that did not come.
    public mutating func tick(now: Duration) throws(SessionError) {
        switch phase {
        case .closed, .failed: return
        case .connecting(let deadline):
            if now >= deadline { throw fail(.silent(.connack)) }
        case .connected:
            if keepalive.isDead(now: now) { throw fail(.silent(.pingresp)) }
            if let oldest = outbound.oldestSentAt, now >= oldest + settings.acknowledgementTimeout {
                throw fail(.silent(.acknowledgement))
            }
            if keepalive.isPingDue(now: now) || (unconfirmed.count > 0 && keepalive.pingSentAt == nil) {
                output.bytes.append(PacketType.pingreq.rawValue << 4)
                output.bytes.append(0)
                pingOrder = nextOrder()
                keepalive.pinged(now: now)
            }
        }
    }

    /// What waits to be written to the server.
    public var outgoing: RawSpan {
        @_lifetime(borrow self)
        borrowing get { output.span }
    }

    /// The first `count` bytes of `outgoing` were written.
    public mutating func wrote(_ count: Int, now: Duration) {
        output.consume(count)
        if count > 0 { keepalive.sent(now: now) }
    }

    mutating func nextOrder() -> UInt64 {
        order += 1
        return order
    }

    /// Tells the server what it did wrong, if it can be told.
    private mutating func fail(_ error: SessionError) -> SessionError {
        if phase == .connected, version == .v5, let reason = error.reasonCode {
            DisconnectPacket(reason: reason).encode(into: &output.bytes, version: version)
        }
        phase = .failed
        return error
    }
}

/// The earlier of two deadlines of which there may be none.
package func earlier(_ a: Duration?, _ b: Duration?) -> Duration? {
    guard let a, let b else { return a ?? b }
    return min(a, b)
}

// MARK: - Packets from the server

extension Session {
    /// Takes packets off the front of `bytes`.
    ///
    /// Stops after a CONNACK, so that its grant is told before what follows. When it throws, `events` still has what
    /// came before the error.
    /// - Returns: how many bytes were taken; the rest is not a whole packet yet.
    public mutating func receive(_ bytes: RawSpan, now: Duration, events: inout SessionEvents) throws(SessionError)
        -> Int
    {
        guard phase != .closed, phase != .failed else { return 0 }
        var taken = 0
        do throws(SessionError) {
            while taken < bytes.byteCount {
                let rest = bytes.extracting(taken..<bytes.byteCount)
                guard let header = try header(of: rest), header.packetBytes <= rest.byteCount else { break }
                keepalive.received(now: now)
                let body = taken + header.headerBytes
                taken += header.packetBytes
                try take(header, bytes.extracting(body..<taken), of: bytes, now: now, events: &events)
                if header.type == .connack { break }
            }
        } catch {
            throw fail(error)
        }
        return taken
    }

    /// How many bytes the packet that `bytes` begins with has in all; nil while that is unknown. At most
    /// `maximumPacketBytes`.
    package func packetBytes(_ bytes: RawSpan) -> Int? {
        guard let header = try? header(of: bytes) else { return nil }
        return header.packetBytes
    }

    private func header(of bytes: RawSpan) throws(SessionError) -> PacketHeader? {
        do throws(CodecError) {
            return try PacketHeader.decode(bytes, maximumPacketBytes: settings.maximumPacketBytes)
        } catch { throw .malformed(error) }
    }

    private mutating func take(
        _ header: PacketHeader, _ body: RawSpan, of bytes: RawSpan, now: Duration, events: inout SessionEvents
    ) throws(SessionError) {
        guard (phase == .connected) != (header.type == .connack), header.type != .auth else {
            throw .violation(.unexpectedPacket(header.type))
        }
        let packet: IncomingPacket
        do throws(CodecError) {
            packet = try IncomingPacket.decode(body, header: header, version: version)
        } catch { throw .malformed(error) }
        switch packet {
        case .publish(let message): try take(message, of: bytes, events: &events)
        case .acknowledgement(let packet): try take(packet, now: now, events: &events)
        case .suback(let packet): try take(packet, events: &events)
        case .pingresp:
            guard keepalive.answered() else { throw .violation(.unexpectedPacket(.pingresp)) }
            unconfirmed.confirm(before: pingOrder, &events.settlements)
        case .connack(let packet): try take(packet, now: now, events: &events)
        case .disconnect(let packet):
            throw .disconnected(packet.reason, text: packet.reasonString ?? packet.serverReference)
        }
    }

    private mutating func take(_ packet: ConnackPacket, now: Duration, events: inout SessionEvents)
        throws(SessionError)
    {
        guard packet.reason == .success else {
            throw .refused(packet.reason, text: packet.reasonString ?? packet.serverReference)
        }
        guard !packet.sessionPresent || (version == .v5 ? !settings.cleanStart : isResumable) else {
            throw .violation(.sessionNotAskedFor)
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

    private static func hash(_ topic: RawSpan, _ payload: RawSpan) -> Int {
        var hasher = Hasher()
        hasher.combine(topic.byteCount)
        topic.withUnsafeBytes { hasher.combine(bytes: $0) }
        payload.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    private mutating func take(_ message: PublishView, of bytes: RawSpan, events: inout SessionEvents)
        throws(SessionError)
    {
        let aliased = try aliases.resolve(message)
        var delivery: DeliveryID?
        if message.qos != .atMostOnce {
            let content =
                if let aliased { Self.hash(aliased.span.bytes, message.payload) } else {
                    Self.hash(message.topic, message.payload)
                }
            let arrival = try deliveries.arrive(
                packetIdentifier: message.packetIdentifier, qos: message.qos, duplicate: message.duplicate,
                content: content, version: version, output: &output.bytes)
            guard case .deliver(let id) = arrival else { return }
            delivery = id
        }
        var topic = InboundRecord.Piece(message.topic, in: bytes)
        if let aliased {
            topic = InboundRecord.Piece(offset: UInt32(events.aliasedTopics.count), count: UInt32(aliased.count))
            events.aliasedTopics.append(span: aliased.span.bytes)
        }
        events.records.append(
            InboundRecord(
                topic: topic, properties: InboundRecord.Piece(message.properties, in: bytes),
                payload: InboundRecord.Piece(message.payload, in: bytes), delivery: delivery,
                packetIdentifier: message.packetIdentifier, qos: message.qos, retain: message.retain,
                duplicate: message.duplicate, isAliased: aliased != nil))
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
