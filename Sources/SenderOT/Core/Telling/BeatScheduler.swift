public import Crypto
public import DiodeProtocol
public import Time

/// Makes a heartbeat block each period (WIRE §6.3). The first is due at once, so that a receiver learns of a new epoch
/// before its first record.
///
/// ```text
/// surroundings ─┐
/// the core  ────┴─▶ Beat ─▶ block ─▶ next, before anything else that was closed
/// ```
public struct BeatScheduler: ~Copyable {
    /// What only those around the core know, for the next beat.
    public struct Surroundings: Sendable {
        /// The newest live block that has left and its last sequence. Nil: every closed block counts as sent. A beat
        /// overtakes what waits, and must not announce what the receiver cannot have yet.
        public var sent: (sequence: SequenceNumber, block: BlockNumber)?
        /// The newest snapshot block that has left. Nil: every one that was made counts as sent.
        public var sentSnapshot: BlockNumber?
        public var software: String?
        public var configuration: Digest32?
        public var broker: Beat.BrokerState?
        /// What the OT broker dropped, as far as it was stated; nil where the broker does not tell.
        public var brokerDropped: UInt64?
        public var emitErrors: UInt64 = 0
        /// Repetitions that the journal could not make any more.
        public var echoShed: UInt64 = 0
        /// Blocks that wait in the journal for the link.
        public var journalBacklog: UInt64 = 0
        public var alarms: [String] = []
        /// Whether an acknowledged record survives a loss of power.
        public var isDurable: Bool?
        /// The newest record of this epoch that survives a loss of power.
        public var journalled: SequenceNumber?
        /// The oldest record that the journal holds.
        public var floor: Stamp?
        /// What was committed under the epochs before this one, oldest first; all of it has left.
        public var earlierEpochs: [Beat.EpochSummary] = []
        public var olderEpochs: Beat.Pair?
        /// Another sender of the link speaks: this epoch brings beats alone (W-52).
        public var standsBy = false
        /// How long the machine was suspended since it was started: `now` does not count that.
        public var suspended = Duration.zero

        public init() {}
    }

    /// What the core knows, for the next beat.
    struct Known {
        /// The last sequence and the last live block that were closed.
        let lastClosed: (sequence: SequenceNumber, block: BlockNumber)
        let lastSnapshotBlock: BlockNumber
        let topics: Int
        let topicLimit: Int
        let lastRound: Duration?
        let counters: SenderCore.Counters
    }

    private let epoch: Epoch
    private let incarnation: Incarnation
    private let closer: BlockCloser
    public let period: Duration
    /// When the next beat is due.
    public private(set) var deadline: MonotonicInstant
    private var lastBlock = BlockNumber(rawValue: 0)
    private var surroundings = Surroundings()
    private var beats: [ClosedBlock] = []
    /// Beats that were made of what is known.
    private(set) var count: UInt64 = 0

    /// Of a sender that seals nothing.
    /// - Parameter period: above zero.
    public init(
        epoch: Epoch, incarnation: Incarnation, geometry: BlockGeometry, period: Duration, now: MonotonicInstant
    ) {
        self.init(
            epoch: epoch, incarnation: incarnation,
            closer: BlockCloser(geometry, compressionLevel: 1, sealer: nil), period: period, now: now)
    }

    init(epoch: Epoch, incarnation: Incarnation, closer: BlockCloser, period: Duration, now: MonotonicInstant) {
        precondition(period > .zero, "a beat has a period")
        self.epoch = epoch
        self.incarnation = incarnation
        self.closer = closer
        self.period = period
        deadline = now
    }

    /// Whether a beat is due.
    public func isDue(_ now: MonotonicInstant) -> Bool { deadline <= now }

    /// Notes what holds around the core from now on.
    mutating func note(_ surroundings: Surroundings) { self.surroundings = surroundings }

    /// Makes a beat, due or not.
    mutating func make(_ known: Known, now: MonotonicInstant, time: UnixMilliseconds) {
        count += 1
        beats.append(close(beat(known, now, time), now: now))
    }

    /// Moves out the oldest beat.
    mutating func next() -> ClosedBlock? { beats.isEmpty ? nil : beats.removeFirst() }

    /// Wraps a beat in its block and sets the next deadline. Beats that a sleeping machine missed are not made up for.
    public mutating func close(_ beat: Beat, now: MonotonicInstant) -> ClosedBlock {
        let next = deadline.advanced(by: period)
        deadline = next > now ? next : now.advanced(by: period)
        lastBlock = lastBlock.next
        let id = BlockID(channel: .beat, epoch: epoch, incarnation: incarnation, block: lastBlock)
        let content = beat.encode()
        var about = BlockCloser.About()
        about.compresses = false
        return closer.close(content.span.bytes, as: id, about)
    }

    private func beat(_ known: Known, _ now: MonotonicInstant, _ time: UnixMilliseconds) -> Beat {
        let sent = surroundings.sent ?? known.lastClosed
        var beat = Beat(
            clock: time, lastSequence: sent.sequence.rawValue, lastLiveBlock: sent.block.rawValue,
            lastSnapshotBlock: (surroundings.sentSnapshot ?? known.lastSnapshotBlock).rawValue,
            periodMilliseconds: UInt64(max(period / .milliseconds(1), 1)))
        beat.software = surroundings.software
        beat.configuration = surroundings.configuration
        beat.topics = Beat.Pair(UInt64(known.topics), UInt64(known.topicLimit))
        beat.snapshotRoundMilliseconds = known.lastRound.map { min($0.milliseconds, UInt64(UInt32.max)) }
        beat.isDurable = surroundings.isDurable
        beat.journalled = surroundings.journalled
        beat.floor = surroundings.floor
        beat.epochs =
            surroundings.earlierEpochs + [
                Beat.EpochSummary(
                    epoch: epoch, incarnation: incarnation, firstSequence: SequenceNumber(rawValue: 1),
                    lastCommitted: sent.sequence, lastBlock: sent.block)
            ]
        beat.older = surroundings.olderEpochs
        beat.counters = [
            .filtered: known.counters.filteredInAll, .shed: known.counters.shed, .received: known.counters.received,
            .echoShed: surroundings.echoShed,
            .emitErrors: surroundings.emitErrors, .journalBacklog: surroundings.journalBacklog,
        ]
        beat.counters[.brokerDropped] = surroundings.brokerDropped
        beat.broker = surroundings.broker
        beat.alarms = surroundings.alarms
        beat.standsBy = surroundings.standsBy
        beat.uptimeMilliseconds = (now.sinceStart + surroundings.suspended).milliseconds
        return beat
    }
}
