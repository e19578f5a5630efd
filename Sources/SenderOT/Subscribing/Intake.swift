internal import DiodeProtocol
internal import MQTT
internal import MQTTProtocol
internal import SenderOTCore
internal import SenderOTEmission
internal import SenderOTJournal
internal import Sparkplug
internal import Threading
internal import Time

/// Where the threads meet that feed the core: the main session's, the fetches', and the pulse that closes blocks in time.
///
/// ```text
/// mqtt thread ──accept──┐                      ┌─▶ Journal (live)
/// fetch thread ─accept──┼─▶ Lock<SenderCore> ──┼─▶ TransmissionQueue (beats)
/// pulse thread ─pulse───┘                      └─▶ SliceGate ─▶ TransmissionQueue (slices, behind their records)
/// ```
///
/// Blocks leave the core under its lock, so that the journal gets them in order. Whoever fed the core waits afterwards,
/// without the lock, if the journal is full.
final class Intake: Sendable {
    /// The pause between two blocks that leave before they are full. A record that comes alone never waits for it; records that
    /// follow each other faster share blocks, since each block costs one signature here and, at the receiver, one
    /// verification out of a budget of 8,000 a second.
    private static let blockPause = Duration.microseconds(500)

    /// Slices are cut while no more than this waits in the queue, because a slice that is cut later holds newer values.
    private static let waitingSliceBytes = 256 << 10
    /// The pause between two looks at whether slices may leave.
    private static let slicePause = Duration.milliseconds(5)

    /// How many deletions are made before other threads get the lock.
    private static let deletionsAtOnce = 256

    /// What the core knows of itself.
    struct Progress {
        let counters: SenderCore.Counters
        /// Topics held.
        let topics: Int
        let newest: Stamp
        /// Values that wait for the rates of their rules.
        let waiting: Int
        let edgeNodes: SparkplugReport
        /// What people should know of the edge nodes; nil if nothing.
        let edgeNodesAlarm: String?
    }

    private struct State: ~Copyable {
        var core: SenderCore
        /// Deliveries that an earlier lifetime has journalled and that the broker may repeat.
        var deliveries: RestoredDeliveries
        /// Whether no new message has come yet. The broker repeats old messages before it delivers new ones.
        var awaitsRepetitions: Bool
        var slices = SliceGate()
        var isOpen = true
        /// Before this only full blocks leave, or those whose `flush` is over.
        var nextBlockAt = MonotonicInstant.distantPast
        /// Until when the pulse sleeps.
        var pulseAt = MonotonicInstant.distantPast
    }

    private let state: Lock<State>
    private let journal: Journal
    private let queue: TransmissionQueue
    private let pulseWakeup: Wakeup

    /// - Throws: when the process has no descriptor left.
    init(
        core: consuming sending SenderCore, deliveries: RestoredDeliveries, journal: Journal, queue: TransmissionQueue
    ) throws(SystemError) {
        self.journal = journal
        self.queue = queue
        pulseWakeup = try Wakeup()
        if !deliveries.isEmpty { journal.holdReleased(until: nil) }
        state = Lock(State(core: core, deliveries: deliveries, awaitsRepetitions: !deliveries.isEmpty))
    }

    /// Takes in what one read of the main session brought.
    func accept(_ batch: InboundBatch) {
        guard batch.messageCount > 0 else { return }
        feed(whileOpen: true) { state, now, time in
            for index in 0..<batch.messageCount {
                let message = batch.message(at: index)
                let delivery = message.delivery.map { DeliveryTicket(rawValue: $0.rawValue) }
                if let delivery, state.awaitsRepetitions, !message.duplicate {
                    state.awaitsRepetitions = false
                    journal.holdReleased(until: delivery)
                }
                if let delivery, Self.isRepeated(message, &state) {
                    state.core.noteRepeated(delivery)
                    continue
                }
                if let lost = Self.lost(message) {
                    state.core.accept(lost: lost, isFetched: false, delivery: delivery, now: now, time: time)
                    continue
                }
                Self.accept(message, into: &state) { core, publication in
                    core.accept(
                        publication, delivery: delivery, packet: message.packetIdentifier, now: now, time: time)
                }
            }
        }
        journal.waitForRoom()
    }

    /// Takes in one retained message of a fetch that began at `stamp`.
    func acceptFetched(_ message: InboundMessage, since stamp: Stamp) {
        feed(whileOpen: true) { state, now, time in
            if let lost = Self.lost(message) {
                state.core.accept(lost: lost, isFetched: true, delivery: nil, now: now, time: time)
                return
            }
            Self.accept(message, into: &state) { core, publication in
                core.acceptFetched(publication, since: stamp, now: now, time: time)
            }
        }
        journal.waitForRoom()
    }

    // MARK: The pulse

    /// Lets the core do what is due. If that is a beat, it says what `surroundings` returns.
    /// - Returns: when to come again.
    func pulse(surroundings: () -> BeatScheduler.Surroundings) -> MonotonicInstant {
        let now = MonotonicClock.now()
        let time = UnixClock.now()
        // Called without the lock, because `surroundings` takes the lock itself.
        let told = state.withLock { $0.core.isBeatDue(now) } ? surroundings() : nil
        return state.withLock { state in
            if let told { state.core.note(told) }
            state.core.note(journal.coreState)
            state.core.noteSlices(leave: mayCutSlice(state))
            state.core.advance(now: now, time: time)
            closeIfIdle(&state, now)
            handOver(&state, now)
            handOverSlices(&state)
            let leave = mayCutSlice(state)
            state.core.noteSlices(leave: leave)
            let waits = !state.slices.isEmpty || !leave
            state.pulseAt = min(nextPulse(state), waits ? now.advanced(by: Self.slicePause) : .distantFuture)
            return state.pulseAt
        }
    }

    /// Makes the last beat, whether one is due or not.
    func lastBeat(surroundings: () -> BeatScheduler.Surroundings) {
        let told = surroundings()
        state.withLock { state in
            let now = MonotonicClock.now()
            state.core.note(told)
            state.core.makeBeat(isLast: true, now: now, time: UnixClock.now())
            handOver(&state, now)
        }
    }

    /// Sleeps until something is due earlier than was thought, or the time is over.
    func waitForPulse(until deadline: MonotonicInstant) {
        let now = MonotonicClock.now()
        if deadline > now { pulseWakeup.wait(timeout: now.duration(to: deadline)) }
    }

    /// Ends the pulse's sleep.
    func wakePulse() { pulseWakeup.signal() }

    // MARK: What the receiver is told of

    /// Tells the receiver something that takes no sequence, in its place in the stream.
    func note(_ unobserved: Unobserved) { feed { state, now, _ in state.core.note(unobserved, now: now) } }
    func note(_ drop: BrokerDrop) { feed { state, now, _ in state.core.note(drop, now: now) } }
    func note(_ action: Action) { feed { state, now, _ in state.core.note(action, now: now) } }

    /// Notes that the OT broker is there, or not.
    func noteBroker(isOnline: Bool) {
        state.withLock { $0.core.noteBroker(isOnline: isOnline, now: MonotonicClock.now()) }
        pulseWakeup.signal()
    }

    /// What happened to edge nodes since this was last asked, for the log.
    func takeNotices() -> [EdgeNodeStates.Notice] { state.withLock { $0.core.takeNotices() } }

    // MARK: Policy, and the retained set

    func replacePolicy(_ policy: ExportPolicy) { state.withLock { $0.core.replacePolicy(policy) } }

    /// Lets slices be cut from now on, because the slots hold the whole state.
    func beginSnapshots() {
        state.withLock { $0.core.beginSnapshots(now: MonotonicClock.now()) }
        pulseWakeup.signal()
    }

    /// Takes in nothing more and closes the open block.
    func close() {
        state.withLock { state in
            let now = MonotonicClock.now()
            state.isOpen = false
            state.core.letGoAll(now: now)
            state.core.endGulp(idle: true, now: now)
            handOver(&state, now)
        }
    }

    /// A fetch of the retained set begins.
    func beginFetch() -> Stamp { state.withLock { $0.core.beginFetch() } }

    /// Topics whose retained value was not in the fetch that began at `stamp`, and how many have one at all.
    func unseenTopics(since stamp: Stamp) -> (topics: [NamespaceSlots.TopicID], retained: Int) {
        let time = UnixClock.now()
        return state.withLock { $0.core.unseenTopics(since: stamp, at: time) }
    }

    /// Topics that the newest fetch has found, at most so many.
    func shownTopics(_ limit: Int) -> [NamespaceSlots.TopicID] { state.withLock { $0.core.shownTopics(limit) } }

    /// What topics are called in the plant; without those that the policy does not let through.
    func plantNames(of topics: [NamespaceSlots.TopicID]) -> [(id: NamespaceSlots.TopicID, name: String)] {
        var names: [(id: NamespaceSlots.TopicID, name: String)] = []
        for start in stride(from: 0, to: topics.count, by: Self.deletionsAtOnce) {
            let part = topics[start..<min(start + Self.deletionsAtOnce, topics.count)]
            state.withLock { state in
                for id in part { if let name = state.core.plantName(of: id) { names.append((id, name)) } }
            }
        }
        return names
    }

    /// Makes deletions of those that are still unseen.
    func deleteUnseen(_ topics: [NamespaceSlots.TopicID], since stamp: Stamp) {
        for start in stride(from: 0, to: topics.count, by: Self.deletionsAtOnce) {
            feed { state, now, time in
                for topic in topics[start..<min(start + Self.deletionsAtOnce, topics.count)] {
                    state.core.deleteUnseen(topic, since: stamp, now: now, time: time)
                }
            }
            journal.waitForRoom()
        }
    }

    /// What the policy does not export any more.
    var unexported: UnexportedSlots { state.withLock { $0.core.unexported() } }

    /// What another policy would change for the topics that are held.
    func compare(with other: ExportPolicy) -> PolicyComparison {
        var comparison = PolicyComparison(with: other)
        while !comparison.isComplete { state.withLock { $0.core.advance(&comparison) } }
        return comparison
    }

    /// Makes deletions of what the policy does not export any more, and forgets its last events.
    func endUnexported() {
        var place: Int? = 0
        while let from = place {
            feed { state, now, time in place = state.core.endUnexported(from: from, now: now, time: time) }
            journal.waitForRoom()
        }
    }

    /// The broker has begun a new session: it will not repeat anything of the old one.
    func forgetRestoredDeliveries() {
        state.withLock { state in
            state.deliveries.removeAll()
            state.awaitsRepetitions = false
            journal.holdReleased(until: DeliveryTicket(rawValue: 0))
        }
    }

    // MARK: What others ask

    /// What the core knows of itself, of one moment.
    var progress: Progress {
        state.withLock { state in
            let edgeNodes = state.core.reportEdgeNodes(now: MonotonicClock.now())
            return Progress(
                counters: state.core.counters, topics: state.core.topicCount, newest: state.core.newestStamp,
                waiting: state.core.waitingCount, edgeNodes: edgeNodes.report, edgeNodesAlarm: edgeNodes.alarm)
        }
    }

    /// How many topics have a retained value.
    var retainedCount: Int { state.withLock { $0.core.retainedCount } }

    /// The requests to publish in the plant, so that edge nodes whose state is not sure give birth again.
    func rebirthRequests() -> [StateFold.Request] {
        let now = MonotonicClock.now()
        let time = UnixClock.now()
        return state.withLock { $0.core.rebirthRequests(now: now, time: time) }
    }

    /// For the journal, which keeps the slots on disk.
    func takeChangedSlots(_ limit: Int) -> SlotBatch { state.withLock { $0.core.takeChangedSlots(limit) } }
    func noteDatabaseReplaced() { state.withLock { $0.core.noteDatabaseReplaced() } }

    // MARK: Under the lock

    /// Lets `body` feed the core, hands over the blocks that closed, and wakes the pulse if something is due earlier than it thinks.
    /// - Parameter whileOpen: do nothing once the intake is closed. Nobody acknowledges such messages, so the broker keeps them.
    private func feed(
        whileOpen: Bool = false, _ body: (inout State, MonotonicInstant, UnixMilliseconds) -> Void
    ) {
        let now = MonotonicClock.now()
        let time = UnixClock.now()
        let wake = state.withLock { state in
            guard state.isOpen || !whileOpen else { return false }
            state.core.note(journal.coreState)
            body(&state, now, time)
            closeIfIdle(&state, now)
            handOver(&state, now)
            let next = nextPulse(state)
            guard next < state.pulseAt else { return false }
            state.pulseAt = next
            return true
        }
        if wake { pulseWakeup.signal() }
    }

    /// Closes the open block if it may leave now; if something is in its way, another look is taken after a pause.
    private func closeIfIdle(_ state: inout State, _ now: MonotonicInstant) {
        guard now >= state.nextBlockAt else { return state.core.endGulp(idle: false, now: now) }
        let isIdle = journal.backlog == 0 && queue.isIdle
        if !isIdle { state.nextBlockAt = now.advanced(by: Self.blockPause) }
        state.core.endGulp(idle: isIdle, now: now)
    }

    /// When the pulse has something to do.
    private func nextPulse(_ state: borrowing State) -> MonotonicInstant {
        let deadline = state.core.nextDeadline
        return state.core.hasOpenBlock ? min(deadline, state.nextBlockAt) : deadline
    }

    private func handOver(_ state: inout State, _ now: MonotonicInstant) {
        // They go before the blocks, because a block may let the delivery of a value that waits be acknowledged.
        for change in state.core.takeHeldPuts() { journal.append(change) }
        while let block = state.core.nextClosedBlock() {
            guard block.id.channel == .live else {
                // A beat that finds no room is dropped, since the next beat says more. No beat of this epoch leaves before
                // the blocks of earlier epochs have left, or the receiver would call those blocks late.
                if !journal.hasEarlierBacklog { _ = queue.offer(Transmission(first: block)) }
                continue
            }
            state.nextBlockAt = now.advanced(by: Self.blockPause)
            journal.append(block)
        }
        for change in state.core.takeHeldRemovals() { journal.append(change) }
        if let ticket = state.core.takeSettled() { journal.settle(ticket) }
    }

    private func mayCutSlice(_ state: borrowing State) -> Bool {
        state.isOpen && state.slices.hasRoom && queue.waitingBytes(.snapshot) <= Self.waitingSliceBytes
    }

    /// Slices leave after the records that they include, and no slice of this epoch leaves before the blocks of earlier epochs.
    private func handOverSlices(_ state: inout State) {
        while let slice = state.core.nextSlice() { state.slices.hold(slice) }
        guard !state.slices.isEmpty, !journal.hasEarlierBacklog else { return }
        let newest = queue.newestLeft
        let left = newest.epoch == state.core.epoch ? newest.sequence : SequenceNumber(rawValue: 0)
        while queue.waitingBytes(.snapshot) <= Self.waitingSliceBytes, let slice = state.slices.release(left: left) {
            for block in slice.blocks {
                // A part of a slice is useless without the others; the next round tells the whole slice again.
                guard queue.offer(Transmission(first: block)) else { break }
            }
        }
    }

    /// Whether an earlier lifetime has journalled this message.
    private static func isRepeated(_ message: InboundMessage, _ state: inout State) -> Bool {
        guard !state.deliveries.isEmpty else { return false }
        return state.deliveries.contains(
            packet: message.packetIdentifier, isDuplicate: message.duplicate, topic: message.topic,
            payload: message.payload)
    }

    /// What the core is told of a message whose content cannot be had; nil if it can.
    @_lifetime(copy message)
    private static func lost(_ message: InboundMessage) -> SenderCore.LostPublication? {
        switch message.loss {
        case nil: return nil
        case .oversize(let payloadBytes, let content):
            return SenderCore.LostPublication(
                topic: message.topic, reason: .oversize, payloadBytes: payloadBytes, content: content)
        case .malformed(let fault):
            return SenderCore.LostPublication(topic: message.topic, reason: .malformed, content: fault.rawValue)
        }
    }

    /// Gives the core a message without the properties that concern only the hop to us.
    private static func accept(
        _ message: InboundMessage, into state: inout State,
        _ body: (inout SenderCore, borrowing SenderCore.Publication) -> SenderCore.Outcome
    ) {
        let qos = QualityOfService(rawValue: message.qos.rawValue) ?? .atMostOnce
        guard message.properties.byteCount > 0, hasHopProperties(message.properties) else {
            let publication = SenderCore.Publication(
                topic: message.topic, payload: message.payload, properties: message.properties, qos: qos,
                retain: message.retain)
            _ = body(&state.core, publication)
            return
        }
        // Rare: we ask for no subscription identifiers and allow no aliases. The list was validated when it was received.
        var writer = PropertyWriter()
        try? writer.appendEndToEnd(of: message.properties)
        let properties = writer.bytes
        let publication = SenderCore.Publication(
            topic: message.topic, payload: message.payload, properties: properties.span.bytes, qos: qos,
            retain: message.retain)
        _ = body(&state.core, publication)
    }

    private static func hasHopProperties(_ list: RawSpan) -> Bool {
        var reader = PropertyReader(list)
        while !reader.isAtEnd {
            guard let property = try? reader.next() else { return true }
            if !property.id.isEndToEnd { return true }
        }
        return false
    }
}
