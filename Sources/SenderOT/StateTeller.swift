internal import DiodeProtocol
internal import Threading
internal import Time

/// Tells the whole state, again and again: slices in the order of the carousel, and checkpoints in the live stream.
///
/// ```text
///                  due                          ┌─▶ SliceCutter ─▶ next (not journalled)
/// NamespaceSlots ──────▶ Carousel ──────────────┘
///                 └────▶ CheckpointScheduler ─────▶ Checkpoint, for the stream
/// ```
///
/// It says nothing before `begin`: a slice lists everything in its interval, and what it does not list is removed at the
/// receiver. A sender that does not know the whole state yet must not say that it does.
struct StateTeller: ~Copyable {
    /// What the core knows when the teller's time has come.
    struct Moment {
        let now: MonotonicInstant
        let time: UnixMilliseconds
        /// The stamp given last: the slots hold everything up to it.
        let capture: Stamp
        /// The live block that is open, or the next one.
        let openBlock: BlockNumber
    }

    /// When topics are short, tombstones are forgotten earlier, so that names which come and go cannot keep new ones out for
    /// days. The deletion itself has crossed by then, or the next slice says it.
    private static let keepWhenFull = Duration.seconds(600)

    private let epoch: Epoch
    private let keep: Duration
    private var carousel: Carousel
    private var checkpoints: CheckpointScheduler
    private var cutter: SliceCutter
    private var slices = FIFO<SnapshotSlice>()
    /// Whether slices leave as fast as they are cut; told by those around the core.
    var mayCut = true

    /// - Parameters:
    ///   - period: of a round, and of checkpoints.
    ///   - keep: how long a tombstone is remembered.
    init(
        epoch: Epoch, incarnation: Incarnation, geometry: BlockGeometry, compressionLevel: Int, period: Duration,
        keep: Duration
    ) {
        self.epoch = epoch
        self.keep = keep
        carousel = Carousel(period: period)
        checkpoints = CheckpointScheduler(period: period)
        cutter = SliceCutter(
            epoch: epoch, incarnation: incarnation, geometry: geometry, compressionLevel: compressionLevel)
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

    /// What the slice that is due would cover; nil if none is.
    func nextInterval(now: MonotonicInstant, _ slots: borrowing NamespaceSlots) -> (
        from: TopicHash, through: TopicHash
    )? {
        guard mayCut, let due = carousel.deadline, due <= now else { return nil }
        return (carousel.from, cutter.reach(from: carousel.from, slots))
    }

    /// Does what is due.
    /// - Returns: what has to be said in the live stream, at this position of it.
    mutating func advance(_ moment: Moment, _ slots: inout NamespaceSlots) -> Checkpoint? {
        if mayCut, let due = carousel.deadline, due <= moment.now { cut(moment, &slots) }
        switch checkpoints.decide(changed: slots.undigestedCount, now: moment.now) {
        case .wait: return nil
        case .hash:
            slots.digestChanged(topics: CheckpointScheduler.stepTopics, bytes: CheckpointScheduler.stepBytes)
            return nil
        case .say: return slots.checkpoint()
        }
    }

    /// Topics whose retained value has ended by its message expiry interval, as the slices came across them.
    mutating func takeExpired() -> [NamespaceSlots.TopicID] { cutter.takeExpired() }

    /// The oldest slice that was not taken.
    mutating func next() -> SnapshotSlice? { slices.popFirst() }

    private mutating func cut(_ moment: Moment, _ slots: inout NamespaceSlots) {
        let age = (slots.isFull ? min(keep, Self.keepWhenFull) : keep).milliseconds
        let horizon = moment.time.rawValue > age ? moment.time.rawValue - age : 0
        let slice = cutter.cut(
            SliceCutter.Order(
                capture: moment.capture, round: carousel.round, slice: carousel.slice, from: carousel.from,
                time: moment.time, horizon: UnixMilliseconds(rawValue: horizon), openBlock: moment.openBlock),
            from: &slots)
        carousel.made(through: slice.heading.to, isLast: slice.heading.isLast, now: moment.now)
        slices.append(slice)
    }
}
