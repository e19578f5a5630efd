import Account
import DiodeProtocol
import EventLog
import MQTT
import Outbox
import Threading
import Time
internal import Deliveries
internal import MQTTProtocol

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
    private let settings: PublisherSettings
    private let queue: DeliveryQueue
    private let mailbox: PublisherMailbox
    private let shared: Lock<PublisherReport>
    private let log: EventLog

    private var addressing: Addressing
    private var edgeNodes: EdgeNodeConnections
    private var settler = Settler()
    private var unreleased = UnreleasedTopics()
    private var search = RefusalSearch()
    private var consumers: ConsumerGuard
    private var status: LinkStatusPublisher

    private var connection: Connection?
    private var generation: UInt64 = 0
    private var isConnected = false
    private var connectedAt = MonotonicInstant(nanoseconds: 0)
    /// Not before this is a lost connection replaced.
    private var dialAt = MonotonicInstant(nanoseconds: 0)
    private var pause = Duration.milliseconds(250)
    /// Taken from the outbox and not yet accepted by the connection.
    private var held: [QueuedDelivery] = []
    private var heldStart = 0
    private var nextOtherToken = Settler.firstOtherToken
    private var stopAt: MonotonicInstant?
    /// What reads back, while it does; when it is next due, and whether this broker can be read at all.
    private var reader: RetainedReader?
    private var readAt = MonotonicInstant(nanoseconds: 0)
    private var readVersion: ProtocolVersion?

    init(
        _ settings: PublisherSettings, queue: DeliveryQueue, mailbox: PublisherMailbox, shared: Lock<PublisherReport>,
        log: EventLog
    ) {
        self.settings = settings
        self.queue = queue
        self.mailbox = mailbox
        self.shared = shared
        self.log = log
        addressing = Addressing(settings)
        consumers = ConsumerGuard(interval: settings.publishInterval)
        status = LinkStatusPublisher(link: settings.link)
        edgeNodes = EdgeNodeConnections(settings, mailbox: mailbox, log: log)
    }

    mutating func run() {
        do throws(SystemError) {
            var poller = try Poller(maximumEvents: 4)
            try poller.add(mailbox.wakeup.fileDescriptor, tag: 0, interest: .reading)
            try poller.add(queue.wakeup.fileDescriptor, tag: 1, interest: .reading)
            while step() {
                let now = MonotonicInstant(nanoseconds: MonotonicClock.now())
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
        queue.wakeup.take()
        let now = MonotonicInstant(nanoseconds: MonotonicClock.now())
        for message in mailbox.take() { take(message, now: now) }
        if connection == nil, dialAt <= now, stopAt == nil { dial(now: now) }
        if isConnected { publish(now: now) }
        // What edge nodes have answered makes room for more.
        while settleEdgeNodes(now: now), isConnected { publish(now: now) }
        if isConnected, let due = search.deadline, due <= now { replaceConnection(now: now) }
        readBack(now: now)
        guard let stopAt else { return true }
        return stopAt > now && !isDrained
    }

    /// Nothing is left to publish, or nobody to publish to.
    private var isDrained: Bool {
        guard isConnected else { return true }
        let load = queue.load
        return load.waiting == 0 && load.taken == 0
    }

    private func timeout(now: MonotonicInstant) -> Duration? {
        var ends = [stopAt, edgeNodes.deadline(isConnected: isConnected), connection == nil ? dialAt : nil]
        if isConnected {
            ends += [status.nextDeadline, search.deadline, consumers.deadline, readVersion == nil ? nil : readAt]
        }
        return ends.compactMap(\.self).min().map { max(.zero, now.duration(to: $0)) }
    }

    // MARK: Messages

    private mutating func take(_ message: PublisherMailbox.Message, now: MonotonicInstant) {
        switch message {
        case .changed(let state, let generation):
            if generation == self.generation { change(to: state, now: now) }
        case .settled(let settlements, let generation):
            guard generation == self.generation else { return }
            for settlement in settlements { unreleased.remove(token: settlement.token) }
            let answered = settler.settle(settlements, in: queue)
            search.settled(deliveries: answered, others: settlements.count - answered)
        case .heard(let messages, let last, let generation):
            guard generation == self.generation else { return }
            edgeNodes.hear(messages)
            if let last { connection?.acknowledge(through: last) }
        case .edgeNode(let id, let event, let generation):
            _ = settler.settle(edgeNodes.take(event, of: id, generation: generation), in: queue)
        case .status(let new):
            status.set(new)
            edgeNodes.note(new.state)
            let report = edgeNodes.report
            shared.withLock { $0.edgeNodes = report }
        case .notice(let notice):
            status.note(notice)
            let dropped = status.droppedNotices
            shared.withLock { $0.droppedNotices = dropped }
        case .stop(let drain): stopAt = now.advanced(by: drain)
        }
    }

    private mutating func change(to state: ConnectionState, now: MonotonicInstant) {
        let time = UnixMilliseconds(rawValue: UnixClock.now())
        switch state {
        case .connecting, .stopped: break
        case .connected(let grant):
            isConnected = true
            connectedAt = now
            status.connectionBegan()
            beginReading(grant.version, now: now)
            if let connection { edgeNodes.listen(to: connection) }
            shared.withLock {
                $0.isConnected = true
                $0.since = time
                $0.reason = grant.version == .v5 ? "" : PublisherReport.oldVersion
                $0.version = grant.version
                $0.connections += 1
            }
            log.notice(
                "it_broker.connected", "publishing on the IT broker, MQTT \(grant.version)",
                ["link": .text(settings.link)])
            if grant.version != .v5 {
                log.warning("it_broker.version", PublisherReport.oldVersion, ["link": .text(settings.link)])
            }
        case .disconnected(let error, _):
            let wasConnected = isConnected
            shared.withLock {
                if $0.isConnected { $0.since = time }
                $0.isConnected = false
                $0.reason = error.description
            }
            log.warning("it_broker.lost", error.description, ["link": .text(settings.link)])
            if wasConnected { replaceConnection(now: now) }
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
            let connection = try Connection(settings.ofConnections, observer: observer)
            try connection.start()
            self.connection = connection
        } catch {
            log.error("it_broker.failed", "\(error)", ["link": .text(settings.link)])
            shared.withLock { $0.reason = "\(error)" }
            wait(now: now)
        }
    }

    /// The connection was lost: everything that is not settled goes back to the outbox.
    private mutating func replaceConnection(now: MonotonicInstant) {
        isConnected = false
        stopReading()
        generation += 1
        connection?.stop()
        connection = nil
        held = []
        heldStart = 0
        unreleased.removeAll()
        consumers.reset()
        edgeNodes.reset()
        queue.rewind()
        if search.lost() {
            log.error(
                "it_broker.ends", "the IT broker ends the connection at a record again and again; it is given up",
                ["link": .text(settings.link)])
        }
        // A connection that lasted is replaced soon; one that did not, later each time.
        if search.isSearching || connectedAt.advanced(by: .seconds(10)) <= now { pause = .milliseconds(250) }
        wait(now: now)
    }

    private mutating func wait(now: MonotonicInstant) {
        dialAt = now.advanced(by: pause)
        pause = min(pause * 2, settings.connection.reconnectMaximum)
    }

    // MARK: Reading back

    private mutating func beginReading(_ version: ProtocolVersion, now: MonotonicInstant) {
        guard version == .v5 || !settings.mapper.isEverything else { return queue.readBack.cancel() }
        readVersion = version
        readAt = now.advanced(by: settings.readBackPeriod)
        queue.readBack.request(isNewConnection: true)
    }

    /// Starts what was accepted, ends what is over, and asks again when it is due.
    private mutating func readBack(now: MonotonicInstant) {
        if let reader, reader.isEnded {
            reader.stop()
            self.reader = nil
        }
        guard let readVersion, isConnected, reader == nil, stopAt == nil else { return }
        if queue.readBack.takeWish() || readAt <= now {
            readAt = now.advanced(by: settings.readBackPeriod)
            queue.readBack.request(isNewConnection: false)
        }
        guard queue.readBack.takeStart(settled: queue.settled) else { return }
        do {
            reader = try RetainedReader(
                settings, version: readVersion, readBack: queue.readBack, wakeup: mailbox.wakeup, log: log)
        } catch {
            log.error("it_broker.unread", "\(error)", ["link": .text(settings.link)])
            queue.readBack.cancel()
        }
    }

    private mutating func stopReading() {
        readVersion = nil
        queue.readBack.cancel()
        reader?.stop()
        reader = nil
    }

    private mutating func sayGoodbye() {
        stopReading()
        _ = settler.settle(edgeNodes.stop(), in: queue)
        guard let connection else { return }
        if isConnected {
            let goodbye = status.goodbye(time: UnixMilliseconds(rawValue: UnixClock.now()))
            _ = publishOther(goodbye.topic, goodbye.payload, retain: true)
        }
        connection.stop(drain: .seconds(1))
        for message in mailbox.take() {
            if case .settled(let settlements, let generation) = message, generation == self.generation {
                _ = settler.settle(settlements, in: queue)
            }
        }
    }

    // MARK: Publishing

    private mutating func publish(now: MonotonicInstant) {
        for message in status.due(now: now) {
            _ = publishOther(message.topic, message.payload, retain: message.retain)
        }
        guard search.mayPublish else { return }
        let window = search.window(settings.windowRecords)
        var answers: [OutboxSettlement] = []
        if stopAt != nil { _ = consumers.letAllGo() }
        while true {
            while heldStart < held.count {
                guard handOnDue(now: now, &answers) else { return queue.settle(answers) }
                let queued = held[heldStart]
                if isPaced(queued.delivery), case .taken(let superseded) = consumers.rule(queued, now: now) {
                    if let superseded {
                        answers.append(OutboxSettlement(position: superseded, disposition: .shed(.tooFast)))
                    }
                } else {
                    guard handOn(queued, now: now, &answers) else { return queue.settle(answers) }
                }
                heldStart += 1
            }
            guard handOnDue(now: now, &answers) else { return queue.settle(answers) }
            queue.settle(answers)
            answers.removeAll(keepingCapacity: true)
            let load = queue.load
            guard load.taken < window, load.takenBytes < settings.windowBytes else {
                if consumers.letAllGo() { continue }
                return
            }
            guard load.waiting > 0 else { return }
            held = queue.take(records: window - load.taken, bytes: settings.windowBytes - load.takenBytes)
            heldStart = 0
            // They are on their way; the outbox says when.
            if held.isEmpty { return }
        }
    }

    /// Publishes what has waited long enough; false as in `handOn`.
    private mutating func handOnDue(now: MonotonicInstant, _ answers: inout [OutboxSettlement]) -> Bool {
        while let due = consumers.nextDue(now) {
            guard handOn(due, now: now, &answers) else { return false }
            consumers.published()
        }
        return true
    }

    /// Whether consumers are spared it: not what Sparkplug says, whose messages count each other.
    private func isPaced(_ delivery: borrowing Delivery) -> Bool {
        settings.publishInterval != nil && StateTopic.birth(of: delivery.topic) == nil
            && !edgeNodes.takes(delivery.topic)
    }

    /// Publishes a delivery, or notes what else became of it.
    /// - Returns: false if it has to wait for others, and all behind it.
    private mutating func handOn(
        _ queued: QueuedDelivery, now: MonotonicInstant, _ answers: inout [OutboxSettlement]
    ) -> Bool {
        let qos = settings.qos(of: queued.delivery)
        if unreleased.holdsBack(queued.delivery.topic, qos: qos) { return false }
        switch publish(queued, now: now) {
        case .passedOn: break
        case .accepted:
            unreleased.insert(queued.delivery.topic, qos: qos, token: queued.position.rawValue)
            search.published(queued.position, at: now)
        case .answered(let disposition):
            answers.append(OutboxSettlement(position: queued.position, disposition: disposition))
        case .noRoom: return false
        }
        return true
    }

    /// - Returns: whether there were any answers.
    private mutating func settleEdgeNodes(now: MonotonicInstant) -> Bool {
        let answers = edgeNodes.advance(isConnected: isConnected, now: now)
        queue.settle(answers)
        return !answers.isEmpty
    }

    private enum Attempt {
        case accepted
        /// An edge node has it, and will answer.
        case passedOn
        /// It will not be published; this became of it.
        case answered(Disposition)
        case noRoom
    }

    private mutating func publish(_ queued: QueuedDelivery, now: MonotonicInstant) -> Attempt {
        let delivery = queued.delivery
        if search.isDead(queued.position) { return .answered(.dead(.refused)) }
        if StateTopic.birth(of: delivery.topic) != nil {
            edgeNodes.take(queued)
            return .passedOn
        }
        switch addressing.rule(delivery, now: now) {
        case .answered(let disposition): return .answered(disposition)
        case .goes(let address, let retain):
            guard !edgeNodes.takes(delivery.topic) else {
                edgeNodes.take(queued)
                return .passedOn
            }
            let attempt = hand(queued, to: address, retain: retain)
            if delivery.lateness == .superseded, case .accepted = attempt {
                shared.withLock { if address == .late { $0.lateToTopic += 1 } else { $0.lateMarked += 1 } }
            }
            return attempt
        }
    }

    private func hand(_ queued: QueuedDelivery, to address: Addressing.Address, retain: Bool) -> Attempt {
        guard let connection else { return .noRoom }
        do throws(PublishRefusal) {
            try connection.publish(
                topic: addressing.topic(address, of: queued.delivery), payload: queued.delivery.payload,
                qos: settings.qos(of: queued.delivery), retain: retain, properties: addressing.properties,
                token: queued.position.rawValue)
            return .accepted
        } catch {
            switch error {
            case .queueFull, .stopped: return .noRoom
            case .invalidTopic, .invalidProperties: return .answered(.dead(.invalid))
            case .tooLarge: return .answered(.dead(.tooLarge))
            }
        }
    }

    /// A message of our own, at QoS 1. If there is no room for it, the next one tells more anyway.
    private mutating func publishOther(_ topic: String, _ payload: [UInt8], retain: Bool) -> Bool {
        guard let connection else { return false }
        nextOtherToken &+= 1
        do throws(PublishRefusal) {
            try connection.publish(
                topic: topic, payload: payload, qos: .atLeastOnce, retain: retain, token: nextOtherToken)
            return true
        } catch {
            return false
        }
    }
}
