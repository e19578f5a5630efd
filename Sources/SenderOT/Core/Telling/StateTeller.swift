internal import Collections
internal import DiodeProtocol
internal import Time

/// Tells the whole state, again and again: slices in the order of the carousel, and checkpoints in the live stream.
///
/// ```text
///                  due
/// NamespaceSlots ──────▶ Carousel ─▶ changed states of edge nodes ─▶ SliceCutter ─▶ next (not journalled)
///                  │                             ▼                        ▼
///                  │                          Recorder ◀── deletions of what has expired
///                  └───▶ CheckpointScheduler ────▲
/// ```
///
/// It says nothing before `begin`: a slice lists everything in its interval, and what it does not list is removed at the
/// receiver. A sender that does not know the whole state yet must not say that it does.
struct StateTeller: ~Copyable {
    /// When topics are short, tombstones are forgotten earlier, so that names which come and go cannot keep new ones out for
    /// days. The deletion itself has crossed by then, or the next slice says it.
    private static let keepWhenFull = Duration.seconds(600)
    /// What states of edge nodes may hold up other records with.
    private static let stateBytesAtOnce = 256 << 10
    /// Between two tries to tell what is urgent, while there is no room for it.
    private static let urgentPause = Duration.milliseconds(250)

    /// How long a tombstone is remembered.
    private let keep: Duration
    private var carousel: Carousel
    private var checkpoints: CheckpointScheduler
    private var cutter: SliceCutter
    private var slices = Ring<SnapshotSlice>()
    private var mayCut = true
    /// Checkpoints that were said.
    private(set) var checkpointCount: UInt64 = 0

    init(epoch: Epoch, incarnation: Incarnation, settings: SenderCore.Settings, closer: BlockCloser) {
        keep = settings.tombstoneKeep
        carousel = Carousel(period: settings.snapshotPeriod)
        checkpoints = CheckpointScheduler(period: settings.snapshotPeriod)
        cutter = SliceCutter(epoch: epoch, incarnation: incarnation, closer: closer)
    }

    /// The slots hold the whole state from now on.
    mutating func begin(_ now: MonotonicInstant) {
        carousel.begin(now)
        checkpoints.begin(now)
    }

    var hasBegun: Bool { carousel.hasBegun }
    /// The most bytes that a topic's name and values may have, so that a slice can hold them.
    var maximumTopicBytes: Int { cutter.maximumTopicBytes }
    var lastRound: Duration? { carousel.lastRound }
    var lastBlock: BlockNumber { cutter.lastBlock }

    /// When `advance` has to be called next; nil before the beginning.
    var deadline: MonotonicInstant? {
        guard let checkpoint = checkpoints.deadline else { return nil }
        guard mayCut, let slice = carousel.deadline else { return checkpoint }
        return min(checkpoint, slice)
    }

    /// Whether slices leave as fast as they are cut. While they do not, none is.
    mutating func noteSlices(leave: Bool) { mayCut = leave }

    /// Does what is due. Slices come out of `next`; what belongs into the live stream is recorded.
    mutating func advance(
        _ slots: inout NamespaceSlots, _ edgeNodes: inout EdgeNodeStates, _ recorder: inout Recorder,
        now: MonotonicInstant, time: UnixMilliseconds
    ) {
        guard let deadline, deadline <= now else { return }
        recorder.flushShed(now)
        let cuts = mayCut && carousel.deadline.map { $0 <= now } ?? false
        // Without room in the journal, states and deletions wait for the next round.
        if cuts, recorder.hasRoom, !record(&edgeNodes, &slots, &recorder, now: now, time: time) { return }
        if cuts { cut(&slots, capture: recorder.newestStamp, openBlock: recorder.nextBlock, now: now, time: time) }
        switch checkpoints.decide(changed: slots.undigestedCount, now: now) {
        case .wait: break
        case .hash:
            slots.digestChanged(topics: CheckpointScheduler.stepTopics, bytes: CheckpointScheduler.stepBytes)
        case .say:
            recorder.append(slots.checkpoint(), now: now, time: time)
            checkpointCount += 1
        }
        let expired = cutter.takeExpired()
        guard recorder.hasRoom else { return }
        for id in expired { recorder.recordDeletion(at: id, in: &slots, now: now, time: time) }
    }

    /// Makes records of the states of edge nodes that must not wait for their slices, and names those that are beyond a limit. Not even
    /// for the beginning: a record says what is true of one node, whatever else is known.
    func tellUrgent(
        _ edgeNodes: inout EdgeNodeStates, _ slots: inout NamespaceSlots, _ recorder: inout Recorder,
        now: MonotonicInstant, time: UnixMilliseconds
    ) {
        for topic in edgeNodes.takeLimited() { recorder.shedState(topic, in: &slots, now: now, time: time) }
        guard edgeNodes.isUrgentDue(now) else { return }
        guard recorder.hasRoom else { return edgeNodes.holdUrgent(until: now.advanced(by: Self.urgentPause)) }
        recorder.flushShed(now)
        var bytes = 0
        while bytes <= Self.stateBytesAtOnce, let state = edgeNodes.nextUrgent(now: now) {
            bytes += state.payload.count
            // Also where no state was told yet: what is presumed of a node, no message of the plant has told.
            record(state, at: slots.find(state.topic.span.bytes), &slots, &recorder, now: now, time: time)
        }
    }

    /// Moves out the oldest slice.
    mutating func next() -> SnapshotSlice? { slices.popFirst() }

    /// Makes records of the states of edge nodes that have changed and that the next slice has to list (ADR 0016).
    /// - Returns: whether those were all; if not, the slice waits.
    private func record(
        _ edgeNodes: inout EdgeNodeStates, _ slots: inout NamespaceSlots, _ recorder: inout Recorder,
        now: MonotonicInstant, time: UnixMilliseconds
    ) -> Bool {
        let (from, through) = (carousel.from, cutter.reach(from: carousel.from, slots))
        var bytes = 0
        while let state = edgeNodes.next(from: from, through: through, now: now) {
            bytes += state.payload.count
            let id = slots.find(state.topic.span.bytes)
            // A death that the plant has said itself needs no deletion of a state that nobody was told of.
            if state.payload.isEmpty, id.map({ !slots.holdsRetained($0) }) ?? true { continue }
            record(state, at: id, &slots, &recorder, now: now, time: time)
            if bytes > Self.stateBytesAtOnce { return false }
        }
        return true
    }

    private func record(
        _ state: EdgeNodeStates.State, at id: NamespaceSlots.TopicID?, _ slots: inout NamespaceSlots,
        _ recorder: inout Recorder, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        let publication = SenderCore.Publication(
            topic: state.topic.span.bytes, payload: state.payload.span.bytes, qos: .atLeastOnce, retain: true)
        _ = recorder.record(publication, at: id, in: &slots, from: .reconciliation, now: now, time: time)
    }

    private mutating func cut(
        _ slots: inout NamespaceSlots, capture: Stamp, openBlock: BlockNumber, now: MonotonicInstant,
        time: UnixMilliseconds
    ) {
        let age = (slots.isFull ? min(keep, Self.keepWhenFull) : keep).milliseconds
        let horizon = time.rawValue > age ? time.rawValue - age : 0
        let slice = cutter.cut(
            SliceCutter.Order(
                capture: capture, round: carousel.round, slice: carousel.slice, from: carousel.from, time: time,
                horizon: UnixMilliseconds(rawValue: horizon), openBlock: openBlock),
            from: &slots)
        carousel.made(through: slice.heading.to, isLast: slice.heading.isLast, now: now)
        slices.append(slice)
    }
}
