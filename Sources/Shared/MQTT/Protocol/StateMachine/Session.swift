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
    var phase = Phase.closed
    /// The version of this connection, or the last one.
    public private(set) var version = ProtocolVersion.v5
    /// What the server granted on this connection, or the last one.
    public internal(set) var grant: ServerGrant?
    /// When this connection's CONNACK said yes; nil until then.
    package internal(set) var grantedAt: Duration?
    var assignedClientIdentifier: String?
    private(set) var isNewVersion = false

    package var output = OutputBuffer()
    var deliveries: InboundDeliveries
    package var outbound = OutboundWindow()
    var unconfirmed = UnconfirmedSends()
    /// A message that streams past; nil most of the time.
    var oversize: OversizePublish?
    var aliases: TopicAliases
    var keepalive = Keepalive(seconds: 0, patience: .zero, now: .zero)
    /// Counts what we send that the server answers.
    private var order: UInt64 = 0
    private(set) var pingOrder: UInt64 = 0

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
        aliases.removeAll()
        oversize = nil
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
    mutating func fail(_ error: SessionError) -> SessionError {
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
