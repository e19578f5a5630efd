import DiodeProtocol
import FEC
import MQTT
import SenderOT
import Time
import MQTTProtocol
import SenderOTCore

/// The sender's side: the core, the journal behind it, and the OT broker before it, which delivers again what a dead sender did
/// not acknowledge.
final class SimulatedSender {
    private static let slicesAtOnce = 4

    private let settings: SenderCore.Settings
    private let tellsState: Bool
    private(set) var core: SenderCore
    private(set) var journal: SimulatedJournal
    private var slices: [SnapshotSlice] = []
    private(set) var earlier: [Beat.EpochSummary] = []
    /// Every record that has a stamp and may be asked for, and what of them was shed.
    private var taken: [PublishedRecord] = []
    private var shed: Set<Stamp> = []
    /// The journal's position before this epoch.
    private var positionBefore: UInt64 = 0
    /// What the newest beat says of the journal's floor.
    private(set) var toldFloor: Stamp?
    private let isSealed: Bool
    /// A release before this one runs, until the next start: its blocks, and their repetitions for ever, go in the wire's first version.
    private var isOfBefore: Bool
    /// Nothing leaves until then.
    var stalledUntil: UInt64 = 0
    /// Another sender of the link speaks.
    private(set) var standsBy = false

    init(_ scenario: PairScenario, epoch: UInt64, incarnation: UInt64, now: MonotonicInstant) throws {
        let policy = ExportPolicy(rules: [ExportPolicy.Rule(filter: try TopicFilter("acme/#"))])
        let geometry = BlockGeometry(
            framing: EthernetFraming(mtuBytes: scenario.mtuBytes),
            repair: RepairRatio(share: scenario.repairShare, minimum: scenario.minimumRepair),
            maximumSourceSymbols: 16)
        var settings = SenderCore.Settings(policy: policy, geometry: geometry)
        settings.maximumRecordBytes = 100_000
        settings.beat = .nanoseconds(Int64(scenario.beatNanoseconds))
        settings.slots.topics = scenario.topicLimit
        if let period = scenario.snapshotNanoseconds { settings.snapshotPeriod = .nanoseconds(Int64(period)) }
        var core = SenderCore(
            epoch: Epoch(rawValue: epoch), incarnation: Incarnation(rawValue: incarnation), settings: settings,
            sealer: scenario.isSealed ? SimulatedSeal.sealer() : nil, now: now)
        isSealed = scenario.isSealed
        isOfBefore = scenario.beginsBefore
        tellsState = scenario.snapshotNanoseconds != nil
        if tellsState { core.beginSnapshots(now: now) }
        self.settings = settings
        self.core = core
        journal = SimulatedJournal(echoes: scenario.echoes)
    }

    /// The last record of the epoch that is in the journal, and its block.
    private var committed: (sequence: UInt64, block: UInt64) {
        let newest = journal.newest(of: core.epoch)
        return (newest?.lastSequence.rawValue ?? 0, newest?.id.block.rawValue ?? 0)
    }

    // MARK: In

    /// - Returns: the record with its stamp, and whether it was shed.
    func publish(
        _ record: PublishedRecord, now: MonotonicInstant, time: UnixMilliseconds
    ) throws(NamespaceModel.Violation) -> (record: PublishedRecord, isShed: Bool) {
        let topic = Array(record.topic.utf8)
        let outcome = core.accept(
            SenderCore.Publication(
                topic: topic.span.bytes, payload: record.payload.span.bytes, properties: record.properties.span.bytes,
                qos: record.qos, retain: record.retain), delivery: nil, now: now, time: time)
        var stamped = record
        switch outcome {
        case .recorded(let stamp): stamped.stamp = stamp
        case .shed(let stamp, .topicLimit):
            stamped.stamp = stamp
            shed.insert(stamp)
        default:
            throw NamespaceModel.Violation(promise: "P1", detail: "the sender did not take \(record): \(outcome)")
        }
        taken.append(stamped)
        return (stamped, shed.contains(stamped.stamp))
    }

    func endGulp(idle: Bool, now: MonotonicInstant) { core.endGulp(idle: idle, now: now) }

    // MARK: Out

    /// When something is due, in nanoseconds.
    var nextDeadline: UInt64 {
        var next = core.nextDeadline.nanoseconds
        if let echo = journal.deadline { next = min(next, max(echo, stalledUntil)) }
        if journal.backlog > 0 { next = min(next, stalledUntil) }
        return next
    }

    /// What is new since the last call, so that the model hears of it before it leaves.
    struct Closed {
        var blocks: [ClosedBlock] = []
        var slices: [SnapshotSlice] = []
    }

    /// Does what is due in the core, and journals what it closed.
    /// - Returns: what was closed, and the beats, which leave at once.
    func advance(now: MonotonicInstant, time: UnixMilliseconds) -> (closed: Closed, beats: [Transmission]) {
        let isStalled = now.nanoseconds < stalledUntil
        core.noteSlices(leave: slices.count < Self.slicesAtOnce)
        var surroundings = BeatScheduler.Surroundings()
        surroundings.sent = left
        surroundings.floor = journal.floor
        toldFloor = journal.floor
        surroundings.isDurable = true
        surroundings.standsBy = standsBy
        surroundings.earlierEpochs = earlier
        core.note(surroundings)
        core.advance(now: now, time: time)
        var closed = Closed()
        while let slice = core.nextSlice() {
            slices.append(slice)
            closed.slices.append(slice)
        }
        var beats: [Transmission] = []
        while let made = core.nextClosedBlock() {
            let block = asReleased(made)
            closed.blocks.append(block)
            if block.id.channel == .live {
                journal.append(block)
            } else if journal.sent >= positionBefore, !isStalled {
                // Nothing speaks of this epoch before those before it have left.
                beats.append(Transmission(first: block))
            }
        }
        return (closed, beats)
    }

    /// What leaves now: the backlog in order, slices behind their records, echoes.
    func takeTransmissions(now: MonotonicInstant) -> [Transmission] {
        guard now.nanoseconds >= stalledUntil else { return [] }
        var leaving: [Transmission] = []
        while let block = journal.sendNext(now) { leaving.append(Transmission(first: block)) }
        while let slice = slices.first, slice.heading.capture.sequence <= left.sequence {
            leaving += slice.blocks.map { Transmission(first: asReleased($0)) }
            slices.removeFirst()
        }
        return leaving + journal.takeEchoes(now)
    }

    /// A block as the release that runs would have made it.
    private func asReleased(_ block: ClosedBlock) -> ClosedBlock {
        guard isOfBefore else { return block }
        return ClosedBlock(
            id: block.id, flags: block.flags, partIndex: block.partIndex, partCount: block.partCount,
            firstSequence: block.firstSequence, lastSequence: block.lastSequence, packedBytes: block.packedBytes,
            plainBytes: block.plainBytes, shape: block.shape, symbols: block.symbols, salt: nil,
            lastDelivery: block.lastDelivery, closedAt: block.closedAt)
    }

    /// The newest block of this epoch that has left.
    private var left: (sequence: SequenceNumber, block: BlockNumber) {
        guard journal.sent > positionBefore, let newest = journal.newestSent else {
            return (SequenceNumber(rawValue: 0), BlockNumber(rawValue: 0))
        }
        return (newest.lastSequence, newest.id.block)
    }

    func shortenJournal(to kept: Int) { journal.shorten(to: kept) }

    func resend(_ blocks: ClosedRange<BlockNumber>, of epoch: Epoch) -> [Transmission] {
        journal.resend(blocks, of: epoch)
    }

    // MARK: Restarts

    /// What a restart took back.
    struct Restart {
        /// The end of the epoch that is over, as the journal has it.
        var end: Beat.EpochSummary
        /// Stamps that are void now.
        var void: [Stamp] = []
        /// What the OT broker delivers again.
        var again: [PublishedRecord] = []
    }

    /// The process ends, and another one begins.
    /// - Parameters:
    ///   - lostBlocks: how many of the newest blocks a loss of power takes.
    ///   - standsBy: whether another sender of the link speaks.
    func restart(
        lostBlocks: Int, clock: UInt64, incarnation: UInt64, standsBy: Bool = false, now: MonotonicInstant
    ) -> Restart {
        self.standsBy = standsBy
        isOfBefore = false
        journal.loseTail(lostBlocks, of: core.epoch)
        let (sequence, block) = committed
        let over = core.epoch
        let end = Beat.EpochSummary(
            epoch: over, incarnation: core.incarnation, firstSequence: SequenceNumber(rawValue: 1),
            lastCommitted: SequenceNumber(rawValue: sequence),
            lastBlock: BlockNumber(rawValue: block))
        var restart = Restart(end: end)
        earlier.append(end)
        journal.restart()
        positionBefore = journal.end
        let isGone = { (stamp: Stamp) in stamp.epoch == over && stamp.sequence > end.lastCommitted }
        restart.void = taken.map(\.stamp).filter(isGone)
        restart.again = taken.filter { isGone($0.stamp) && $0.qos != .atMostOnce }
        taken.removeAll { isGone($0.stamp) }
        slices = []
        core = SenderCore(
            epoch: Epoch(rawValue: max(over.rawValue + 1, clock)), incarnation: Incarnation(rawValue: incarnation),
            settings: settings, slots: restoredSlots(time: UnixMilliseconds(rawValue: clock)),
            sealer: isSealed ? SimulatedSeal.sealer() : nil, now: now)
        if tellsState, !standsBy { core.beginSnapshots(now: now) }
        return restart
    }

    /// The slots as the journal brings them back.
    private func restoredSlots(time: UnixMilliseconds) -> NamespaceSlots {
        var slots = NamespaceSlots(limits: settings.slots)
        let none = BlockNumber(rawValue: 0)
        for record in taken {
            let topic = Array(record.topic.utf8)
            let isShed = shed.contains(record.stamp)
            guard let id = isShed ? slots.find(topic.span.bytes) : slots.insert(topic.span.bytes) else {
                slots.countUnnamed()
                continue
            }
            let version = slots.nextVersion(id, in: none)
            guard !isShed else { continue }
            slots.store(
                NamespaceSlots.Content(
                    properties: record.properties.span.bytes, payload: record.payload.span.bytes, qos: record.qos,
                    retain: record.retain), in: id, stamp: record.stamp, version: version, time: time)
        }
        return slots
    }
}
