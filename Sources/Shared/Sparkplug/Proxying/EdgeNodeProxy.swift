internal import Collections

/// The IT side: all edge nodes of one link, as hosts on the IT broker see them.
///
/// ```text
/// record, state ──▶ ┌ per node: tables, order, bdSeq, seq ┐ ──▶ takeActions: connect, publish, disconnect, answer
/// command, host ──▶ │ unborn ▶ connecting ▶ born ▶ ending │
/// connected, lost ▶ └─────────────────────────────────────┘
/// ```
///
/// Every record that it was given has one end, whatever happens to connections meanwhile:
///
/// - `publish` with its token: data, and a birth or death that passes through while the node is born;
/// - `answer`: it is in a birth that was published, or changes nothing of what hosts know;
/// - `refuse`, `giveUp`: nobody will be told of it, for that reason.
///
/// Until then it waits here, and in the outbox. A node that waits for its connection holds up nothing: how much may wait is the owner's
/// to say (`giveUp(before:)`); what waits for a birth of which nothing is known is given up after `patience`.
///
/// It does nothing itself: after each call the owner carries out `takeActions` in order, and calls `tick` at `nextDeadline`.
/// Tables are bounded by its settings. Nothing from outside traps.
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
        /// How long a record waits for a birth of which nothing is known: three rounds of the sender's carousel.
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
        /// The node made room for another: nothing is known of it any more, and it has no connection.
        case forget(EdgeNodeID)
        /// Hosts have the record, or what it says, with what was published on the node's connection before this: it counts as `folded` once that
        /// is settled.
        case answer(EdgeNodeID, token: UInt64)
        /// The record is given up: its node or device was not born while it waited.
        case giveUp(token: UInt64)
        /// Nothing of the record could be taken, and it will not be published: damaged, or beyond a limit. The report counts why.
        case refuse(token: UInt64)
    }

    private let settings: Settings
    private var sessions: [EdgeNodeID: EdgeNodeSession] = [:]
    /// Sessions that can make room for others, so that none has to be looked for.
    private var forgettable: Set<EdgeNodeID> = []
    private var places: NodePlaces
    private var waiting = WaitingRecords()
    private var host = HostState()
    private var isSilent = false
    private var effects = ProxyEffects()
    private var bytes = 0
    private var faults = FaultCounts()
    /// Sessions in which a birth is due.
    private var due: [EdgeNodeID: Duration] = [:]
    /// Until when it is told that a limit was reached; and nodes that found no place since.
    private var limitedUntil: Duration?
    private var shutOut: [EdgeNodeID: FaultCounts] = [:]
    private static let limitMemory = Duration.seconds(600)
    private var memory = MemoryWatch()

    public init(_ settings: Settings) {
        self.settings = settings
        places = NodePlaces(limit: settings.limits.nodes)
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

    /// A record of the plant, for whose topic `isEdgeMessage` holds. Each token has one end, unless `reset` comes first.
    /// - Parameter sourceTime: when the sender got it, in Unix milliseconds.
    public mutating func record(
        topic: RawSpan, payload: RawSpan, order: RecordOrder, sourceTime: UInt64, token: UInt64, now: Moment
    ) {
        guard let place = EdgePlace(topic, namespaces: settings.namespaces), open(place.id, now: now) else {
            return effects.refuse(token)
        }
        take(
            EdgeRecord(
                place: place, payload: [UInt8](copying: payload), order: order, sourceTime: sourceTime, token: token),
            now: now)
    }

    /// A folded state of the sender, for the birth topic of a node or device. It may come without a token
    /// (repetitions for a receiver that has just started have none).
    public mutating func state(
        topic: RawSpan, payload: RawSpan, order: RecordOrder, sourceTime: UInt64, token: UInt64?, now: Moment
    ) {
        guard let place = EdgePlace(topic, namespaces: settings.namespaces), place.type.isBirth,
            open(place.id, now: now)
        else { return effects.refuse(token) }
        take(
            EdgeRecord(
                place: place, payload: [UInt8](copying: payload), order: order, sourceTime: sourceTime, token: token,
                isState: true), now: now)
    }

    private mutating func take(_ record: EdgeRecord, now: Moment) {
        memory.noteChange(record.place.id, now: now.sinceStart)
        var taken = EdgeNodeSession.Taken.done
        let hasCompany = waiting.holds(record.place.id)
        change(record.place.id, now: now) { session, world, effects in
            taken = session.take(record, hasCompany: hasCompany, in: world, &effects)
        }
        switch taken {
        case .done: break
        case .waits: waiting.add(record, now: now.sinceStart)
        case .folded: waiting.addFolded(record, now: now.sinceStart)
        }
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
            host.take(payload, now: now)
            if host != former { changeAll(now: now) { $0.settle($1, &$2) } }
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

    /// The link speaks again: a node is born when its state comes, or its own birth, or when `linkWhole` says that nothing was missed.
    public mutating func linkSpeaks(now: Moment) {
        isSilent = false
        changeAll(now: now) { $0.settle($1, &$2) }
    }

    /// Every record that the sender has had until now was given to this proxy: what it knows of nodes and devices is true.
    public mutating func linkWhole(now: Moment) {
        changeAll(now: now) { $0.becomeSure($1, &$2) }
    }

    /// The connection on which `hostTopics` are heard was made anew. Without a word of the host soon, it is offline.
    public mutating func hostsAsked(now: Moment) { host.ask(now: now.sinceStart) }

    /// The tokens of publishes and answers that were not taken yet are void, and so are those of what waits: all of it comes again.
    public mutating func reset() {
        effects.forgetTokens()
        waiting.removeAll()
    }

    /// The smallest token of what waits.
    public var oldestWaiting: UInt64? { waiting.oldestToken }

    /// Gives up everything that waits and whose token is before this one.
    /// - Returns: how many.
    @discardableResult
    public mutating func giveUp(before token: UInt64, now: Moment) -> Int {
        let all = waiting.takeOut(before: token)
        for given in all { giveUp(given, now: now) }
        return all.count
    }

    /// When `tick` is due.
    public var nextDeadline: Duration? {
        [waiting.oldest.map { $0 + settings.patience }, due.values.min(), host.askedUntil, limitedUntil, memory.due]
            .compactMap(\.self).min()
    }

    /// Does what is due.
    public mutating func tick(now: Moment) {
        let old = waiting.takeOld(since: now.sinceStart - settings.patience, now: now.sinceStart) { id, device in
            sessions[id].map { !$0.lives(device, isSilent: isSilent) } ?? true
        }
        for given in old { giveUp(given, now: now) }
        for (id, moment) in due where moment <= now.sinceStart {
            change(id, now: now) { session, world, effects in session.bearPending(world, &effects) }
        }
        if host.tick(now: now.sinceStart) { changeAll(now: now) { $0.settle($1, &$2) } }
        writeMemory(now: now, all: false)
        if let until = limitedUntil, until <= now.sinceStart {
            limitedUntil = nil
            shutOut = [:]
        }
    }

    // MARK: Over a restart

    /// Moves out what is to be kept, by name (nil: not any more). It has to be stored before or with the answers that were taken since.
    /// - Parameter all: the process ends.
    public mutating func takeMemory(now: Moment, all: Bool = false) -> [(name: [UInt8], value: [UInt8]?)] {
        if all { writeMemory(now: now, all: true) }
        return memory.takeNotes()
    }

    private mutating func writeMemory(now: Moment, all: Bool) {
        let sessions = sessions
        memory.write(now: now.sinceStart, all: all) { sessions[$0]?.tables }
    }

    /// Takes back what an earlier process kept. Nodes live once `linkWhole` says that nothing was missed, or as the sender tells of them.
    public mutating func restore(name: [UInt8], value: [UInt8], now: Moment) {
        guard let (kind, id) = EdgeNodeMemory.kind(of: name, namespaces: settings.namespaces), open(id, now: now),
            var session = sessions.removeValue(forKey: id)
        else {
            // Nobody would ever take it up, or delete it.
            return memory.drop(name)
        }
        bytes -= session.bytes
        switch kind {
        case .bdSeq: session.nextBdSeq = value.first ?? session.nextBdSeq
        case .tables:
            session.restore(value)
            memory.noteKept(id, bytes: value.count)
        }
        bytes += session.bytes
        put(session)
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
        for (id, faults) in shutOut { report.plant.note(id, isIncomplete: true, faults: faults) }
        report.isLimited = limitedUntil != nil
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
    private mutating func open(_ id: EdgeNodeID, now: Moment) -> Bool {
        if sessions[id] != nil { return true }
        if !places.admits(id) {
            let group = places.isFull ? nil : id.group
            guard
                let dead = forgettable.first(where: { !waiting.holds($0) && (group == nil || $0.group == group) })
            else {
                faults.add(.overLimit)
                noteLimit(id, now: now)
                return false
            }
            if let session = sessions.removeValue(forKey: dead) { faults.add(session.faults) }
            forgettable.remove(dead)
            places.remove(dead)
            memory.forget(dead)
            due[dead] = nil
            effects.forget(dead)
            guard places.admits(id) else { return open(id, now: now) }
        }
        places.insert(id)
        shutOut[id] = nil
        put(EdgeNodeSession(id, settings: settings))
        return true
    }

    private mutating func put(_ session: EdgeNodeSession) {
        if session.isForgettable { forgettable.insert(session.id) } else { forgettable.remove(session.id) }
        sessions[session.id] = session
    }

    /// Something of a node lies beyond a limit: told for a while, as long as it goes on.
    private mutating func noteLimit(_ id: EdgeNodeID, now: Moment) {
        limitedUntil = now.sinceStart + Self.limitMemory
        guard sessions[id] == nil else { return }
        if shutOut[id] != nil || shutOut.count < SparkplugReport.listed {
            shutOut[id, default: FaultCounts()].add(.overLimit)
        }
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
            mayLive: !isSilent && (settings.primaryHost == nil || host.isOnline),
            mayBegin: !isSilent && (settings.primaryHost == nil || host.mayBegin), limits: limits, now: now)
        let (next, overLimit) = (session.nextBdSeq, effects.overLimit)
        body(&session, world, &effects)
        while let released = effects.takeReleases() {
            waiting.release(id, released) { session.settle($0, in: world, &effects) }
        }
        bytes += session.bytes
        due[id] = session.throttle.due
        if session.nextBdSeq != next { memory.noteNext(session.nextBdSeq, of: id) }
        put(session)
        if effects.overLimit > overLimit { noteLimit(id, now: now) }
    }

    private mutating func changeAll(
        now: Moment, _ body: (inout EdgeNodeSession, Circumstances, inout ProxyEffects) -> Void
    ) {
        for id in sessions.keys { change(id, now: now, body) }
    }

    private mutating func giveUp(_ given: WaitingRecords.GivenUp, now: Moment) {
        effects.report.waitedInVain += 1
        switch given {
        case .folded(let token): effects.giveUp(token)
        case .record(let record):
            memory.noteChange(record.place.id, now: now.sinceStart)
            change(record.place.id, now: now) { session, world, effects in session.giveUp(record, in: world, &effects) }
        }
    }
}
