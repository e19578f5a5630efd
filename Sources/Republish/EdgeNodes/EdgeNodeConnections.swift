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
///                  ▲        ─▶ publish ──▶ in flight ─▶ settled ─▶ outbox: `published`
///                  │        ─▶ answer ───▶ rides with what is in flight ─▶ settled ─▶ outbox: `folded`
///                  │        ─▶ disconnect ▶ drain, goodbye ─▶ lost ─▶ proxy
///                  └── what was in flight on a connection that is lost, and what rode with it: again, behind the new birth
/// ```
///
/// The outbox has no answer of a delivery before the IT broker has confirmed the message that tells of it. Bounded by the proxy's limit of
/// nodes, one thread and one connection each, and by the publisher's reach of deliveries.
final class EdgeNodeConnections {
    private static let farewell = Duration.seconds(1)
    /// Before a node is tried again whose birth is too large for the IT broker.
    private static let rest = Duration.seconds(60)

    private let settings: PublisherSettings
    private let output: OutboxOutput
    private let mailbox: PublisherMailbox
    private let log: EventLog
    private let dialer: EdgeNodeDialer
    private var mapper: TopicMapper
    private var composer: PropertyComposer
    private var proxy: EdgeNodeProxy
    private var nodes = EdgeNodeTable(now: .now)
    /// Deliveries that the proxy has taken and not answered.
    private var deliveries = ProxiedDeliveries()
    private var generations: UInt64 = 0
    private var isSilent = true
    private var wholeness = WholeWatch()
    /// Answers that came with an event, until `advance` hands them out.
    private var answers: [OutboxSettlement] = []
    /// Births of nodes that are under way, by token: a broker that finds one too large gets nothing else of the node.
    private var births: [UInt64: EdgeNodeID] = [:]
    /// Nodes that were unconnected when that was last told.
    private var toldUnconnected = 0
    private var nextOtherToken = Settler.firstOtherToken

    init(_ settings: PublisherSettings, output: OutboxOutput, mailbox: PublisherMailbox, log: EventLog) {
        self.settings = settings
        self.output = output
        self.mailbox = mailbox
        self.log = log
        dialer = EdgeNodeDialer(settings, mailbox: mailbox)
        mapper = settings.mapper
        composer = PropertyComposer(link: settings.link)
        proxy = EdgeNodeProxy(settings.edgeNodes)
        for note in output.takeNotes() { proxy.restore(name: note.name, value: note.value, now: Moment.now) }
        // The link counts as silent until it is heard.
        proxy.linkSilent(now: Moment.now)
    }

    /// What is known of the nodes, for status.
    func report(now: MonotonicInstant) -> ProxyReport {
        // Whoever has just lost its connection may be wanted again.
        perform(now: now)
        var report = proxy.report
        let (unconnected, reason) = nodes.unconnected(now: now)
        report.unconnected = unconnected.count
        report.unconnectedNames = Array(unconnected.prefix(ProxyReport.named))
        report.unconnectedReason = reason
        if unconnected.isEmpty != (toldUnconnected == 0) {
            log.write(
                unconnected.isEmpty ? .notice : .error,
                unconnected.isEmpty ? "edge_node.connected" : "edge_node.unconnected",
                unconnected.isEmpty
                    ? "every edge node has its connection to the IT broker"
                    : "edge nodes cannot connect to the IT broker: \(reason)",
                ["link": .text(settings.link), "nodes": .number(unconnected.count)])
            toldUnconnected = unconnected.count
        }
        return report
    }

    /// Deliveries that wait for their node, and what they cost.
    var waiting: (records: Int, bytes: Int) { (deliveries.waiting, deliveries.waitingBytes) }

    /// Whether a delivery is a birth, death or data of an edge node. JSON under such a topic is an ordinary message, and so is what is
    /// retained: the sender makes events of what edge nodes say.
    func takes(_ delivery: borrowing Delivery) -> Bool {
        !delivery.retain && proxy.isEdgeMessage(delivery.topic) && !ForeignPayload.isJSON(delivery.payload)
    }

    /// When `advance` has something to do.
    func deadline(isConnected: Bool) -> MonotonicInstant? {
        let due = proxy.nextDeadline.map { MonotonicInstant(nanoseconds: UInt64($0.nanoseconds)) }
        return [due, isConnected ? nodes.deadline : nil].compactMap(\.self).min()
    }

    // MARK: In

    /// Takes a delivery; its answer comes with `advance` or `take`.
    func take(_ queued: QueuedDelivery) {
        deliveries.take(queued)
        feed(queued)
    }

    private func feed(_ queued: QueuedDelivery) {
        let delivery = queued.delivery
        let order = RecordOrder(epoch: delivery.stamp.epoch.rawValue, sequence: delivery.stamp.sequence.rawValue)
        let (time, token) = (delivery.sourceTime.rawValue, queued.position.rawValue)
        if let birth = StateTopic.birth(of: delivery.topic) {
            proxy.state(
                topic: birth, payload: delivery.payload, order: order, sourceTime: time, token: token, now: Moment.now)
        } else {
            proxy.record(
                topic: delivery.topic, payload: delivery.payload, order: order, sourceTime: time, token: token,
                now: Moment.now)
        }
    }

    /// The link's state may have changed.
    func note(_ state: LinkState, _ hearing: LinkHearing?) {
        wholeness.note(isSilent: state.isSilent, hearing)
        guard state.isSilent != isSilent else { return }
        isSilent = state.isSilent
        if isSilent { proxy.linkSilent(now: Moment.now) } else { proxy.linkSpeaks(now: Moment.now) }
    }

    /// The outbox holds nothing that was not given to the proxy: if nothing is missing on the link either, nodes need not wait for their states.
    func caughtUp() {
        if wholeness.takeWhole() { proxy.linkWhole(now: Moment.now) }
    }

    /// Gives up the oldest deliveries that wait for their nodes, those of the oldest so many positions: there is no room for more.
    func giveUp(_ positions: UInt64) {
        // Not of the oldest of all: that may be in flight, far behind what waits.
        guard let oldest = proxy.oldestWaiting else { return }
        let given = proxy.giveUp(before: oldest &+ positions, now: Moment.now)
        guard given > 0 else { return }
        log.error(
            "edge_node.given_up", "more waits for edge nodes that are not born than may: the oldest is given up",
            [
                "link": .text(settings.link), "given_up": .number(given), "waiting": .number(deliveries.waiting),
            ])
    }

    /// The publisher's connection was lost: every delivery of which the outbox has no answer comes again.
    func reset() {
        deliveries.reset()
        proxy.reset()
    }

    /// Nodes do not dial while they are in the way of the publisher's connection; those whose connections stand keep them.
    /// - Parameter all: those give way, too.
    func stepBack(all: Bool = false) { nodes.end(all: all) }

    /// The IT broker has no place for the publisher's connection: one node gives up its own.
    /// - Returns: false if none has one.
    func giveWay() -> Bool {
        let reason = "the IT broker has no place for it beside the receiver's own connection"
        guard let id = nodes.giveWay(reason, rest: Self.rest) else { return false }
        log.warning("edge_node.gives_way", reason, ["link": .text(settings.link), "node": .text(id.description)])
        return true
    }

    /// Whether an event is of the connection that a node has.
    func isCurrent(_ id: EdgeNodeID, generation: UInt64) -> Bool { nodes[id]?.generation == generation }

    /// Takes what the connection of a node reports.
    func take(_ event: PublisherMailbox.EdgeNodeEvent, of id: EdgeNodeID, generation: UInt64) -> [Settlement] {
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
            nodes[id]?.failed(error.description, now: now)
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
            for settlement in settlements where settlement.outcome.isFinal { settled(settlement, of: id) }
            return settlements
        }
        return []
    }

    /// The IT broker has said what became of a message: what rode with it shares that.
    private func settled(_ settlement: Settlement, of id: EdgeNodeID) {
        let birth = births.removeValue(forKey: settlement.token)
        let disposition: Disposition
        switch settlement.outcome {
        case .delivered: disposition = .folded
        case .refused: disposition = .dead(.refused)
        case .tooLarge(let bytes, let limit):
            disposition = .dead(.tooLarge)
            tooLarge(bytes: bytes, limit: limit, of: id, isBirth: birth != nil)
        case .received, .unknown, .notSent: return
        }
        for rider in deliveries.settled(settlement.token, over: id) { answers.append(Self.answer(rider, disposition)) }
    }

    /// A birth is no delivery of the outbox, so nothing else would tell that hosts do not get it; and without it, they can do nothing with
    /// what follows.
    private func tooLarge(bytes: Int, limit: Int, of id: EdgeNodeID, isBirth: Bool) {
        log.error(
            "edge_node.too_large", "the IT broker takes no packet of this size: hosts do not get it",
            [
                "link": .text(settings.link), "node": .text(id.description), "bytes": .number(bytes),
                "limit": .number(limit),
            ])
        guard isBirth else { return }
        nodes[id]?.isRefused(
            "the birth of \(id) has \(bytes) bytes, and the IT broker takes \(limit)", rest: Self.rest)
    }

    /// What hosts say on the IT broker.
    func hear(_ messages: [PublisherMailbox.HostMessage]) {
        for message in messages {
            guard let topic = mapper.plantTopic(of: message.topic.span.bytes) else { continue }
            proxy.received(topic: topic.span.bytes, payload: message.payload.span.bytes, now: Moment.now)
        }
    }

    private func lost(_ id: EdgeNodeID, now: MonotonicInstant) {
        guard nodes[id] != nil else { return }
        // What the proxy wanted said over this connection is lost with it, and comes again below: nobody was told of it.
        perform(now: now)
        nodes[id]?.lost(now: now, longestPause: settings.connection.reconnectMaximum)
        births = births.filter { $0.value != id }
        proxy.lost(id, now: Moment.now)
        for queued in deliveries.takeUnsettled(of: id) { feed(queued) }
    }

    // MARK: Out

    /// Does what the proxy wants and what is due.
    /// - Parameter isConnected: whether the publisher has the IT broker; while it has not, no node dials.
    /// - Returns: what became of deliveries.
    func advance(isConnected: Bool, now: MonotonicInstant) -> [OutboxSettlement] {
        proxy.tick(now: Moment.now)
        perform(now: now)
        // Before the answers: what is kept holds all that is settled.
        output.keep(proxy.takeMemory(now: Moment.now))
        defer { answers = [] }
        guard isConnected else { return answers }
        for id in nodes.takeDue(now: now) { dial(id, now: now) }
        return answers
    }

    private func perform(now: MonotonicInstant) {
        var actions = proxy.takeActions()
        while !actions.isEmpty {
            for action in actions {
                guard let (token, disposition) = perform(action, now: now) else { continue }
                deliveries.forget(token)
                answers.append(Self.answer(token, disposition))
            }
            actions = proxy.takeActions()
        }
    }

    private static func answer(_ token: UInt64, _ disposition: Disposition) -> OutboxSettlement {
        OutboxSettlement(position: OutboxPosition(rawValue: token), disposition: disposition)
    }

    /// - Returns: a delivery that has its answer now.
    private func perform(
        _ action: EdgeNodeProxy.Action, now: MonotonicInstant
    ) -> (token: UInt64, Disposition)? {
        switch action {
        case .connect(let id, let will): nodes[id, default: EdgeNodeConnection()].want(will, now: now)
        case .publish(let id, let message, let token):
            let end = publish(message, of: id, token: token, now: now)
            if let end, let token { return (token, end) }
        case .disconnect(let id):
            let hasSomebody = nodes[id]?.end(drain: Self.farewell) ?? false
            if !hasSomebody { proxy.lost(id, now: Moment.now) }
        case .answer(let id, let token):
            if !deliveries.ride(token, with: id) { return (token, .folded) }
        case .forget(let id): nodes[id] = nil
        case .giveUp(let token): return (token, .shed(.unborn))
        case .refuse(let token): return (token, .dead(.sparkplugUnreadable))
        }
        return nil
    }

    /// - Returns: what became of it if it cannot be published at all.
    private func publish(
        _ message: EdgeNodeProxy.Message, of id: EdgeNodeID, token: UInt64?, now: MonotonicInstant
    ) -> Disposition? {
        guard let connection = nodes[id]?.connection, let topic = mapped(message.topic) else { return .dead(.invalid) }
        var properties: [UInt8] = []
        if let token, let queued = deliveries[token], composer.compose(queued.delivery, now: now) == .composed {
            properties = composer.bytes
        }
        nextOtherToken &+= 1
        let sent = token ?? nextOtherToken
        do throws(PublishRefusal) {
            try connection.publish(
                topic: topic.span.bytes, payload: message.payload.span.bytes,
                qos: QoS(rawValue: message.qos) ?? .atMostOnce, properties: properties.span.bytes, token: sent)
        } catch {
            log.warning(
                "edge_node.unpublished", "\(error)", ["link": .text(settings.link), "node": .text(id.description)])
            switch error {
            case .tooLarge:
                // What is answered behind a birth rides with it, so that it comes again as well.
                if message.isNodeBirth { deliveries.noteSent(sent, over: id) }
                tooLarge(
                    bytes: message.payload.count,
                    limit: min(dialer.publishQueueBytes, PacketHeader.largestRemainingLength), of: id,
                    isBirth: message.isNodeBirth)
                return .dead(.tooLarge)
            case .invalidTopic, .invalidProperties: return .dead(.invalid)
            // The node's connection does not keep up, or ends. Its deliveries are repeated over the next connection.
            case .queueFull, .stopped: connection.requestStop(withWill: true)
            }
        }
        deliveries.noteSent(sent, over: id)
        if message.isNodeBirth { births[sent] = id }
        return nil
    }

    private func mapped(_ topic: [UInt8]) -> [UInt8]? {
        switch mapper.map(topic.span.bytes) {
        case .unchanged: topic
        case .prefixed: mapper.prefixed
        case .refused: nil
        }
    }

    // MARK: Connections

    private func dial(_ id: EdgeNodeID, now: MonotonicInstant) {
        nodes[id]?.dialled()
        guard let will = nodes[id]?.will else { return }
        guard let willTopic = mapped(will.topic) else {
            let reason = "the link may not publish this node's death (own, map), so the node is never born"
            log.error("edge_node.foreign", reason, ["link": .text(settings.link), "node": .text(id.description)])
            nodes[id]?.isRefused(reason, rest: .zero)
            return
        }
        generations += 1
        nodes[id]?.begin(generations)
        do {
            nodes[id]?.opened(try dialer.open(id, will: will, willTopic: willTopic, generation: generations))
        } catch {
            log.error("edge_node.failed", "\(error)", ["link": .text(settings.link), "node": .text(id.description)])
            nodes[id]?.failed("\(error)", now: now)
            lost(id, now: now)
        }
    }

    /// Subscribes to a node's commands: the node must hear them before it is born (`tck-id-message-flow-edge-node-ncmd-subscribe`).
    private func subscribe(_ id: EdgeNodeID) {
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
        proxy.hostsAsked(now: Moment.now)
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
    func stop() -> [Settlement] {
        output.keep(proxy.takeMemory(now: Moment.now, all: true))
        proxy.linkSilent(now: Moment.now)
        let now = MonotonicInstant.now
        let deadline = now.advanced(by: Self.farewell)
        var settlements: [Settlement] = []
        perform(now: now)
        while nodes.hasConnections, MonotonicInstant.now < deadline {
            mailbox.wakeup.wait(timeout: .milliseconds(20))
            for case .edgeNode(let id, let event, let generation) in mailbox.take() {
                settlements += take(event, of: id, generation: generation)
            }
            perform(now: MonotonicInstant.now)
        }
        return settlements
    }

    /// Moves out what `stop` answered beside.
    func takeAnswers() -> [OutboxSettlement] {
        defer { answers = [] }
        return answers
    }
}

extension Settlement.Outcome {
    /// Whether it says what became of the message.
    fileprivate var isFinal: Bool {
        switch self {
        case .delivered, .refused, .tooLarge: true
        case .received, .unknown, .notSent: false
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
