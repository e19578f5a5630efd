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
    var messages: InboundMessages
    package var outbound: OutboundWindow
    var unconfirmed = UnconfirmedSends()
    private var keepalive = Keepalive(seconds: 0, patience: .zero, now: .zero)
    /// Counts what we send that the server answers.
    private var order: UInt64 = 0
    private var pingOrder: UInt64 = 0

    public init(_ settings: ConnectionSettings) {
        self.settings = settings
        outbound = OutboundWindow(heldIdentifiers: settings.heldIdentifiers)
        messages = InboundMessages(
            receiveMaximum: settings.receiveMaximum, topicAliasMaximum: settings.topicAliasMaximum)
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
            return earlier(keepalive.deadline, answerDeadline)
        }
    }

    /// Until when the server has to answer the oldest request. Behind a large packet it has its time again.
    private var answerDeadline: Duration? {
        outbound.oldestSentAt.map { max($0, keepalive.lastPart) + settings.acknowledgementTimeout }
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
        messages.close()
        unconfirmed.abandon(&events.settlements)
        for token in outbound.held.takeAll() {
            events.settlements.append(Settlement(token: token, outcome: .unknown))
        }
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
    /// - Parameter endsSession: the server need not keep the session (MQTT 5; in 3.1.1 that was decided with the connection).
    public mutating func disconnect(withWill: Bool, endsSession: Bool = false) {
        guard phase == .connected, !(withWill && version == .v3_1_1) else { return }
        let isKept = (grant?.sessionExpirySeconds ?? 0) > 0
        DisconnectPacket(reason: withWill ? .disconnectWithWill : .success)
            .encode(into: &output.bytes, version: version, endsSession: endsSession && isKept)
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
            if let deadline = answerDeadline, now >= deadline {
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
                if messages.isPassing {
                    notePart(now, &events)
                    taken += try messages.pass(rest, version: version, output: &output.bytes, events: &events)
                    continue
                }
                guard let (header, fault) = try header(of: rest) else { break }
                // Before its length is believed: what answers CONNECT with anything else may not speak MQTT at all.
                guard (phase == .connected) != (header.type == .connack), header.type != .auth else {
                    throw .violation(.unexpectedPacket(header.type))
                }
                guard header.packetBytes <= settings.keptPacketBytes else {
                    guard OversizePublish.headBytes(header) <= rest.byteCount else { break }
                    notePart(now, &events)
                    taken += try messages.begin(
                        header, rest, version: version, output: &output.bytes, events: &events)
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
        guard !messages.isPassing, let (header, _) = try? header(of: bytes) else { return nil }
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
                return try messages.take(
                    FaultyPublish(body, header: header, version: version), of: bytes, version: version,
                    output: &output.bytes, events: &events, &faults)
            }
            faults.insert(ProtocolFault(error.reason))
            guard let repaired = IncomingPacket.repair(body, header: header, version: version, &faults) else {
                guard header.type.isAnswer else { throw .malformed(error) }
                return
            }
            decoded = repaired
        }
        switch decoded {
        case .publish(let message):
            try messages.take(
                message, of: bytes, version: version, output: &output.bytes, events: &events, &faults)
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
                ?? (version == .v5
                    ? UInt32(clamping: settings.sessionExpiry.components.seconds) : isResumable ? .max : 0))
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
        messages.open(sessionPresent: packet.sessionPresent)
        // Packets of the other version cannot be sent again as they are.
        if !packet.sessionPresent || isNewVersion { abandon(events: &events) }
        outbound.window = min(settings.publishWindow, Int(packet.receiveMaximum))
        outbound.exactlyOnceWindow =
            version == .v5 ? outbound.window : min(outbound.window, OutboundWindow.exactlyOnceWindow3)
        sendAgain(now: now, events: &events)
    }

    private mutating func notePart(_ now: Duration, _ events: inout SessionEvents) {
        keepalive.receivedPart(now: now)
        events.hasPart = true
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
