internal import Account
internal import Deliveries
internal import DiodeProtocol
internal import MQTT
internal import MQTTProtocol
internal import Outbox
internal import Sparkplug
internal import Time

/// Takes deliveries from the outbox and hands each to what publishes it, at most a window of them at a time.
///
/// ```text
///  output ─ take ─▶ held ─▶ ConsumerGuard: too soon for its topic: waits ─┐
///                             │ ◀──────────────── due ────────────────────┘
///                             ▼
///                   UnreleasedTopics: behind a QoS 2 publish of its topic: waits, and all behind it
///                             ▼
///                   RefusalSearch: the suspect's topic: parked, until the suspect is decided
///                             ▼
///                   Addressing ─▶ not to be published, or refused before (RefusedValues): answered
///                             ├─▶ an edge node's: EdgeNodeConnections
///                             └─▶ the connection, at the pace that the broker takes ─▶ in flight ─▶ settled
///                                 (QoS 2: HandOvers, once its identifier is stored)
///                                     ▲                                                     │ "later": PutOff
///                                     └── in order, once nothing is in flight ◀─────────────┘
/// ```
///
/// What waits for an edge node, and what has its answer and stands in the outbox behind such a one, is not in the window: a node that gets no
/// connection holds up nobody. All together it is bounded by the reach; beyond, the oldest that wait for edge nodes are given up.
///
/// Bounded by the window, which is one record while ``RefusalSearch`` looks for the one at which the broker hangs up.
final class WindowPublisher {
    /// After this the disk is tried again that could not be read.
    private static let readPause = Duration.seconds(1)

    private let settings: PublisherSettings
    private let output: OutboxOutput
    private var handOvers: HandOvers
    private var sender: DeliverySender
    private var unreleased = UnreleasedTopics()
    private(set) var search = RefusalSearch()
    private let refused: RefusedValues
    private var putOff = PutOff()
    private var pace = PublishPace()
    /// Deliveries that the broker has taken, over all connections.
    private var deliveredCount: UInt64 = 0
    /// Deliveries that have had an answer, whatever it was, from the broker or from us.
    private(set) var answeredCount: UInt64 = 0
    /// Messages of our own that it has answered.
    private var otherCount: UInt64 = 0
    /// What was put off is repeated, with a message of our own behind it.
    private var isProbeWanted = false
    /// The suspect, and what stays behind it.
    private var parked: [QueuedDelivery] = []
    /// What the connection that stands can do.
    private var grant: ServerGrant?
    private var consumers: ConsumerGuard
    private var held = HeldDeliveries()
    /// When the disk is tried again that could not be read.
    private var readAt: MonotonicInstant?

    init(_ settings: PublisherSettings, output: OutboxOutput) {
        self.settings = settings
        self.output = output
        handOvers = HandOvers(output)
        refused = settings.refused
        sender = DeliverySender(settings)
        consumers = ConsumerGuard(interval: settings.publishInterval)
    }

    /// When `publish` has something to do, if nothing else happens before.
    var deadline: MonotonicInstant? {
        [search.deadline, consumers.deadline, readAt, pace.deadline].compactMap(\.self).min()
    }

    /// Properties of the plant that bore a name of ours.
    var renamedProperties: UInt64 { sender.renamedProperties }

    /// Whether the next connection begins a new session; and whether the broker may forget this one's.
    var startsClean: Bool { handOvers.startsClean(isSearching: search.isSearching) }
    var endsSession: Bool { handOvers.endsSession }

    /// What an earlier connection has begun at QoS 2 comes first.
    private(set) var isResuming = false

    /// The session of this connection will not be kept, which is needed now; and nothing is on its way that would be in doubt without it.
    var needsOtherSession: Bool { handOvers.wantsSession && search.inFlight == 0 }

    /// The broker has said "later".
    var isSlowed: Bool { pace.isSlowed }

    /// Moves out whether a message of our own is to be published, whose answer shows that the broker works.
    func takeProbe(now: MonotonicInstant) -> Bool {
        defer { isProbeWanted = false }
        return search.takeProbe(now: now) || isProbeWanted
    }

    /// Nothing is left to publish but what waits for edge nodes.
    func isDrained(_ edgeNodes: EdgeNodeConnections) -> Bool {
        let load = output.load
        return load.waiting == 0 && load.taken - load.answered == edgeNodes.waiting.records
    }

    /// Moves out what late records came to.
    func takeLateCounts() -> DeliverySender.LateCounts { sender.takeLateCounts() }

    // MARK: Answers

    /// A server has answered CONNECT. To be called for each, also where the connection is not used.
    /// - Returns: false if the session that it has is none that can be gone on with: the connection must not be used.
    func found(_ grant: ServerGrant) -> Bool { handOvers.found(grant) }

    /// A connection stands, after `found`.
    /// - Parameters:
    ///   - concessions: what it cannot do.
    ///   - startedClean: it asked for a new session.
    func connected(
        _ grant: ServerGrant, _ concessions: Concessions, startedClean: Bool, now: MonotonicInstant
    ) {
        sender.conceded(concessions)
        let isOther = self.grant.map { !$0.isSameBroker(as: grant) } ?? false
        if isOther { refused.forgetAll() }
        settings.ending.connected(grant.version, isOther: isOther)
        self.grant = grant
        handOvers.connected(grant, startedClean: startedClean, maximumQoS: sender.maximumQoS)
        isResuming = handOvers.isResuming
        search.connected(at: now)
    }

    /// The broker has answered something of ours that is no publish.
    func answeredOurs(now: MonotonicInstant) { _ = search.settled(deliveries: 0, others: 1, at: now) }

    /// What the broker said of publishes of the connection.
    func settle(_ settlements: [Settlement], now: MonotonicInstant) {
        for settlement in settlements where settlement.outcome != .received {
            unreleased.remove(token: settlement.token)
        }
        let sorted = Settler(settlements)
        let suspect = parked.first
        handOvers.received(sorted.received)
        if !sorted.received.isEmpty { search.received(at: now) }
        if search.settled(deliveries: sorted.deliveries, others: sorted.others, at: now), let suspect {
            unpark()
            if sorted.delivered.contains(suspect.position) {
                refused.forget(suspect.delivery, qos: sender.qos(of: suspect.delivery).rawValue)
            }
        }
        otherCount &+= UInt64(sorted.others)
        deliveredCount &+= UInt64(sorted.delivered.count)
        answeredCount &+= UInt64(sorted.deliveries)
        pace.delivered(sorted.delivered.count, at: now)
        var answers = sorted.answers
        for position in sorted.refused + sorted.tooLarge { handOvers.refused(position) }
        for (position, meaning) in sorted.putOff {
            handOvers.refused(position)
            pace.complained(at: now, isRate: meaning == .later)
            // A quota may well leave room for a status; of a code that says nothing, a broker that takes our status speaks of the record.
            let taken = deliveredCount &+ (meaning == .later ? 0 : otherCount)
            guard putOff.note(position, meaning, taken: taken) else { continue }
            answers.append(OutboxSettlement(position: position, disposition: .dead(.refused)))
        }
        for answer in answers {
            if case .dead = answer.disposition { noteRefused(answer.position, isWord: true, now: now) }
        }
        handOvers.answer(answers)
    }

    /// What was said of publishes that an edge node's connection made, or while the publisher ends.
    func settleOthers(_ settlements: [Settlement]) {
        let sorted = Settler(settlements)
        handOvers.received(sorted.received)
        handOvers.answer(
            sorted.answers
                + sorted.putOff.map { OutboxSettlement(position: $0.position, disposition: .dead(.refused)) })
    }

    func settle(_ answers: [OutboxSettlement]) {
        guard !answers.isEmpty else { return }
        answeredCount &+= UInt64(answers.count)
        handOvers.answer(answers)
    }

    private func noteRefused(_ position: OutboxPosition, isWord: Bool, now: MonotonicInstant) {
        guard let queued = output.taken(at: position) else { return }
        if queued.delivery.retain { settings.ending.forget(queued.delivery.topic) }
        refused.note(queued.delivery, qos: sender.qos(of: queued.delivery).rawValue, isWord: isWord, now: now)
    }

    /// The connection is lost: everything that is not settled goes back to the outbox.
    /// - Returns: whether a record is given up, because the broker ends the connection at it again and again.
    func lost(_ end: ConnectionEnd, now: MonotonicInstant) -> Bool {
        if case .told = end, end.meaning == .later { pace.complained(at: now) }
        let dead = search.lost(end, at: now)
        if let dead { noteRefused(dead, isWord: false, now: now) }
        putOff.lost()
        held = HeldDeliveries()
        parked = []
        unreleased.removeAll()
        consumers.reset()
        output.rewind()
        handOvers.rewound()
        return dead != nil
    }

    /// The connection gives way to one with another session; nothing of it is on its way.
    func replaced() { search.replaced() }

    /// Takes nothing from the outbox any more.
    func finish() { output.finish() }

    /// The suspect is decided: what stayed behind it goes on.
    private func unpark() {
        held.putFirst(parked)
        parked = []
    }

    // MARK: Publishing

    /// Publishes what the window has room for.
    /// - Parameter isStopping: consumers are not spared any more.
    func publish(
        over connection: Connection, _ edgeNodes: EdgeNodeConnections, isStopping: Bool, now: MonotonicInstant
    ) {
        if let due = readAt, due <= now { readAt = nil }
        handOvers.release(over: connection)
        guard !isResuming || resume(over: connection, edgeNodes, now: now) else { return }
        repeatPutOff(now: now)
        var answers: [OutboxSettlement] = []
        if search.isReady { expose(over: connection, edgeNodes, now: now, &answers) }
        guard search.mayPublish, putOff.isEmpty else { return settle(answers) }
        let window = search.window(settings.windowRecords)
        if isStopping { _ = consumers.letAllGo() }
        while true {
            while let queued = held.next {
                guard handOnDue(over: connection, edgeNodes, now: now, &answers) else { return settle(answers) }
                if isPaced(queued.delivery, edgeNodes),
                    case .taken(let superseded) = consumers.rule(queued, now: now)
                {
                    if let superseded {
                        answers.append(OutboxSettlement(position: superseded, disposition: .shed(.tooFast)))
                    }
                } else {
                    guard handOn(queued, over: connection, edgeNodes, now: now, &answers) else {
                        return settle(answers)
                    }
                }
                held.pass()
            }
            guard handOnDue(over: connection, edgeNodes, now: now, &answers) else { return settle(answers) }
            settle(answers)
            answers.removeAll(keepingCapacity: true)
            let load = output.load
            let waiting = edgeNodes.waiting
            guard load.taken < settings.reachRecords, load.takenBytes < settings.reachBytes else {
                if consumers.letAllGo() { continue }
                if waiting.records > 0 { edgeNodes.giveUp(UInt64(settings.reachRecords / 4)) }
                return
            }
            let underWay = load.taken - load.answered - waiting.records
            let bytes = load.takenBytes - load.answeredBytes - waiting.bytes
            guard underWay < window, bytes < settings.windowBytes else {
                if consumers.letAllGo() { continue }
                return
            }
            guard load.waiting > 0 else { return edgeNodes.caughtUp() }
            take(
                records: min(window - underWay, settings.reachRecords - load.taken),
                bytes: min(settings.windowBytes - bytes, settings.reachBytes - load.takenBytes), now: now)
            // They are on their way; the outbox says when.
            if held.next == nil { return }
        }
    }

    /// Goes on with what an earlier connection of the session has begun: a broker may count it against what it takes at once, so that anything
    /// else would be too much. What is older, and was not begun at QoS 2, goes behind it; so it goes again where it is of the same topic.
    /// - Returns: whether all of it has its end.
    private func resume(
        over connection: Connection, _ edgeNodes: EdgeNodeConnections, now: MonotonicInstant
    ) -> Bool {
        var answers: [OutboxSettlement] = []
        while handOvers.lacksDeliveries {
            let more = takeWindow(records: settings.windowRecords, bytes: settings.windowBytes)
            guard !more.isEmpty else {
                if output.load.waiting == 0 {
                    handOvers.endUntaken()
                } else if output.readError != nil {
                    readAt = now.advanced(by: Self.readPause)
                }
                break
            }
            held.append(more)
        }
        going: while let queued = held.nextLook {
            let goesOn = handOvers.goesOn(queued.position)
            if goesOn {
                guard handOvers.isStored(queued.position) else { break }
                if handOvers.release(queued.position, over: connection) {
                    noteAccepted(queued, now: now)
                } else {
                    switch sender.attempt(queued, over: connection, edgeNodes, &handOvers, now: now) {
                    case .accepted: noteAccepted(queued, now: now)
                    case .answered(let disposition): noteAnswered(queued, disposition, now: now, &answers)
                    case .passedOn: handOvers.end(queued.position)
                    case .noRoom: break going
                    }
                }
            }
            held.passLook(isResumed: goesOn)
        }
        settle(answers)
        guard !handOvers.isResuming else { return false }
        isResuming = false
        held = HeldDeliveries(output.repeatTaken(held.notResumed()))
        return true
    }

    /// Once everything on its way is answered and the pause is over, what the broker has put off goes first.
    private func repeatPutOff(now: MonotonicInstant) {
        guard !putOff.isEmpty, search.inFlight == 0, pace.room(at: now) > 0 else { return }
        held.putFirst(output.repeatTaken(putOff.take()))
        isProbeWanted = true
    }

    /// Publishes the suspect, alone.
    private func expose(
        over connection: Connection, _ edgeNodes: EdgeNodeConnections, now: MonotonicInstant,
        _ answers: inout [OutboxSettlement]
    ) {
        guard let suspect = parked.first else { return search.acquit() }
        switch sender.attempt(suspect, over: connection, edgeNodes, &handOvers, now: now) {
        case .accepted:
            noteAccepted(suspect, now: now)
            search.exposed(at: now)
        case .answered(let disposition):
            noteAnswered(suspect, disposition, now: now, &answers)
            parked.removeFirst()
            search.acquit()
            unpark()
        case .passedOn:
            handOvers.end(suspect.position)
            parked.removeFirst()
            search.acquit()
            unpark()
        case .noRoom: break
        }
    }

    private func noteAccepted(_ queued: QueuedDelivery, now: MonotonicInstant) {
        unreleased.insert(queued.delivery.topic, qos: sender.qos(of: queued.delivery), token: queued.position.rawValue)
        search.published(queued.position, topic: queued.topicHash, at: now)
        pace.published()
    }

    /// It will not be published. What the mapping refuses is known by its topic; what no broker would take is as good as refused by one.
    private func noteAnswered(
        _ queued: QueuedDelivery, _ disposition: Disposition, now: MonotonicInstant,
        _ answers: inout [OutboxSettlement]
    ) {
        if case .dead = disposition, queued.delivery.retain { settings.ending.forget(queued.delivery.topic) }
        if case .dead(.tooLarge) = disposition {
            refused.note(queued.delivery, qos: sender.qos(of: queued.delivery).rawValue, isWord: true, now: now)
        }
        answers.append(OutboxSettlement(position: queued.position, disposition: disposition))
    }

    private func take(records: Int, bytes: Int, now: MonotonicInstant) {
        held = HeldDeliveries(takeWindow(records: records, bytes: bytes))
        // Of a disk that can be read again nobody tells.
        readAt = held.next == nil && output.readError != nil ? now.advanced(by: Self.readPause) : nil
    }

    private func takeWindow(records: Int, bytes: Int) -> [QueuedDelivery] {
        let sender = sender
        return handOvers.take(
            records: records, bytes: bytes, isExactlyOnce: { sender.qos(of: $0.delivery) == .exactlyOnce },
            topic: \.topicHash)
    }

    /// Publishes what has waited long enough; false as in `handOn`.
    private func handOnDue(
        over connection: Connection, _ edgeNodes: EdgeNodeConnections, now: MonotonicInstant,
        _ answers: inout [OutboxSettlement]
    ) -> Bool {
        while let due = consumers.nextDue(now) {
            guard handOn(due, over: connection, edgeNodes, now: now, &answers) else { return false }
            consumers.published()
        }
        return true
    }

    /// Whether consumers are spared it: not what Sparkplug says, whose messages count each other.
    private func isPaced(_ delivery: borrowing Delivery, _ edgeNodes: EdgeNodeConnections) -> Bool {
        settings.publishInterval != nil && StateTopic.birth(of: delivery.topic) == nil
            && !edgeNodes.takes(delivery)
    }

    /// Publishes a delivery, or notes what else became of it.
    /// - Returns: false if it has to wait for others, and all behind it.
    private func handOn(
        _ queued: QueuedDelivery, over connection: Connection, _ edgeNodes: EdgeNodeConnections,
        now: MonotonicInstant, _ answers: inout [OutboxSettlement]
    ) -> Bool {
        if sender.isExactlyOnce(queued), !edgeNodes.takes(queued.delivery), !isReady(queued, edgeNodes) {
            return false
        }
        if unreleased.holdsBack(queued.delivery.topic, qos: sender.qos(of: queued.delivery)) { return false }
        switch search.rule(queued.position, topic: queued.topicHash) {
        case .goes: break
        case .withheld:
            parked.append(queued)
            return true
        case .waits: return false
        case .dead:
            answers.append(OutboxSettlement(position: queued.position, disposition: .dead(.refused)))
            return true
        }
        switch refused.verdict(queued.delivery, qos: sender.qos(of: queued.delivery).rawValue, now: now) {
        case .unknown: break
        case .doubted:
            let suspect = RefusalSearch.Suspect(position: queued.position, topic: queued.topicHash)
            if !search.isSearching {
                search.doubt(suspect)
                parked.append(queued)
                return true
            }
        case .refused:
            answers.append(OutboxSettlement(position: queued.position, disposition: .dead(.refused)))
            return true
        }
        guard pace.room(at: now) > 0 else { return false }
        switch sender.attempt(queued, over: connection, edgeNodes, &handOvers, now: now) {
        case .passedOn: handOvers.end(queued.position)
        case .accepted: noteAccepted(queued, now: now)
        case .answered(let disposition): noteAnswered(queued, disposition, now: now, &answers)
        case .noRoom: return false
        }
        return true
    }

    /// Whether the hand-over of a QoS 2 delivery may begin.
    private func isReady(_ queued: QueuedDelivery, _ edgeNodes: EdgeNodeConnections) -> Bool {
        let sender = sender
        // Where values of a topic replace each other while they wait, only what is due is sure to go.
        let ahead = settings.publishInterval == nil ? held.behindNext : consumers.behindDue
        return handOvers.isReady(queued, ahead: ahead) { sender.isExactlyOnce($0) && !edgeNodes.takes($0.delivery) }
    }
}
