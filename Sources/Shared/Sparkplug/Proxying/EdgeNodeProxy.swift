internal import Collections

/// The IT side: all edge nodes of one link, as hosts on the IT broker see them.
///
/// ```text
/// record, state ──▶ ┌ per node: tables, order, bdSeq, seq ┐ ──▶ takeActions: connect, publish, disconnect, answer
/// command, host ──▶ │ unborn ▶ connecting ▶ born ▶ ending │
/// connected, lost ▶ └─────────────────────────────────────┘
/// ```
///
/// It does nothing itself: after each call the owner carries out `takeActions` in order, and calls `tick` at `nextDeadline`.
/// Its memory is bounded by its settings. Nothing from outside traps.
public struct EdgeNodeProxy: Sendable {
    public struct Settings: Sendable, Equatable {
        /// First levels of the topics that are Sparkplug's.
        public var namespaces = [SparkplugTopic.namespaceB]
        /// A node is born again at most once in this time on a host's request; requests in between share one birth.
        public var rebirthInterval: Duration = .seconds(1)
        public var limits = SparkplugLimits()
        /// The host whose STATE decides whether nodes are born; nil: they always are.
        public var primaryHost: [UInt8]?
        /// `bdSeq` of each node's first connection, 0…255.
        public var firstBdSeq: UInt8 = 0
        /// How many records may wait for the birth of one node, and of all together; beyond, the oldest is answered as
        /// folded.
        public var waitingPerNode = 256
        public var waiting = 1_024
        /// How many bytes of payload may wait.
        public var waitingBytes = 64 << 20
        /// How long a record waits for a birth at most: three rounds of the sender's carousel.
        public var patience: Duration = .seconds(90)

        public init() {}
    }

    /// A message for the IT broker, never retained.
    public struct Message: Sendable, Equatable {
        public let topic: [UInt8]
        public let payload: [UInt8]
        /// 0; 1 for NDEATH.
        public let qos: UInt8
    }

    /// What to do, in the order of the list; those of one node never overtake each other.
    public enum Action: Sendable, Equatable {
        /// Open a connection with a clean session and this will (not retained) and subscribe to `EdgeNodeID.commandFilters`; then call
        /// `connected`, or `lost` if the attempt failed.
        case connect(EdgeNodeID, will: Message)
        /// Publish on the node's connection. With a token it is that record (`published`, once it is settled). If the connection is
        /// lost before, the record comes again as `record`.
        case publish(EdgeNodeID, Message, token: UInt64?)
        /// Say goodbye (a clean DISCONNECT, no will) when everything published before is out; then call `lost`.
        case disconnect(EdgeNodeID)
        /// The record needs no publish of its own: it counts as `folded`.
        case answer(token: UInt64)
        /// Nothing of the record could be taken, and it will not be published: damaged, or beyond a limit. The report counts why.
        case refuse(token: UInt64)
    }

    private let settings: Settings
    private var sessions: [EdgeNodeID: EdgeNodeSession] = [:]
    private var waiting: WaitingRecords
    private var host = HostState()
    private var isSilent = false
    private var effects = ProxyEffects()
    private var bytes = 0
    private var faults = FaultCounts()
    /// Sessions in which a birth is due.
    private var due: [EdgeNodeID: Duration] = [:]

    public init(_ settings: Settings) {
        self.settings = settings
        waiting = WaitingRecords(
            perNode: settings.waitingPerNode, most: settings.waiting, bytes: settings.waitingBytes)
    }

    /// Whether a topic is a birth, death or data of an edge node, and so belongs to `record`.
    public func isEdgeMessage(_ topic: RawSpan) -> Bool {
        for namespace in settings.namespaces {
            if let parts = SparkplugTopic(topic, namespace: namespace) { return !parts.type.staysOnItsSide }
        }
        return false
    }

    /// Topics of the primary host's STATE, one for each namespace; empty without a primary host. To be subscribed to on a
    /// connection that always stands (the link's main one): without the host, nodes have none.
    public var hostTopics: [[UInt8]] {
        guard let host = settings.primaryHost else { return [] }
        return settings.namespaces.map { Array("\($0)/\(SparkplugTopic.MessageType.state.rawValue)/".utf8) + host }
    }

    /// A record of the plant, for whose topic `isEdgeMessage` holds. Each token is answered once, by `publish`, `answer` or `refuse`,
    /// unless `reset` comes first.
    /// - Parameter sourceTime: when the sender got it, in Unix milliseconds.
    public mutating func record(
        topic: RawSpan, payload: RawSpan, order: RecordOrder, sourceTime: UInt64, token: UInt64, now: Moment
    ) {
        guard let place = EdgePlace(topic, namespaces: settings.namespaces), open(place.id) else {
            return effects.refuse(token)
        }
        let record = EdgeRecord(
            place: place, payload: [UInt8](copying: payload), order: order, sourceTime: sourceTime, token: token)
        var waits = false
        change(place.id, now: now) { session, world, effects in
            waits = !session.take(record, in: world, &effects)
        }
        guard waits else { return }
        for displaced in waiting.add(record, now: now.sinceStart) { giveUp(displaced, now: now) }
    }

    /// A folded state of the sender, for the birth topic of a node or device. Answered at once, if it has a token
    /// (repetitions for a receiver that has just started have none).
    public mutating func state(
        topic: RawSpan, payload: RawSpan, order: RecordOrder, sourceTime: UInt64, token: UInt64?, now: Moment
    ) {
        guard let place = EdgePlace(topic, namespaces: settings.namespaces), place.type.isBirth, open(place.id) else {
            return effects.refuse(token)
        }
        let record = EdgeRecord(
            place: place, payload: [UInt8](copying: payload), order: order, sourceTime: sourceTime, token: token)
        change(place.id, now: now) { session, world, effects in session.takeState(record, in: world, &effects) }
    }

    /// The node's connection stands and its subscriptions are acknowledged.
    public mutating func connected(_ node: EdgeNodeID, now: Moment) {
        change(node, now: now) { session, world, effects in session.connected(world, &effects) }
    }

    /// The node's connection is over, by its fault or after `disconnect`. Its owner dials again only after the next
    /// `connect`, and keeps to a pause between failures of its own.
    public mutating func lost(_ node: EdgeNodeID, now: Moment) {
        change(node, now: now) { session, world, effects in session.lost(world, &effects) }
    }

    /// A message that came from the IT broker: NCMD, DCMD or STATE. Only a request for a rebirth is answered; all others are
    /// counted and ignored. Nothing goes towards the plant.
    public mutating func received(topic: RawSpan, payload: RawSpan, now: Moment) {
        let bytes = [UInt8](copying: topic)
        if hostTopics.contains(bytes) {
            let former = host
            host.take(payload)
            if host.isOnline != former.isOnline { changeAll(now: now) { $0.settle($1, &$2) } }
            return
        }
        guard let place = EdgePlace(topic, namespaces: settings.namespaces), place.type == .nodeCommand,
            let session = sessions[place.id], let command = try? Payload(payload), session.isRebirthRequest(command)
        else {
            effects.report.commandsIgnored += 1
            return
        }
        effects.report.rebirthRequests += 1
        change(place.id, now: now) { session, world, effects in session.askForBirth(world, &effects) }
    }

    /// Nothing comes from the plant any more: every node dies.
    public mutating func linkSilent(now: Moment) {
        isSilent = true
        changeAll(now: now) { $0.fallSilent($1, &$2) }
    }

    /// The link speaks again: a node is born when its state comes, or its own birth.
    public mutating func linkSpeaks(now: Moment) {
        isSilent = false
        changeAll(now: now) { $0.settle($1, &$2) }
    }

    /// The tokens of publishes and answers that were not taken yet are void: such records come again. Those that wait go on waiting.
    public mutating func reset() { effects.forgetTokens() }

    /// When `tick` is due.
    public var nextDeadline: Duration? {
        [waiting.oldest.map { $0 + settings.patience }, due.values.min()].compactMap(\.self).min()
    }

    /// Does what is due.
    public mutating func tick(now: Moment) {
        for record in waiting.takeOld(since: now.sinceStart - settings.patience) { giveUp(record, now: now) }
        for (id, moment) in due where moment <= now.sinceStart {
            change(id, now: now) { session, world, effects in session.bearPending(world, &effects) }
        }
    }

    /// What to do since the last call.
    public mutating func takeActions() -> [Action] { effects.takeActions() }

    /// What is known, and what is wrong with it.
    public var report: ProxyReport {
        var report = effects.report
        report.waiting = waiting.count
        report.primaryHostOnline = settings.primaryHost == nil ? nil : host.isOnline
        report.plant.nodes = sessions.count
        report.plant.bytes = bytes
        var all = faults
        for session in sessions.values {
            report.plant.born += session.isBorn ? 1 : 0
            report.plant.devices += session.livingDevices
            report.plant.metrics += session.metrics
            let isIncomplete = waiting.holds(session.id)
            report.plant.incomplete += isIncomplete ? 1 : 0
            all.add(session.faults)
            report.plant.note(session.id, isIncomplete: isIncomplete, faults: session.faults)
        }
        report.plant.faults = all.byKind
        return report
    }

    // MARK: Sessions

    /// Makes sure that a node has a session; a dead one makes room for it.
    private mutating func open(_ id: EdgeNodeID) -> Bool {
        if sessions[id] != nil { return true }
        if sessions.count >= settings.limits.nodes {
            guard let dead = sessions.values.first(where: { $0.isForgettable && !waiting.holds($0.id) }) else {
                faults.add(.overLimit)
                return false
            }
            faults.add(dead.faults)
            sessions[dead.id] = nil
        }
        sessions[id] = EdgeNodeSession(id, settings: settings)
        return true
    }

    /// Lets a session change, and then its records that wait, if they need not any more.
    private mutating func change(
        _ id: EdgeNodeID, now: Moment, _ body: (inout EdgeNodeSession, Circumstances, inout ProxyEffects) -> Void
    ) {
        guard var session = sessions.removeValue(forKey: id) else { return }
        bytes -= session.bytes
        var limits = settings.limits
        limits.bytes = max(0, limits.bytes - bytes)
        let world = Circumstances(
            mayLive: !isSilent && (settings.primaryHost == nil || host.isOnline), limits: limits, now: now)
        body(&session, world, &effects)
        while effects.releases {
            effects.releases = false
            waiting.release(id) { session.take($0, in: world, &effects) }
        }
        bytes += session.bytes
        due[id] = session.throttle.due
        sessions[id] = session
    }

    private mutating func changeAll(
        now: Moment, _ body: (inout EdgeNodeSession, Circumstances, inout ProxyEffects) -> Void
    ) {
        for id in sessions.keys { change(id, now: now, body) }
    }

    /// The record has waited in vain: its values go into the next birth.
    private mutating func giveUp(_ record: EdgeRecord, now: Moment) {
        effects.report.waitedInVain += 1
        change(record.place.id, now: now) { session, world, effects in
            session.fold(record, in: world)
            effects.answer(record.token)
        }
    }
}
