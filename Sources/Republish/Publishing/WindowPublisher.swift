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
///                   Addressing ─▶ not to be published: answered
///                             ├─▶ an edge node's: EdgeNodeConnections
///                             └─▶ the connection ─▶ in flight ─▶ settled
/// ```
///
/// Bounded by the window, which is one record while ``RefusalSearch`` looks for the one at which the broker hangs up.
struct WindowPublisher: ~Copyable {
    /// What late records came to, since it was last moved out.
    struct LateCounts {
        var toTopic: UInt64 = 0
        var marked: UInt64 = 0
    }

    /// After this the disk is tried again that could not be read.
    private static let readPause = Duration.seconds(1)

    private let settings: PublisherSettings
    private let output: OutboxOutput
    private var addressing: Addressing
    private var settler = Settler()
    private var unreleased = UnreleasedTopics()
    private var search = RefusalSearch()
    private var consumers: ConsumerGuard
    /// Taken from the outbox and not yet handed on; those before `heldStart` are.
    private var held: [QueuedDelivery] = []
    private var heldStart = 0
    private var late = LateCounts()
    /// When the disk is tried again that could not be read.
    private var readAt: MonotonicInstant?

    init(_ settings: PublisherSettings, output: OutboxOutput) {
        self.settings = settings
        self.output = output
        addressing = Addressing(settings)
        consumers = ConsumerGuard(interval: settings.publishInterval)
    }

    /// When `publish` has something to do, if nothing else happens before.
    var deadline: MonotonicInstant? {
        [search.deadline, consumers.deadline, readAt].compactMap(\.self).min()
    }

    /// Whether the broker has been silent for too long about the one record that it was given.
    func isOverdue(now: MonotonicInstant) -> Bool { search.deadline.map { $0 <= now } ?? false }

    /// The broker ends the connection at a record, and it is being looked for.
    var isSearching: Bool { search.isSearching }

    /// Nothing is left to publish.
    var isDrained: Bool {
        let load = output.load
        return load.waiting == 0 && load.taken == 0
    }

    /// Moves out what late records came to.
    mutating func takeLateCounts() -> LateCounts {
        defer { late = LateCounts() }
        return late
    }

    // MARK: Answers

    /// What the broker said of publishes of the connection.
    mutating func settle(_ settlements: [Settlement]) {
        for settlement in settlements { unreleased.remove(token: settlement.token) }
        let answered = settler.settle(settlements, in: output)
        search.settled(deliveries: answered, others: settlements.count - answered)
    }

    /// What was said of publishes that an edge node's connection made, or while the publisher ends.
    mutating func settleOthers(_ settlements: [Settlement]) { _ = settler.settle(settlements, in: output) }

    func settle(_ answers: [OutboxSettlement]) { output.settle(answers) }

    /// The connection is lost: everything that is not settled goes back to the outbox.
    /// - Returns: whether a record is given up, because the broker has ended the connection at it again and again.
    mutating func lost() -> Bool {
        held = []
        heldStart = 0
        unreleased.removeAll()
        consumers.reset()
        output.rewind()
        return search.lost()
    }

    // MARK: Publishing

    /// Publishes what the window has room for.
    /// - Parameter isStopping: consumers are not spared any more.
    mutating func publish(
        over connection: Connection, _ edgeNodes: inout EdgeNodeConnections, isStopping: Bool, now: MonotonicInstant
    ) {
        if let due = readAt, due <= now { readAt = nil }
        guard search.mayPublish else { return }
        let window = search.window(settings.windowRecords)
        var answers: [OutboxSettlement] = []
        if isStopping { _ = consumers.letAllGo() }
        while true {
            while heldStart < held.count {
                guard handOnDue(over: connection, &edgeNodes, now: now, &answers) else { return output.settle(answers) }
                let queued = held[heldStart]
                if isPaced(queued.delivery, edgeNodes), case .taken(let superseded) = consumers.rule(queued, now: now) {
                    if let superseded {
                        answers.append(OutboxSettlement(position: superseded, disposition: .shed(.tooFast)))
                    }
                } else {
                    guard handOn(queued, over: connection, &edgeNodes, now: now, &answers) else {
                        return output.settle(answers)
                    }
                }
                heldStart += 1
            }
            guard handOnDue(over: connection, &edgeNodes, now: now, &answers) else { return output.settle(answers) }
            output.settle(answers)
            answers.removeAll(keepingCapacity: true)
            let load = output.load
            guard load.taken < window, load.takenBytes < settings.windowBytes else {
                if consumers.letAllGo() { continue }
                return
            }
            guard load.waiting > 0 else { return }
            take(records: window - load.taken, bytes: settings.windowBytes - load.takenBytes, now: now)
            // They are on their way; the outbox says when.
            if held.isEmpty { return }
        }
    }

    private mutating func take(records: Int, bytes: Int, now: MonotonicInstant) {
        held = output.take(records: records, bytes: bytes)
        heldStart = 0
        // Of a disk that can be read again nobody tells.
        readAt = held.isEmpty && output.readError != nil ? now.advanced(by: Self.readPause) : nil
    }

    /// Publishes what has waited long enough; false as in `handOn`.
    private mutating func handOnDue(
        over connection: Connection, _ edgeNodes: inout EdgeNodeConnections, now: MonotonicInstant,
        _ answers: inout [OutboxSettlement]
    ) -> Bool {
        while let due = consumers.nextDue(now) {
            guard handOn(due, over: connection, &edgeNodes, now: now, &answers) else { return false }
            consumers.published()
        }
        return true
    }

    /// Whether consumers are spared it: not what Sparkplug says, whose messages count each other.
    private func isPaced(_ delivery: borrowing Delivery, _ edgeNodes: borrowing EdgeNodeConnections) -> Bool {
        settings.publishInterval != nil && StateTopic.birth(of: delivery.topic) == nil
            && !edgeNodes.takes(delivery)
    }

    /// Publishes a delivery, or notes what else became of it.
    /// - Returns: false if it has to wait for others, and all behind it.
    private mutating func handOn(
        _ queued: QueuedDelivery, over connection: Connection, _ edgeNodes: inout EdgeNodeConnections,
        now: MonotonicInstant, _ answers: inout [OutboxSettlement]
    ) -> Bool {
        let qos = settings.qos(of: queued.delivery)
        if unreleased.holdsBack(queued.delivery.topic, qos: qos) { return false }
        switch attempt(queued, over: connection, &edgeNodes, now: now) {
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

    private enum Attempt {
        case accepted
        /// An edge node has it, and will answer.
        case passedOn
        /// It will not be published; this became of it.
        case answered(Disposition)
        case noRoom
    }

    private mutating func attempt(
        _ queued: QueuedDelivery, over connection: Connection, _ edgeNodes: inout EdgeNodeConnections,
        now: MonotonicInstant
    ) -> Attempt {
        let delivery = queued.delivery
        if search.isDead(queued.position) { return .answered(.dead(.refused)) }
        if StateTopic.birth(of: delivery.topic) != nil {
            edgeNodes.take(queued)
            return .passedOn
        }
        switch addressing.rule(delivery, now: now) {
        case .answered(let disposition): return .answered(disposition)
        case .goes(let address, let retain):
            guard !edgeNodes.takes(delivery) else {
                edgeNodes.take(queued)
                return .passedOn
            }
            let attempt = hand(queued, to: address, retain: retain, over: connection)
            if delivery.lateness == .superseded, case .accepted = attempt {
                if address == .late { late.toTopic += 1 } else { late.marked += 1 }
            }
            return attempt
        }
    }

    private func hand(
        _ queued: QueuedDelivery, to address: Addressing.Address, retain: Bool, over connection: Connection
    ) -> Attempt {
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
}
