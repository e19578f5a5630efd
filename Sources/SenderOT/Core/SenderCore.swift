public import DiodeProtocol
internal import MQTTProtocol
package import Sparkplug
public import Time

/// Everything between what the OT broker delivers and closed blocks: no I/O, no clock. One thread at a time owns it.
///
/// ```text
/// accept ─▶ Admission: PolicyGate, WaitingValues ─▶ Recorder ─▶ nextClosedBlock ◀─ BeatScheduler
///                 ▲                                   │ ▲
///                 └───────── NamespaceSlots ◀─────────┘ │ states, deletions, checkpoints
///                                  └─▶ StateTeller ─────┴─▶ nextSlice
/// ```
///
/// Each part owns its state, and the core lends the slots and the recorder to the part that works with them. After each gulp of
/// deliveries `endGulp` says whether the sender is idle: then what came leaves at once. Otherwise a block closes when it is full or
/// its oldest record has waited `flush`; `advance` sees to it.
public struct SenderCore: ~Copyable {
    public let epoch: Epoch
    public let incarnation: Incarnation
    private var admission: Admission
    private var slots: NamespaceSlots
    private var edgeNodes: EdgeNodeStates
    private var recorder: Recorder
    private var teller: StateTeller
    private var beats: BeatScheduler
    private var notices: [EdgeNodeStates.Notice] = []

    /// - Parameter slots: what earlier lifetimes knew.
    public init(
        epoch: Epoch, incarnation: Incarnation, settings: Settings, slots: consuming NamespaceSlots? = nil,
        sealer: consuming BlockSealer? = nil, now: MonotonicInstant
    ) {
        self.epoch = epoch
        self.incarnation = incarnation
        admission = Admission(PolicyGate(settings.policy, edgeNamespaces: settings.edgeNodes.namespaces))
        self.slots = slots ?? NamespaceSlots(limits: settings.slots)
        var edgeNodes = settings.edgeNodes
        edgeNodes.limits.birthBytes = settings.maximumRecordBytes
        self.edgeNodes = EdgeNodeStates(edgeNodes)
        self.edgeNodes.restore(from: self.slots)
        let closer = BlockCloser(
            settings.geometry, compressionLevel: settings.compressionLevel, sealer: sealer)
        teller = StateTeller(epoch: epoch, incarnation: incarnation, settings: settings, closer: closer)
        recorder = Recorder(
            epoch: epoch, incarnation: incarnation, settings: settings, closer: closer,
            maximumTopicBytes: teller.maximumTopicBytes)
        beats = BeatScheduler(
            epoch: epoch, incarnation: incarnation, closer: closer, period: settings.beat, now: now)
    }

    // MARK: What comes in

    /// Takes in a message of the main session.
    /// - Parameters:
    ///   - delivery: to be acknowledged once its block is safe; nil for QoS 0.
    ///   - packet: the packet identifier that it came under; 0 for QoS 0.
    @discardableResult
    public mutating func accept(
        _ publication: borrowing Publication, delivery: DeliveryTicket?, packet: UInt16 = 0, now: MonotonicInstant,
        time: UnixMilliseconds
    ) -> Outcome {
        let arrival = PolicyGate.Arrival(
            packet: packet, isStored: delivery != nil, began: nil, now: now, time: time)
        let outcome = admission.accept(publication, arrival, &slots, &edgeNodes, &recorder)
        if let delivery { recorder.note(delivery) }
        return outcome
    }

    /// Takes in a retained message of a fetch (D11).
    ///
    /// It is dropped if the topic had a record of the main session since the fetch began: whatever is newer than that
    /// record comes over the main session too, so that an older value never replaces a newer one.
    /// - Parameter began: what `beginFetch` returned.
    @discardableResult
    public mutating func acceptFetched(
        _ publication: borrowing Publication, since began: Stamp, now: MonotonicInstant, time: UnixMilliseconds
    ) -> Outcome {
        let arrival = PolicyGate.Arrival(packet: 0, isStored: false, began: began, now: now, time: time)
        return admission.accept(publication, arrival, &slots, &edgeNodes, &recorder)
    }

    /// Takes in a message whose content could not be taken: it is numbered and named, unless the policy keeps it.
    /// - Parameters:
    ///   - isFetched: a fetch of the retained set brought it, perhaps not for the first time.
    ///   - delivery: to be acknowledged once its block is safe; nil for QoS 0, and in a fetch.
    @discardableResult
    public mutating func accept(
        lost publication: borrowing LostPublication, isFetched: Bool, delivery: DeliveryTicket?, now: MonotonicInstant,
        time: UnixMilliseconds
    ) -> Outcome {
        let outcome = admission.accept(
            lost: publication, isFetched: isFetched, &slots, &recorder, now: now, time: time)
        if let delivery { recorder.note(delivery) }
        return outcome
    }

    /// Notes a message that an earlier lifetime has journalled: it only has to be acknowledged.
    public mutating func noteRepeated(_ delivery: DeliveryTicket) {
        admission.noteRepeated()
        recorder.note(delivery)
    }

    /// Takes back the values that waited for the rates of their rules when an earlier lifetime ended.
    package mutating func restore(_ held: [RestoredHeldValue], now: MonotonicInstant) {
        admission.restore(held, &slots, &recorder, now: now)
    }

    /// Says that nothing more has been read for now.
    /// - Parameter idle: nothing waits behind the core, so that what came may leave at once.
    public mutating func endGulp(idle: Bool, now: MonotonicInstant) { recorder.endGulp(idle: idle, now: now) }

    /// Notes what the receiver shall know of, in its place in the stream: a time without a subscription, what the OT broker dropped, an
    /// action.
    public mutating func note(_ unobserved: Unobserved, now: MonotonicInstant) { recorder.append(unobserved, now: now) }
    public mutating func note(_ drop: BrokerDrop, now: MonotonicInstant) { recorder.append(drop, now: now) }
    public mutating func note(_ action: Action, now: MonotonicInstant) { recorder.append(action, now: now) }

    /// Notes that the OT broker is there, or not: edge nodes of a broker that is away for too long count as dead.
    package mutating func noteBroker(isOnline: Bool, now: MonotonicInstant) {
        edgeNodes.noteBroker(isOnline: isOnline, now: now)
    }

    /// Moves out what happened to edge nodes, for the log.
    package mutating func takeNotices() -> [EdgeNodeStates.Notice] {
        defer { notices = [] }
        return notices
    }

    /// Notes how the journal is. To be told before each gulp.
    public mutating func note(_ journal: JournalState) { recorder.note(journal) }

    /// Notes what the next beat says of everything around the core.
    public mutating func note(_ surroundings: BeatScheduler.Surroundings) { beats.note(surroundings) }

    /// Notes whether slices leave as fast as they are made. While they do not, none is made.
    public mutating func noteSlices(leave: Bool) { teller.noteSlices(leave: leave) }

    /// Notes that the clock was set, by so many milliseconds, since slots were filled in earlier epochs: what is left of the interval of a message says
    /// nothing of whether that message is another one.
    package mutating func noteClockStep(_ milliseconds: Int64) {
        slots.noteClockStep(UInt64(clamping: milliseconds), before: epoch)
    }

    // MARK: What the plant retains, and what of it is exported

    /// A fetch of the retained set begins.
    /// - Returns: the newest stamp, which each of its messages and its end are given.
    public mutating func beginFetch() -> Stamp {
        slots.beginFetch()
        return newestStamp
    }

    /// Topics whose retained value was not in the fetch that has ended, and how many topics have one at all. Absence means
    /// that it was deleted while nobody was subscribed (D6).
    /// - Parameters:
    ///   - began: what `beginFetch` returned.
    ///   - time: of now.
    package func unseenTopics(
        since began: Stamp, at time: UnixMilliseconds
    ) -> (topics: [NamespaceSlots.TopicID], retained: Int) {
        slots.unseen(since: began, at: time)
    }

    /// Topics that the newest fetch has found, at most so many.
    package func shownTopics(_ limit: Int) -> [NamespaceSlots.TopicID] { slots.shown(limit) }

    /// What a topic is called in the plant; nil if the policy lets none through under its name.
    package func plantName(of id: NamespaceSlots.TopicID) -> String? {
        admission.policy.plantTopic(of: slots.topic(id)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Makes a deletion of a topic that is still unseen.
    package mutating func deleteUnseen(
        _ id: NamespaceSlots.TopicID, since began: Stamp, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        admission.deleteUnseen(id, since: began, &slots, &recorder, now: now, time: time)
    }

    /// Says that the slots hold the whole state: from now on slices and checkpoints tell of it. Before, a receiver would take
    /// what is not known yet for deleted.
    public mutating func beginSnapshots(now: MonotonicInstant) { teller.begin(now) }

    /// Changes what may cross, from the next message on.
    public mutating func replacePolicy(_ policy: ExportPolicy) { admission.replacePolicy(policy) }

    /// Compares the policy with another one, for the next topics that are held.
    package func advance(_ comparison: inout PolicyComparison) {
        comparison.advance(over: slots, under: admission.policy)
    }

    /// Counts what the policy does not export any more.
    package func unexported() -> UnexportedSlots { UnexportedSlots(in: slots, under: admission.policy) }

    /// Ends some of what the policy does not export any more.
    /// - Parameter place: where the step begins, 0 at first.
    /// - Returns: where the next one does; nil behind the last.
    package mutating func endUnexported(from place: Int, now: MonotonicInstant, time: UnixMilliseconds) -> Int? {
        admission.endUnexported(from: place, &slots, &recorder, now: now, time: time)
    }

    /// What to ask of edge nodes whose state is not sure; of those alone that may cross.
    package mutating func rebirthRequests(now: MonotonicInstant, time: UnixMilliseconds) -> [StateFold.Request] {
        let policy = admission.policy
        return edgeNodes.rebirthRequests(now: now, time: time)
            .filter { policy.refusal(of: $0.birthTopic.span.bytes) == nil }
    }

    // MARK: Time

    /// Does what is due.
    public mutating func advance(now: MonotonicInstant, time: UnixMilliseconds) {
        letGo(now: now)
        advanceEdgeNodes(now: now, time: time)
        teller.advance(&slots, &edgeNodes, &recorder, now: now, time: time)
        recorder.advance(now: now)
        if beats.isDue(now) { makeBeat(now: now, time: time) }
    }

    private mutating func advanceEdgeNodes(now: MonotonicInstant, time: UnixMilliseconds) {
        edgeNodes.advance(now: now, time: time)
        teller.tellUrgent(&edgeNodes, &slots, &recorder, now: now, time: time)
        for notice in edgeNodes.takeNotices() {
            recorder.append(Action(at: time, what: notice.what, detail: notice.detail), now: now)
            if notices.count < 100 { notices.append(notice) }
        }
    }

    /// When `advance` has to be called next.
    public var nextDeadline: MonotonicInstant {
        let ends = [recorder.deadline, teller.deadline, admission.deadline, edgeNodes.deadline].compactMap(\.self)
        return ends.reduce(beats.deadline, min)
    }

    /// Makes records of what has waited for long enough for the rates of its rules.
    mutating func letGo(now: MonotonicInstant) { admission.letGo(&slots, &recorder, now: now) }

    /// Makes records of everything that waits: the sender ends.
    package mutating func letGoAll(now: MonotonicInstant) { admission.letGoAll(&slots, &recorder, now: now) }

    /// Whether `advance` would make a beat: the time to note the surroundings anew.
    public func isBeatDue(_ now: MonotonicInstant) -> Bool { beats.isDue(now) }

    /// Makes a beat, due or not.
    public mutating func makeBeat(now: MonotonicInstant, time: UnixMilliseconds) {
        let known = BeatScheduler.Known(
            lastClosed: recorder.lastClosed, lastSnapshotBlock: teller.lastBlock, topics: slots.topicCount,
            topicLimit: slots.limits.topics, lastRound: teller.lastRound, counters: counters)
        beats.make(known, now: now, time: time)
    }

    // MARK: What goes out

    /// Moves out the next block to be journalled and sent: beats first, then live in order.
    public mutating func nextClosedBlock() -> ClosedBlock? { beats.next() ?? recorder.nextClosedBlock() }

    /// Moves out the next slice to be sent, once the records that it includes have left. It is not journalled.
    public mutating func nextSlice() -> SnapshotSlice? { teller.next() }

    /// Moves out the newest delivery that needs no block any more: everything up to it was filtered, or is in blocks already taken.
    public mutating func takeSettled() -> DeliveryTicket? { recorder.takeSettled() }

    /// Moves out the rows of waiting values that have to be written before any block that is closed from now on.
    package mutating func takeHeldPuts() -> [HeldChange] { admission.takeHeldPuts() }

    /// Moves out the rows of waiting values that are in blocks that were taken, or are given up.
    package mutating func takeHeldRemovals() -> [HeldChange] {
        admission.takeHeldRemovals(through: recorder.lastClosed.block)
    }

    /// Moves out topics whose slots changed, at most `limit`.
    package mutating func takeChangedSlots(_ limit: Int) -> SlotBatch {
        var (batch, left) = slots.takeChanged(limit, newest: newestStamp)
        batch.through = recorder.newestBlock
        // Block 0 is a change from before this epoch.
        let from = left ?? batch.through.next
        batch.replayFrom = from.rawValue == 0 ? nil : from
        batch.isWhole = teller.hasBegun
        return batch
    }

    /// The database is a new one: every slot, and every value that waits, has to be written again.
    package mutating func noteDatabaseReplaced() {
        slots.noteAllChanged(in: recorder.nextBlock)
        admission.noteAllHeldChanged()
    }

    // MARK: How it is

    /// What has happened since the start.
    public var counters: Counters {
        Counters(
            received: admission.received, records: recorder.recordCount, shed: recorder.shedCount,
            known: admission.known, repeated: admission.repeated, filtered: admission.filtered, beats: beats.count,
            checkpoints: teller.checkpointCount)
    }

    /// Whether records wait in a block that is not closed yet.
    public var hasOpenBlock: Bool { recorder.hasOpenBlock }
    /// The stamp given last; sequence 0 before the first.
    public var newestStamp: Stamp { recorder.newestStamp }
    /// Topics held.
    public var topicCount: Int { slots.topicCount }
    /// Topics with a retained value.
    package var retainedCount: Int { slots.retainedCount }
    /// Values that wait for the rates of their rules.
    package var waitingCount: Int { admission.waitingCount }
    /// How long the last round of the carousel took; nil before the first.
    public var lastRound: Duration? { teller.lastRound }

    /// What is known of edge nodes, and what people should know of them.
    package mutating func reportEdgeNodes(now: MonotonicInstant) -> (report: SparkplugReport, alarm: String?) {
        edgeNodes.report(now: now)
    }

    /// What is kept of a topic: retained value, last event and version, as the table of slots holds them; nil if it is not held.
    func lastKnown(_ topic: RawSpan) -> [[UInt8]]? {
        guard let id = slots.find(topic) else { return nil }
        return [slots.retained(id).encoded, slots.event(id).encoded, Array("\(slots.version(id))".utf8)]
    }

    /// What a checkpoint would say now.
    mutating func stateNow() -> Checkpoint { slots.checkpoint() }
}
