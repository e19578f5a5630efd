internal import Account
internal import DiodeProtocol
internal import EventLog
internal import MQTT
internal import MQTTProtocol
internal import Outbox
internal import ReadBack
internal import ReadBackReader
internal import Threading
internal import Time

/// The publisher's thread.
///
/// ```text
///            dial                connected                  lost
///  idle ──────────▶ dialling ──────────────▶ publishing ───────────▶ idle, the outbox rewound
///    ▲                 │ refused: the connection dials again               │
///    └─────────────────┴──────────── after a pause ◀───────────────────────┘
/// ```
///
/// Each connection object publishes for one network connection only: what its queue still holds when that is lost must not
/// go out before the older deliveries that are repeated.
struct PublisherLoop: ~Copyable {
    /// So often the broker may refuse the publisher's connection before an edge node gives way.
    private static let patience = 2
    /// With these the broker refuses something else than one connection more.
    private static let meansOther: [ReasonCode] = [
        .badUserNameOrPassword, .notAuthorized, .retainNotSupported, .qosNotSupported,
    ]

    private let settings: PublisherSettings
    private let output: OutboxOutput
    private let mailbox: PublisherMailbox
    private let shared: Lock<PublisherReport>
    private let log: EventLog
    /// Takes the head that the IT broker retains; returns whether it may be replaced.
    private let compare: @Sendable (String) -> Bool

    private let window: WindowPublisher
    private let edgeNodes: EdgeNodeConnections
    private var status: LinkStatusPublisher
    private var head: RetainedHead
    private var reading: BrokerReading
    private var concessions: Concessions
    private var own: OwnMessages
    private var answers = AnswerWatch()
    private var helpers = HelperWatch()
    /// How often in a row the broker, which is there, has not let the publisher in.
    private var refusals = 0
    private var version: ProtocolVersion?

    private var connection: Connection?
    private var generation: UInt64 = 0
    /// It asked for a new session.
    private var startedClean = true
    private var isConnected = false
    private var connectedAt = MonotonicInstant(nanoseconds: 0)
    /// Not before this is a lost connection replaced.
    private var dialAt = MonotonicInstant(nanoseconds: 0)
    private var pause = Duration.milliseconds(250)
    private var stopAt: MonotonicInstant?
    /// What the report has of the window.
    private var told: (renamed: UInt64, isSlowed: Bool) = (0, false)

    init(
        _ settings: PublisherSettings, output: OutboxOutput, readBack: ReadBackMailbox, mailbox: PublisherMailbox,
        shared: Lock<PublisherReport>, log: EventLog, compare: @escaping @Sendable (String) -> Bool
    ) {
        self.settings = settings
        self.output = output
        self.mailbox = mailbox
        self.shared = shared
        self.log = log
        self.compare = compare
        window = WindowPublisher(settings, output: output)
        status = LinkStatusPublisher(link: settings.link)
        head = RetainedHead(link: settings.link)
        own = OwnMessages(link: settings.link)
        concessions = Concessions(will: status.will, qos: settings.maximumQoS)
        edgeNodes = EdgeNodeConnections(settings, output: output, mailbox: mailbox, log: log)
        reading = BrokerReading(
            settings.readingScope, mailbox: readBack, wakeup: mailbox.wakeup, log: log,
            changed: { mailbox.post(.reader($0)) })
    }

    mutating func run() {
        do throws(SystemError) {
            var poller = try Poller(maximumEvents: 4)
            try poller.add(mailbox.wakeup.fileDescriptor, tag: 0, interest: .reading)
            try poller.add(output.wakeup.fileDescriptor, tag: 1, interest: .reading)
            while step() {
                let now = MonotonicClock.now()
                try poller.wait(timeout: timeout(now: now)) { _ in }
            }
        } catch {
            log.error("publisher.failed", "\(error)", ["link": .text(settings.link)])
        }
        sayGoodbye()
    }

    /// Does everything that can be done now.
    /// - Returns: false when the publisher is to end.
    private mutating func step() -> Bool {
        mailbox.wakeup.take()
        output.wakeup.take()
        let now = MonotonicClock.now()
        for message in mailbox.take() { take(message, now: now) }
        if connection == nil, dialAt <= now, stopAt == nil { dial(now: now) }
        if isConnected { publish(now: now) }
        // What edge nodes have answered makes room for more.
        while settleEdgeNodes(now: now), isConnected { publish(now: now) }
        if isConnected, window.needsOtherSession { renewSession(now: now) }
        if isConnected, window.search.isOverdue(now: now) { replaceConnection(.unanswered, now: now) }
        if answers.note(
            isUnderWay: window.search.inFlight > 0, isDrained: window.isDrained(edgeNodes),
            answered: window.answeredCount, now: now)
        {
            tellAbilities()
        }
        if settings.ending.takeCheck() { reading.hasten(now: now) }
        if helpers.retry(now: now) {
            reading.hasten(now: now)
            tellAbilities()
        }
        if isConnected, own.retry(now: now) {
            status.connectionBegan()
            begin(now: now)
            tellAbilities()
        }
        reading.advance(
            settled: output.settled, mayBegin: stopAt == nil && !helpers.areDisplaced, now: now)
        guard let stopAt else { return true }
        return stopAt > now && !isDrained
    }

    /// Nothing is left to publish, or nobody to publish to.
    private var isDrained: Bool { !isConnected || window.isDrained(edgeNodes) }

    private func timeout(now: MonotonicInstant) -> Duration? {
        var ends = [stopAt, edgeNodes.deadline(isConnected: mayHelp), connection == nil ? dialAt : nil]
        ends += [helpers.deadline, answers.deadline]
        if isConnected { ends += [maySpeak ? status.nextDeadline : own.withheldUntil, window.deadline] }
        if isConnected, mayShowHead { ends.append(head.nextDeadline) }
        if isConnected, !helpers.areDisplaced { ends.append(reading.deadline) }
        return ends.compactMap(\.self).min().map { max(.zero, now.duration(to: $0)) }
    }

    private var maySpeak: Bool { !window.isResuming && !own.areWithheld }
    private var mayShowHead: Bool { maySpeak && concessions.mayRetain }

    /// Edge nodes may dial.
    private var mayHelp: Bool { isConnected && !helpers.areDisplaced }

    // MARK: Messages

    private mutating func take(_ message: PublisherMailbox.Message, now: MonotonicInstant) {
        switch message {
        case .changed(let state, let generation):
            if generation == self.generation { change(to: state, now: now) }
        case .settled(let settlements, let generation):
            guard generation == self.generation else { return }
            if own.settled(settlements) { tellAbilities() }
            window.settle(settlements, now: now)
        case .answered(let generation):
            guard generation == self.generation else { return }
            own.answered()
            if own.areWithheld { window.answeredOurs(now: now) }
        case .heard(let messages, let last, let generation):
            guard generation == self.generation else { return }
            edgeNodes.hear(messages)
            if let retained = head.heard(messages) { head.compared(isNoted: compare(retained), now: now) }
            if let last { connection?.acknowledge(through: last) }
        case .reader(let state):
            if helpers.helper(.reader, state, now: now) { displaced() }
        case .edgeNode(let id, let event, let generation):
            if case .changed(let state) = event, edgeNodes.isCurrent(id, generation: generation),
                helpers.helper(.node(id), state, now: now)
            {
                displaced()
            }
            window.settleOthers(edgeNodes.take(event, of: id, generation: generation))
        case .status(let new, let hearing):
            status.set(new)
            head.set(new.head)
            edgeNodes.note(new.state, hearing)
            let report = edgeNodes.report(now: now)
            shared.withLock { $0.edgeNodes = report }
        case .notice(let notice):
            status.note(notice)
            let dropped = status.droppedNotices
            shared.withLock { $0.droppedNotices = dropped }
        case .stop(let drain): stopAt = now.advanced(by: drain)
        }
    }

    private mutating func change(to state: ConnectionState, now: MonotonicInstant) {
        let time = UnixClock.now()
        switch state {
        case .connecting, .stopped: break
        case .connected(let grant):
            refusals = 0
            guard window.found(grant) else {
                log.warning(
                    "it_broker.session",
                    "the session that this IT broker has for us is not that of what is under way: a new one is begun",
                    ["link": .text(settings.link), "server": .text(grant.server)])
                return redial(now: now)
            }
            guard concessions.granted(grant) else { return redial(now: now) }
            isConnected = true
            connectedAt = now
            version = grant.version
            let isDisplaced = helpers.connected(now: now)
            status.connectionBegan()
            begin(now: now)
            window.connected(grant, concessions, startedClean: startedClean, now: now)
            if concessions.mayRetain { reading.connected(grant.version, now: now) }
            if let connection { edgeNodes.listen(to: connection) }
            tellAbilities()
            shared.withLock {
                $0.isConnected = true
                $0.since = time
                $0.version = grant.version
                $0.connections += 1
            }
            log.notice(
                "it_broker.connected", "publishing on the IT broker, MQTT \(grant.version)",
                ["link": .text(settings.link)])
            if grant.version != .v5 {
                log.warning("it_broker.version", PublisherReport.oldVersion, ["link": .text(settings.link)])
            }
            for lack in concessions.lacks { log.warning("it_broker.lacks", lack, ["link": .text(settings.link)]) }
            if isDisplaced { displaced() }
        case .disconnected(let error, _):
            let wasConnected = isConnected
            shared.withLock {
                if $0.isConnected { $0.since = time }
                $0.isConnected = false
                $0.reason = error.description
            }
            log.warning("it_broker.lost", error.description, ["link": .text(settings.link)])
            if wasConnected {
                let isDisplaced = helpers.lost(error, now: now)
                // What ended because of another connection of ours is no fault of a record.
                replaceConnection(isDisplaced ? .conceded : ConnectionEnd(error), now: now)
                if isDisplaced { displaced() }
            } else if isFull(error), edgeNodes.giveWay() {
                (refusals, pause) = (0, .milliseconds(250))
                redial(now: now)
            } else if concessions.refused(error) {
                redial(now: now)
            }
        }
    }

    /// Whether a broker that is there does not let the publisher in, again: it may have no place for it.
    private mutating func isFull(_ error: ConnectionError) -> Bool {
        switch error {
        case .session(.refused(let code, _)) where !Self.meansOther.contains(code): break
        default: guard OwnConnections.Ending(error) == .closed else { return false }
        }
        refusals += 1
        return refusals >= Self.patience
    }

    /// The broker takes all our connections for one client: the helpers' end.
    private mutating func displaced() {
        log.error("it_broker.displaced", HelperWatch.alarm, ["link": .text(settings.link)])
        reading.rest()
        edgeNodes.stepBack(all: true)
        tellAbilities()
    }

    /// Tells what the connection that stands cannot do.
    private func tellAbilities() {
        guard isConnected else { return }
        let lacks = concessions.lacks + own.lacks + answers.lacks + (helpers.areDisplaced ? [HelperWatch.alarm] : [])
        let words = (version == .v5 ? [] : [PublisherReport.oldVersion]) + lacks
        shared.withLock {
            $0.reason = words.joined(separator: "; ")
            $0.lacks = lacks
        }
    }

    /// Before the first publish: what is retained comes before it is replaced.
    private mutating func begin(now: MonotonicInstant) {
        guard let connection else { return }
        let subscription = head.connectionBegan(now: now)
        guard !own.areWithheld else { return own.ask(head.topic, over: connection) }
        do throws(PublishRefusal) { try own.subscribe(subscription, over: connection) } catch {
            log.warning("ledger.uncompared", "the IT broker is not asked for its head: \(error)")
        }
    }

    // MARK: Connection

    private mutating func dial(now: MonotonicInstant) {
        generation += 1
        let mailbox = mailbox
        let generation = generation
        let observer = Connection.Observer(
            changed: { mailbox.post(.changed($0, generation: generation)) },
            received: { mailbox.post($0, generation: generation) })
        do {
            var wanted = settings.ofConnections
            wanted.will = concessions.will
            startedClean = concessions.maximumQoS < .exactlyOnce || window.startsClean
            if concessions.maximumQoS == .exactlyOnce {
                wanted.cleanStart = startedClean
                wanted.sessionExpiry = PublisherSettings.sessionExpiry
                wanted.heldIdentifiers = FlowTable.identifiers
            }
            let connection = try Connection(wanted, observer: observer)
            try connection.start()
            self.connection = connection
        } catch {
            log.error("it_broker.failed", "\(error)", ["link": .text(settings.link)])
            shared.withLock { $0.reason = "\(error)" }
            wait(now: now)
        }
    }

    /// The next connection asks the broker for something else.
    private mutating func redial(now: MonotonicInstant) {
        generation += 1
        connection?.stop()
        connection = nil
        wait(now: now)
    }

    /// Whatever the connection still tells comes too late.
    private mutating func dropConnection() {
        isConnected = false
        reading.lost()
        generation += 1
        connection?.stop()
        connection = nil
    }

    /// The connection gives way to one whose session the broker keeps. Nothing is on its way.
    private mutating func renewSession(now: MonotonicInstant) {
        dropConnection()
        window.replaced()
        dialAt = now
        mailbox.wakeup.signal()
    }

    /// The connection was lost: everything that is not settled goes back to the outbox.
    private mutating func replaceConnection(_ end: ConnectionEnd, now: MonotonicInstant) {
        dropConnection()
        edgeNodes.reset()
        edgeNodes.stepBack()
        own.lost(end, isTrial: window.search.isExposed, now: now)
        let hasAnswered = window.search.hasAnswer
        if own.areWithheld {
            for lack in own.lacks { log.error("it_broker.lacks", lack, ["link": .text(settings.link)]) }
        }
        // What the broker cannot do is no fault of a record.
        if window.lost(concessions.lost(end) ? .conceded : end, now: now) {
            log.error(
                "it_broker.ends", "the IT broker ends the connection at a record again and again; it is given up",
                ["link": .text(settings.link)])
        }
        // A connection that lasted is replaced soon, and one that served the search; any other, later each time.
        if window.search.isSearching && hasAnswered || connectedAt.advanced(by: .seconds(10)) <= now {
            pause = .milliseconds(250)
        }
        wait(now: now)
    }

    private mutating func wait(now: MonotonicInstant) {
        dialAt = now.advanced(by: pause)
        pause = min(pause * 2, settings.connection.reconnectMaximum)
    }

    private mutating func sayGoodbye() {
        window.finish()
        reading.lost()
        window.settleOthers(edgeNodes.stop())
        window.settle(edgeNodes.takeAnswers())
        guard let connection else { return }
        if isConnected {
            let goodbye = status.goodbye(time: UnixClock.now())
            _ = own.publish(goodbye.topic, goodbye.payload, retain: true, over: connection, concessions)
        }
        connection.stop(drain: .seconds(1), endsSession: window.endsSession)
        for message in mailbox.take() {
            if case .settled(let settlements, let generation) = message, generation == self.generation {
                window.settleOthers(settlements)
            }
        }
    }

    // MARK: Publishing

    private mutating func publish(now: MonotonicInstant) {
        guard let connection else { return }
        var hasSpoken = false
        for message in maySpeak ? status.due(now: now) : [] {
            let isQueued = own.publish(
                message.topic, message.payload, retain: message.retain, over: connection, concessions)
            hasSpoken = isQueued || hasSpoken
        }
        if mayShowHead, let message = head.due(now: now) {
            _ = own.publish(message.topic, message.payload, retain: true, over: connection, concessions)
        }
        window.publish(over: connection, edgeNodes, isStopping: stopAt != nil, now: now)
        if !window.isResuming, window.takeProbe(now: now), !hasSpoken {
            let probe = status.current
            if own.areWithheld {
                own.ask(head.topic, over: connection)
            } else {
                _ = own.publish(probe.topic, probe.payload, retain: true, over: connection, concessions)
            }
        }
        let late = window.takeLateCounts()
        let (renamed, isSlowed) = (window.renamedProperties, window.isSlowed)
        if late.toTopic + late.marked > 0 || renamed != told.renamed || isSlowed != told.isSlowed {
            told = (renamed, isSlowed)
            shared.withLock {
                $0.renamedProperties = renamed
                $0.isSlowed = isSlowed
                $0.lateToTopic += late.toTopic
                $0.lateMarked += late.marked
            }
        }
    }

    /// - Returns: whether there were any answers.
    private mutating func settleEdgeNodes(now: MonotonicInstant) -> Bool {
        let answers = edgeNodes.advance(isConnected: mayHelp, now: now)
        window.settle(answers)
        return !answers.isEmpty
    }
}
