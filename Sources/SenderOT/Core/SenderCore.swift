public import DiodeProtocol
package import Sparkplug
public import Time
package import MQTTProtocol

/// Everything between what the OT broker delivers and closed blocks: no I/O, no clock. One thread at a time owns it.
///
/// ```text
/// publish ─▶ ExportPolicy ─▶ NamespaceSlots, Stamper ─▶ BlockBatcher ─┐
///     TopicPacer: what waits ─┘ │             ▲      BeatScheduler ──┴▶ nextClosedBlock
///                              └▶ StateTeller ──────────────────────▶ nextSlice
/// ```
///
/// After each gulp of deliveries `endGulp` says whether the sender is idle: then what came leaves at once. Otherwise a
/// block closes when it is full or its oldest record has waited `flush`; `advance` sees to it.
public struct SenderCore: ~Copyable {
    /// What the core is told once; every knob has its default in the configuration.
    public struct Settings: Sendable {
        public var policy: ExportPolicy
        public var geometry: BlockGeometry
        /// How long a record may wait for company under load.
        public var flush = Duration.milliseconds(2)
        public var beat = Duration.seconds(1)
        /// The most bytes of payload and properties that a record may have; a larger one is shed, numbered and named.
        public var maximumRecordBytes = 1 << 20
        public var slots = NamespaceSlots.Limits()
        public var compressionLevel = 1
        /// What a round of the carousel aims at, and between two checkpoints at most.
        public var snapshotPeriod = Duration.seconds(30)
        /// How long a deleted topic is remembered.
        public var tombstoneKeep = Duration.seconds(7 * 86_400)
        /// How Sparkplug edge nodes are understood.
        package var edgeNodes = EdgeNodeStates.Settings()

        public init(policy: ExportPolicy, geometry: BlockGeometry) {
            self.policy = policy
            self.geometry = geometry
        }
    }

    /// How the journal is: what comes is shed, numbered and named, while there is no room for it.
    public enum JournalState: Sendable, Equatable {
        case writing
        /// It cannot be written; records may be acknowledged from memory and say so (ADR 0009).
        case failing
        /// It holds its limit in blocks that were not sent.
        case full
        /// It cannot be written, and memory holds its limit.
        case failingAndFull
    }

    /// What has happened since the start.
    public struct Counters: Sendable, Equatable {
        /// Everything delivered, from the main session and the fetches.
        public var received: UInt64 = 0
        public var records: UInt64 = 0
        public var shed: UInt64 = 0
        /// Fetched values that were known.
        public var known: UInt64 = 0
        /// Deliveries that an earlier lifetime had journalled, and that the broker sent again.
        public var repeated: UInt64 = 0
        /// By ``ExportPolicy/Refusal``.
        public var filtered = [UInt64](repeating: 0, count: ExportPolicy.Refusal.allCases.count)
        public var beats: UInt64 = 0
        public var checkpoints: UInt64 = 0

        public var filteredInAll: UInt64 { filtered.reduce(0, +) }
    }

    public let epoch: Epoch
    public let incarnation: Incarnation
    public internal(set) var counters = Counters()
    /// Told by those around the core, for the next beat.
    public var surroundings = BeatScheduler.Surroundings()
    /// Told by those around the core, before each gulp.
    public var journalState = JournalState.writing

    var policy: ExportPolicy
    var policyGeneration = 1
    /// What waits for the rate of its rule.
    package var pacer = TopicPacer<HeldValue>()
    /// What of it has to be written, or removed again.
    var heldChanges = HeldChanges()
    let maximumRecordBytes: Int
    var stamper: Stamper
    var slots: NamespaceSlots
    var batcher: BlockBatcher
    private var scheduler: BeatScheduler
    var teller: StateTeller
    package var edgeNodes: EdgeNodeStates
    private var beats: [ClosedBlock] = []
    /// Counts fetches of the retained set.
    var fetch: UInt32 = 0
    /// Shed in this gulp, and not in a block yet.
    var pendingShed: ShedRun?

    /// - Parameter slots: what earlier lifetimes knew.
    public init(
        epoch: Epoch, incarnation: Incarnation, settings: Settings, slots: consuming NamespaceSlots? = nil,
        now: MonotonicInstant
    ) {
        self.epoch = epoch
        self.incarnation = incarnation
        policy = settings.policy
        // With a topic of 65,535 bytes, and its lengths, a record stays within 64 parts and 8 MiB (WIRE W-09, W-26).
        let largest = min(64 * settings.geometry.capacityBytes, WireLimits.maximumContentBytes) - 66_000
        precondition(settings.maximumRecordBytes <= largest, "64 part blocks hold the largest record")
        maximumRecordBytes = settings.maximumRecordBytes
        stamper = Stamper(epoch: epoch)
        self.slots = slots ?? NamespaceSlots(limits: settings.slots)
        edgeNodes = EdgeNodeStates(settings.edgeNodes)
        edgeNodes.restore(from: self.slots)
        batcher = BlockBatcher(
            epoch: epoch, incarnation: incarnation, geometry: settings.geometry, flush: settings.flush,
            compressionLevel: settings.compressionLevel)
        scheduler = BeatScheduler(
            epoch: epoch, incarnation: incarnation, geometry: settings.geometry, period: settings.beat, now: now)
        teller = StateTeller(
            epoch: epoch, incarnation: incarnation, geometry: settings.geometry,
            compressionLevel: settings.compressionLevel, period: settings.snapshotPeriod, keep: settings.tombstoneKeep)
    }

    // What comes in.

    /// Takes a message of the main session.
    /// - Parameters:
    ///   - delivery: to be acknowledged once its block is safe; nil for QoS 0.
    ///   - packet: the packet identifier that it came under; 0 for QoS 0.
    @discardableResult
    public mutating func publish(
        _ publication: borrowing Publication, delivery: DeliveryTicket?, packet: UInt16 = 0, now: MonotonicInstant,
        time: UnixMilliseconds
    ) -> Outcome {
        counters.received += 1
        letGo(now: now)
        let outcome = export(
            publication, packet: packet, isStored: delivery != nil, fetchedSince: nil, now: now, time: time)
        if let delivery { batcher.note(delivery) }
        return outcome
    }

    /// Takes note of a message that an earlier lifetime has journalled: it only has to be acknowledged.
    public mutating func noteRepeated(_ delivery: DeliveryTicket) {
        counters.received += 1
        counters.repeated += 1
        batcher.note(delivery)
    }

    /// A fetch of the retained set begins.
    /// - Returns: the newest stamp, which each of its messages and its end are given.
    public mutating func beginFetch() -> Stamp {
        fetch += 1
        return newestStamp
    }

    /// Topics whose retained value was not in the fetch that has ended, and how many topics have one at all. Absence means
    /// that it was deleted while nobody was subscribed (D6).
    /// - Parameter began: what `beginFetch` returned.
    package func unseenTopics(since began: Stamp) -> (topics: [NamespaceSlots.TopicID], retained: Int) {
        slots.unseen(in: fetch, since: began)
    }

    /// Makes a deletion of a topic that is still unseen.
    package mutating func deleteUnseen(
        _ id: NamespaceSlots.TopicID, since began: Stamp, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        let topic = slots.topic(id)
        guard slots.isUnseen(id, in: fetch, since: began), clearWaiting(topic, now: now) else { return }
        let deletion = Publication(
            topic: topic.span.bytes, payload: RawSpan(), qos: .atLeastOnce, retain: true)
        _ = number(deletion, id, isReconciled: true, now: now, time: time)
    }

    /// Takes a retained message of a fetch (D11).
    ///
    /// It is dropped if the topic had a record of the main session since the fetch began: whatever is newer than that
    /// record comes over the main session too, so that an older value never replaces a newer one.
    /// - Parameter began: what `beginFetch` returned.
    @discardableResult
    public mutating func publishFetched(
        _ publication: borrowing Publication, since began: Stamp, now: MonotonicInstant, time: UnixMilliseconds
    ) -> Outcome {
        counters.received += 1
        letGo(now: now)
        return export(publication, packet: 0, isStored: false, fetchedSince: began, now: now, time: time)
    }

    /// Tells the receiver of a time without a subscription.
    public mutating func note(_ unobserved: Unobserved, now: MonotonicInstant) {
        flushShed(now)
        batcher.append(unobserved, now: now)
    }

    /// Tells the receiver of what the OT broker dropped.
    public mutating func note(_ drop: BrokerDrop, now: MonotonicInstant) {
        flushShed(now)
        batcher.append(drop, now: now)
    }

    /// Tells the receiver of an action.
    public mutating func note(_ action: Action, now: MonotonicInstant) {
        flushShed(now)
        batcher.append(action, now: now)
    }

    /// Says that nothing more has been read for now.
    /// - Parameter idle: nothing waits behind the core, so that what came may leave at once.
    public mutating func endGulp(idle: Bool, now: MonotonicInstant) {
        flushShed(now)
        if idle { batcher.close() } else { batcher.advance(now: now) }
    }

    /// Changes what may cross, from the next message on.
    public mutating func replacePolicy(_ policy: ExportPolicy) {
        self.policy = policy
        policyGeneration += 1
    }

    /// Says that the slots hold the whole state: from now on slices and checkpoints tell of it. Before, a receiver would take
    /// what is not known yet for deleted.
    public mutating func beginSnapshots(now: MonotonicInstant) { teller.begin(now) }

    /// Told by those around the core: whether slices leave as fast as they are made. While they do not, none is.
    public var mayCutSlice: Bool {
        get { teller.mayCut }
        set { teller.mayCut = newValue }
    }

    /// Does what is due.
    public mutating func advance(now: MonotonicInstant, time: UnixMilliseconds) {
        letGo(now: now)
        tellState(now: now, time: time)
        batcher.advance(now: now)
        if scheduler.isDue(now) { makeBeat(now: now, time: time) }
    }

    /// Whether `advance` would make a beat: the time to refresh `surroundings`.
    public func isBeatDue(_ now: MonotonicInstant) -> Bool { scheduler.isDue(now) }

    /// Makes a beat, due or not.
    public mutating func makeBeat(now: MonotonicInstant, time: UnixMilliseconds) {
        counters.beats += 1
        beats.append(scheduler.close(beat(time), now: now))
    }

    // What goes out.

    /// Whether records wait in a block that is not closed yet.
    public var hasOpenBlock: Bool { !batcher.isEmpty }

    /// When `advance` has to be called next.
    public var nextDeadline: MonotonicInstant {
        let ends = [batcher.deadline, teller.deadline, heldDeadline].compactMap(\.self)
        return ends.reduce(scheduler.deadline, min)
    }

    /// The stamp given last; sequence 0 before the first.
    public var newestStamp: Stamp { Stamp(epoch: epoch, sequence: stamper.newest) }

    /// What is kept of a topic: retained value, last event and version, as the table of slots holds them; nil if it is not held.
    func lastKnown(_ topic: RawSpan) -> [[UInt8]]? {
        guard let id = slots.find(topic) else { return nil }
        return [slots.retained(id).encoded, slots.event(id).encoded, Array("\(slots.version(id))".utf8)]
    }

    /// What a checkpoint would say now.
    mutating func stateNow() -> Checkpoint { slots.checkpoint() }

    /// Topics with a retained value.
    package var retainedCount: Int { slots.retainedCount }
    /// Topics held.
    public var topicCount: Int { slots.topicCount }
    /// How long the last round of the carousel took; nil before the first.
    public var lastRound: Duration? { teller.lastRound }

    /// The next block to be journalled and sent: beats first, then live in order.
    public mutating func nextClosedBlock() -> ClosedBlock? {
        if !beats.isEmpty { return beats.removeFirst() }
        return batcher.next()
    }

    /// The next slice to be sent, once the records that it includes have left. It is not journalled.
    public mutating func nextSlice() -> SnapshotSlice? { teller.next() }

    /// Topics whose slots changed since they were last asked for, at most `limit`.
    package mutating func takeChangedSlots(_ limit: Int) -> SlotBatch {
        var (batch, left) = slots.takeChanged(limit, newest: newestStamp)
        batch.through = batcher.isEmpty ? batcher.lastBlock : batcher.lastBlock.next
        // Block 0 is a change from before this epoch.
        let from = left ?? batch.through.next
        batch.replayFrom = from.rawValue == 0 ? nil : from
        batch.isWhole = teller.hasBegun
        return batch
    }

    /// Every slot has to be written again.
    package mutating func noteAllSlotsChanged() { slots.noteAllChanged(in: batcher.lastBlock.next) }

    /// A delivery that needs no block any more, because everything up to it was filtered or is in blocks already taken.
    public mutating func takeSettled() -> DeliveryTicket? { batcher.takeSettled() }

    private mutating func tellState(now: MonotonicInstant, time: UnixMilliseconds) {
        guard let due = teller.deadline, due <= now else { return }
        flushShed(now)
        guard sayStates(now: now, time: time) else { return }
        let moment = StateTeller.Moment(
            now: now, time: time, capture: newestStamp, openBlock: batcher.lastBlock.next)
        if let checkpoint = teller.advance(moment, &slots) {
            batcher.append(checkpoint, now: now, time: time)
            counters.checkpoints += 1
        }
        deleteExpired(teller.takeExpired(), now: now, time: time)
    }

    /// What to ask of edge nodes whose state is not sure; of those alone that may cross.
    package mutating func rebirthRequests(now: MonotonicInstant, time: UnixMilliseconds) -> [StateFold.Request] {
        let policy = policy
        return edgeNodes.rebirthRequests(now: now, time: time)
            .filter { policy.refusal(of: $0.birthTopic.span.bytes) == nil }
    }

    /// Makes records of the changed states that the next slice has to list (ADR 0016).
    /// - Returns: whether those were all; if not, the slice waits.
    private mutating func sayStates(now: MonotonicInstant, time: UnixMilliseconds) -> Bool {
        guard journalState == .writing || journalState == .failing else { return true }
        guard let (from, through) = teller.nextInterval(now: now, slots) else { return true }
        var bytes = 0
        while let state = edgeNodes.next(from: from, through: through, now: now) {
            let id = slots.find(state.topic.span.bytes)
            if state.payload.isEmpty, id.map({ slots.retained($0).state != .held }) ?? true { continue }
            let publication = Publication(
                topic: state.topic.span.bytes, payload: state.payload.span.bytes, qos: .atLeastOnce, retain: true)
            _ = number(publication, id, isReconciled: true, now: now, time: time)
            bytes += state.payload.count
            if bytes > Self.stateBytesAtOnce { return false }
        }
        return true
    }

    /// What states may hold up other records with.
    private static let stateBytesAtOnce = 256 << 10

    private func beat(_ time: UnixMilliseconds) -> Beat {
        let sent = surroundings.sent ?? (batcher.lastSequence, batcher.lastBlock)
        var beat = Beat(
            clock: time, lastSequence: sent.sequence.rawValue, lastLiveBlock: sent.block.rawValue,
            lastSnapshotBlock: (surroundings.sentSnapshot ?? teller.lastBlock).rawValue,
            periodMilliseconds: UInt64(max(scheduler.period / .milliseconds(1), 1)))
        beat.software = surroundings.software
        beat.configuration = surroundings.configuration
        beat.topics = Beat.Pair(UInt64(slots.topicCount), UInt64(slots.limits.topics))
        beat.snapshotRoundMilliseconds = teller.lastRound.map { min($0.milliseconds, UInt64(UInt32.max)) }
        beat.isDurable = surroundings.isDurable
        beat.floor = surroundings.floor
        beat.epochs =
            surroundings.earlierEpochs + [
                Beat.EpochSummary(
                    epoch: epoch, incarnation: incarnation, firstSequence: SequenceNumber(rawValue: 1),
                    lastCommitted: sent.sequence, lastBlock: sent.block)
            ]
        beat.older = surroundings.olderEpochs
        beat.counters = [
            .filtered: counters.filteredInAll, .shed: counters.shed, .received: counters.received,
            .echoShed: surroundings.echoShed,
            .emitErrors: surroundings.emitErrors, .journalBacklog: surroundings.journalBacklog,
        ]
        beat.counters[.brokerDropped] = surroundings.brokerDropped
        beat.broker = surroundings.broker
        beat.alarms = surroundings.alarms
        return beat
    }
}
