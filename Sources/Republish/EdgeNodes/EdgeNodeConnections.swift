internal import Account
internal import Deliveries
internal import DiodeProtocol
internal import EventLog
internal import MQTT
internal import MQTTProtocol
internal import Outbox
internal import Sparkplug
internal import Threading
internal import Time

/// The edge nodes of a link on the IT broker: carries out what the proxy decides, on one connection for each node, whose will is
/// the node's death (ADR 0016).
///
/// ```text
///  delivery ─▶ EdgeNodeProxy ─▶ connect ──▶ dial with a will, subscribe to its commands ─▶ connected ─▶ proxy
///                  ▲        ─▶ publish ──▶ in flight ─▶ settled ─▶ outbox
///                  │        ─▶ disconnect ▶ drain, goodbye ─▶ lost ─▶ proxy
///                  └── what was in flight on a connection that is lost: again, behind the new birth
/// ```
///
/// Bounded by the proxy's limit of nodes, one thread and one connection each, and by the publisher's window of deliveries.
struct EdgeNodeConnections: ~Copyable {
    private static let farewell = Duration.seconds(1)

    private let settings: PublisherSettings
    private let mailbox: PublisherMailbox
    private let log: EventLog
    private var mapper: TopicMapper
    private var composer: PropertyComposer
    private var proxy: EdgeNodeProxy
    private var nodes: [EdgeNodeID: EdgeNodeConnection] = [:]
    /// Deliveries that the proxy has taken and not answered.
    private var deliveries = ProxiedDeliveries()
    private var generations: UInt64 = 0
    private var isSilent = true
    private var nextOtherToken = Settler.firstOtherToken

    init(_ settings: PublisherSettings, mailbox: PublisherMailbox, log: EventLog) {
        self.settings = settings
        self.mailbox = mailbox
        self.log = log
        mapper = settings.mapper
        composer = PropertyComposer(link: settings.link)
        proxy = EdgeNodeProxy(settings.edgeNodes)
        // The link counts as silent until it is heard.
        proxy.linkSilent(now: Moment.now)
    }

    /// What is known of the nodes, for status.
    var report: ProxyReport { proxy.report }

    /// Whether a delivery is a birth, death or data of an edge node. JSON under such a topic is an ordinary message, and so is what is retained: the sender makes events of what edge nodes say.
    func takes(_ delivery: borrowing Delivery) -> Bool {
        !delivery.retain && proxy.isEdgeMessage(delivery.topic) && !ForeignPayload.isJSON(delivery.payload)
    }

    /// When `advance` has something to do.
    func deadline(isConnected: Bool) -> MonotonicInstant? {
        var deadline = proxy.nextDeadline.map { MonotonicInstant(nanoseconds: UInt64($0.nanoseconds)) }
        if isConnected {
            for at in nodes.values.compactMap(\.dialAt) { deadline = min(deadline ?? at, at) }
        }
        return deadline
    }

    // MARK: In

    /// Takes a delivery; its answer comes with `advance` or `take`.
    mutating func take(_ queued: QueuedDelivery) {
        deliveries.take(queued)
        feed(queued)
    }

    private mutating func feed(_ queued: QueuedDelivery) {
        let delivery = queued.delivery
        let order = RecordOrder(epoch: delivery.stamp.epoch.rawValue, sequence: delivery.stamp.sequence.rawValue)
        let (time, token) = (delivery.sourceTime.rawValue, queued.position.rawValue)
        deliveries.noteFed(token)
        if let birth = StateTopic.birth(of: delivery.topic) {
            proxy.state(
                topic: birth, payload: delivery.payload, order: order, sourceTime: time, token: token, now: Moment.now)
        } else {
            proxy.record(
                topic: delivery.topic, payload: delivery.payload, order: order, sourceTime: time, token: token,
                now: Moment.now)
        }
    }

    /// The link's state changed.
    mutating func note(_ state: LinkState) {
        guard state.isSilent != isSilent else { return }
        isSilent = state.isSilent
        if isSilent { proxy.linkSilent(now: Moment.now) } else { proxy.linkSpeaks(now: Moment.now) }
    }

    /// The publisher's connection was lost: every delivery of which the outbox has no answer comes again.
    mutating func reset() {
        deliveries.reset()
        proxy.reset()
    }

    /// Takes what the connection of a node reports.
    mutating func take(_ event: PublisherMailbox.EdgeNodeEvent, of id: EdgeNodeID, generation: UInt64) -> [Settlement] {
        guard let node = nodes[id], node.generation == generation else { return [] }
        let now = MonotonicInstant.now
        switch event {
        case .changed(.connected(let grant)):
            nodes[id]?.accepted(grant.version)
            subscribe(id)
        case .changed(.connecting): break
        case .changed(.disconnected(let error, _)):
            log.warning(
                "edge_node.lost", error.description,
                ["link": .text(settings.link), "node": .text(id.description)])
            // A connection that was never established dials again by itself.
            if node.stands { lost(id, now: now) }
        case .changed(.stopped): lost(id, now: now)
        case .subscribed(let isRefused):
            guard !node.stands else { break }
            if isRefused {
                log.warning(
                    "edge_node.deaf",
                    "the IT broker does not let an edge node have its commands: no rebirth on request",
                    ["link": .text(settings.link), "node": .text(id.description)])
            }
            nodes[id]?.stood(since: now)
            proxy.connected(id, now: Moment.now)
        case .heard(let messages, let last):
            hear(messages)
            if let last { node.connection?.acknowledge(through: last) }
        case .settled(let settlements):
            for settlement in settlements where settlement.outcome.isFinal {
                note(settlement, of: id)
                deliveries.forget(settlement.token)
            }
            return settlements
        }
        return []
    }

    /// Logs a message that the IT broker finds too large. A birth is no delivery of the outbox, so nothing else would tell that hosts do not
    /// get it.
    private func note(_ settlement: Settlement, of id: EdgeNodeID) {
        guard case .tooLarge(let bytes, let limit) = settlement.outcome else { return }
        log.error(
            "edge_node.too_large", "the IT broker takes no packet of this size: hosts do not get it",
            [
                "link": .text(settings.link), "node": .text(id.description), "bytes": .number(bytes),
                "limit": .number(limit),
            ])
    }

    /// What hosts say on the IT broker.
    mutating func hear(_ messages: [PublisherMailbox.HostMessage]) {
        for message in messages {
            guard let topic = mapper.plantTopic(of: message.topic.span.bytes) else { continue }
            proxy.received(topic: topic.span.bytes, payload: message.payload.span.bytes, now: Moment.now)
        }
    }

    private mutating func lost(_ id: EdgeNodeID, now: MonotonicInstant) {
        guard nodes[id] != nil else { return }
        nodes[id]?.lost(now: now, longestPause: settings.connection.reconnectMaximum)
        proxy.lost(id, now: Moment.now)
        for queued in deliveries.takeUnsettled(of: id) { feed(queued) }
    }

    // MARK: Out

    /// Does what the proxy wants and what is due.
    /// - Parameter isConnected: whether the publisher has the IT broker; while it has not, no node dials.
    /// - Returns: what became of deliveries.
    mutating func advance(isConnected: Bool, now: MonotonicInstant) -> [OutboxSettlement] {
        proxy.tick(now: Moment.now)
        let answers = perform(now: now)
        guard isConnected else { return answers }
        for (id, node) in nodes where node.dialAt.map({ $0 <= now }) ?? false { dial(id, now: now) }
        return answers
    }

    private mutating func perform(now: MonotonicInstant) -> [OutboxSettlement] {
        var answers: [OutboxSettlement] = []
        var actions = proxy.takeActions()
        while !actions.isEmpty {
            for action in actions {
                if let (token, disposition) = perform(action, now: now) {
                    deliveries.forget(token)
                    answers.append(Self.answer(token, disposition))
                }
            }
            actions = proxy.takeActions()
        }
        return answers + deliveries.takeWaiting().map { Self.answer($0, .folded) }
    }

    private static func answer(_ token: UInt64, _ disposition: Disposition) -> OutboxSettlement {
        OutboxSettlement(position: OutboxPosition(rawValue: token), disposition: disposition)
    }

    /// - Returns: a delivery that has its answer now.
    private mutating func perform(
        _ action: EdgeNodeProxy.Action, now: MonotonicInstant
    ) -> (token: UInt64, Disposition)? {
        switch action {
        case .connect(let id, let will): nodes[id, default: EdgeNodeConnection()].want(will, now: now)
        case .publish(let id, let message, let token):
            let end = isDeath(message, of: id) ? .published : publish(message, of: id, token: token, now: now)
            if let end, let token { return (token, end) }
        case .disconnect(let id):
            let hasSomebody = nodes[id]?.end(drain: Self.farewell) ?? false
            if !hasSomebody { proxy.lost(id, now: Moment.now) }
        case .answer(let token): return (token, .folded)
        case .refuse(let token): return (token, .dead(.sparkplugUnreadable))
        }
        return nil
    }

    /// Whether a message is the node's will, which a broker of MQTT 5 publishes itself, however the connection ends
    /// (`tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt50`).
    private func isDeath(_ message: EdgeNodeProxy.Message, of id: EdgeNodeID) -> Bool {
        guard let node = nodes[id] else { return false }
        return node.isBuriedByBroker && message.topic == node.will?.topic
    }

    /// - Returns: what became of it if it cannot be published at all.
    private mutating func publish(
        _ message: EdgeNodeProxy.Message, of id: EdgeNodeID, token: UInt64?, now: MonotonicInstant
    ) -> Disposition? {
        guard let connection = nodes[id]?.connection, let topic = mapped(message.topic) else { return .dead(.invalid) }
        var properties: [UInt8] = []
        if let token, let queued = deliveries[token], composer.compose(queued.delivery, now: now) == .composed {
            properties = composer.bytes
        }
        nextOtherToken &+= 1
        do throws(PublishRefusal) {
            try connection.publish(
                topic: topic.span.bytes, payload: message.payload.span.bytes,
                qos: QoS(rawValue: message.qos) ?? .atMostOnce, properties: properties.span.bytes,
                token: token ?? nextOtherToken)
            if let token { deliveries.noteSent(token, over: id) }
            return nil
        } catch {
            log.warning(
                "edge_node.unpublished", "\(error)", ["link": .text(settings.link), "node": .text(id.description)])
            switch error {
            case .tooLarge: return .dead(.tooLarge)
            case .invalidTopic, .invalidProperties: return .dead(.invalid)
            case .queueFull, .stopped:
                // The node's connection does not keep up, or ends. Its deliveries are repeated over the next connection.
                if let token { deliveries.noteSent(token, over: id) }
                connection.requestStop()
                return nil
            }
        }
    }

    private mutating func mapped(_ topic: [UInt8]) -> [UInt8]? {
        switch mapper.map(topic.span.bytes) {
        case .unchanged: topic
        case .prefixed: mapper.prefixed
        case .refused: nil
        }
    }

    // MARK: Connections

    private mutating func dial(_ id: EdgeNodeID, now: MonotonicInstant) {
        nodes[id]?.dialled()
        guard let will = nodes[id]?.will else { return }
        guard let willTopic = mapped(will.topic) else {
            log.error(
                "edge_node.foreign", "the link may not publish this node's death (own, map), so the node is never born",
                ["link": .text(settings.link), "node": .text(id.description)])
            return
        }
        var connection = settings.connection
        let base = connection.clientIdentifier.isEmpty ? "diode-recv-\(settings.link)" : connection.clientIdentifier
        // No level of a topic contains a slash, so no two nodes get the same identifier.
        connection.clientIdentifier = "\(base)/\(id)"
        connection.cleanStart = true
        connection.sessionExpiry = .zero
        connection.will = Will(
            topic: String(decoding: willTopic, as: UTF8.self), payload: will.payload,
            qos: QoS(rawValue: will.qos) ?? .atLeastOnce)
        connection.receiveMaximum = 64
        connection.publishQueueMessages = settings.windowRecords + 2 * settings.edgeNodes.limits.devicesPerNode
        connection.publishQueueBytes = max(connection.publishQueueBytes, 2 * settings.windowBytes)
        generations += 1
        let (mailbox, generation) = (mailbox, generations)
        nodes[id]?.begin(generation)
        let observer = Connection.Observer(
            changed: { mailbox.post(.edgeNode(id, .changed($0), generation: generation)) },
            received: { mailbox.post($0, of: id, generation: generation) })
        do {
            let opened = try Connection(connection, observer: observer)
            try opened.start()
            nodes[id]?.opened(opened)
        } catch {
            log.error("edge_node.failed", "\(error)", ["link": .text(settings.link), "node": .text(id.description)])
            lost(id, now: now)
        }
    }

    /// Subscribes to a node's commands: the node must hear them before it is born (`tck-id-message-flow-edge-node-ncmd-subscribe`).
    private mutating func subscribe(_ id: EdgeNodeID) {
        guard let connection = nodes[id]?.connection else { return }
        do throws(PublishRefusal) {
            try connection.subscribe(subscriptions(id.commandFilters))
        } catch {
            connection.requestStop()
        }
    }

    /// Subscribes to the state of the primary host over the publisher's connection: while that host is offline, no node has a connection.
    func listen(to connection: Connection) {
        let topics = proxy.hostTopics
        guard !topics.isEmpty else { return }
        do throws(PublishRefusal) {
            try connection.subscribe(subscriptions(topics))
        } catch {
            log.error("edge_node.deaf", "the primary host is not heard: \(error)", ["link": .text(settings.link)])
        }
    }

    private func subscriptions(_ plantTopics: [[UInt8]]) -> [Subscription] {
        plantTopics.map { Subscription(mapper.filter(for: $0), qos: .atLeastOnce) }
    }

    /// Every node says goodbye, at most for a second.
    /// - Returns: what became of publishes meanwhile.
    mutating func stop() -> [Settlement] {
        proxy.linkSilent(now: Moment.now)
        let now = MonotonicInstant.now
        let deadline = now.advanced(by: Self.farewell)
        var settlements: [Settlement] = []
        _ = perform(now: now)
        while nodes.values.contains(where: { $0.connection != nil }), MonotonicInstant.now < deadline {
            mailbox.wakeup.wait(timeout: .milliseconds(20))
            for case .edgeNode(let id, let event, let generation) in mailbox.take() {
                settlements += take(event, of: id, generation: generation)
            }
            _ = perform(now: MonotonicInstant.now)
        }
        return settlements
    }
}

extension Settlement.Outcome {
    /// Whether it says what became of the message.
    fileprivate var isFinal: Bool {
        switch self {
        case .delivered, .refused, .tooLarge: true
        case .unknown, .notSent: false
        }
    }
}

extension Moment {
    fileprivate static var now: Moment {
        Moment(
            sinceStart: MonotonicClock.now().sinceStart, unixMilliseconds: UnixClock.now().rawValue)
    }
}

extension MonotonicInstant {
    fileprivate static var now: MonotonicInstant { MonotonicClock.now() }
}
