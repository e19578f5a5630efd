public import Account
import Crypto
import DiodeProtocol
import Outbox
internal import ReceiverIT
import SenderOT
public import TestKit
import Time
public import ReceiverITCore
import SenderOTCore

/// Lives through a scenario under virtual time and checks the promises at every step.
///
/// Every cause of events (messages, faults, the deadlines of both sides, arrivals) has a time; the clock jumps to the earliest. Nothing
/// sleeps and nothing depends on the machine.
public struct PairSimulation: ~Copyable {
    /// What a history came to.
    public struct Outcome: Sendable {
        public var published = 0
        public var delivered = 0
        public var missing: UInt64 = 0
        public var late: UInt64 = 0
        public var shed = 0
        public var void = 0
        public var refreshed = 0
        /// New epochs.
        public var restarts = 0
        /// In which version the newest beat came.
        public var version: UInt8 = 0
        /// Keys that the receiver has followed to, at the end.
        public var rotations = 0
        /// Frames that the second path was first with, at the end.
        public var firstBySecondPath: UInt64 = 0
        /// Kills of the receiver, and records whose acceptance died with it.
        public var receiverRestarts = 0
        public var forgotten = 0
        /// Gaps that somebody brought home, slices applied, and whether the digest was found equal at the end.
        public var slices: UInt64 = 0
        public var isSettled = false
        public var coverage = FaultCoverage()
        public var link = FaultInjector.Counts()
        /// States of the link, as they followed each other.
        public var states: [LinkState] = []
        /// Of the last process.
        public var receiver = ReceiverCounters()
    }

    /// The key of all simulated links: public knowledge, so that a history can be replayed bit for bit.
    static let seedOfKey = [UInt8](repeating: 7, count: 32)
    static let wallClock: UInt64 = 1_790_000_000_000
    private static let start: UInt64 = 1_000_000_000

    let scenario: PairScenario
    var random: SeededGenerator
    var injector: FaultInjector
    /// Of the second path, where the link has two.
    private var secondInjector: FaultInjector?
    let sender: SimulatedSender
    let receiver: SimulatedReceiver
    var model = NamespaceModel()
    var freshness = FreshnessModel()
    var outcome = Outcome()
    var now: UInt64
    var encoder: TransmissionEncoder
    /// How the keys of before have handed over: said with each beat.
    var statements: [Rotation] = []
    /// Frames that had come were dropped unverified when the key changed.
    private var droppedWaiting = false
    private var arena = FrameArena()
    private var arrivals = ArrivalQueue()
    private var hasher = SymbolHasher()
    private var nextMessage: UInt64
    private var messagesLeft: Int
    /// Faults that are still to come, the next one first, and until when it waits for its moment.
    private var planned: [PlannedFault]
    private var patienceUntil: UInt64
    // What lasts for a while.
    var cutUntil: UInt64 = 0
    var lossyUntil: UInt64 = 0
    var replayUntil: UInt64 = 0
    var forgeUntil: UInt64 = 0
    /// Blocks that are hurt about as much as they can bear.
    var hurtBlocks = 0
    private var slowness: Double
    /// Steps of the clocks, in milliseconds.
    var senderClock: Int64 = 0
    var receiverClock: Int64 = 0

    public init(_ scenario: PairScenario) throws {
        var random = SeededGenerator(seed: scenario.seed)
        let start = MonotonicInstant(nanoseconds: Self.start)
        let time = UnixMilliseconds(rawValue: Self.wallClock)
        var signer = try Ed25519Signer(seed: Self.seedOfKey.span.bytes)
        let card = try LinkCard(
            link: "simulated", signer: &signer, lowestEpoch: Epoch(rawValue: Self.wallClock), issued: time)
        let sender = try SimulatedSender(scenario, epoch: Self.wallClock, incarnation: random.next(), now: start)
        let receiver = try SimulatedReceiver(scenario, card: card, seed: random.next(), now: start, time: time)
        // A struct that owns others may not throw once it holds the first of them.
        self.scenario = scenario
        slowness = scenario.slowness
        injector = FaultInjector(faults: scenario.link, seed: random.next())
        secondInjector = scenario.secondPath.map { FaultInjector(faults: $0, seed: ~scenario.seed) }
        self.random = random
        self.sender = sender
        self.receiver = receiver
        encoder = TransmissionEncoder(signer: signer)
        messagesLeft = scenario.messages
        nextMessage = start.nanoseconds
        planned = scenario.faults.reversed()
        now = start.nanoseconds
        patienceUntil = now + (scenario.faults.first?.patienceNanoseconds ?? 0)
    }

    /// Lives through the whole history.
    /// - Throws: the first broken promise.
    public mutating func run() throws -> Outcome {
        while messagesLeft > 0 || !planned.isEmpty { try step(until: .max) }
        try settle()
        if scenario.resends {
            try resend()
            try settle()
        }
        try store()
        try checkEnd()
        try receiver.checkAudit(time: receiverTime)
        outcome.published = model.published.count
        outcome.delivered = model.delivered.count
        outcome.missing = receiver.core.account.missing + receiver.core.account.lost
        outcome.late = receiver.core.account.late
        outcome.shed = model.shed.count
        outcome.void = model.void.count
        outcome.refreshed = model.refreshed
        outcome.link = injector.counts
        outcome.receiver = receiver.core.counters
        outcome.slices = receiver.core.counters.slices
        outcome.version = receiver.core.form?.version ?? 0
        outcome.rotations = receiver.core.keys.rotations.count
        if scenario.secondPath != nil { outcome.firstBySecondPath = receiver.core.paths[1].first }
        outcome.isSettled = receiver.core.replica.isSettled
        try checkTwin()
        return outcome
    }

    /// What is still on its way arrives, echoes end, the carousel says everything; at last a whole link, and beats that tell of the
    /// newest sequence.
    private mutating func settle() throws {
        for time in [cutUntil, sender.stalledUntil, receiver.downUntil ?? 0] where scenario.healsAtEnd {
            while now < time { try step(until: time) }
        }
        let late = lateness(at: now)
        if scenario.healsAtEnd { heal() }
        let round = scenario.snapshotNanoseconds ?? 0
        var end = now + late + (scenario.echoes.last ?? 0) + 3 * round + scenario.link.delayNanoseconds + 1_000_000_000
        while now < end { try step(until: end) }
        heal()
        end = now + 3 * scenario.beatNanoseconds + 1_000_000_000
        while now < end { try step(until: end) }
        if !scenario.healsAtEnd { injector.faults = scenario.link }
    }

    private mutating func heal() {
        injector.faults = LinkFaults()
        secondInjector?.faults = LinkFaults()
        (cutUntil, lossyUntil, replayUntil, forgeUntil, hurtBlocks) = (0, 0, 0, 0, 0)
        slowness = 0
    }

    var instant: MonotonicInstant { MonotonicInstant(nanoseconds: now) }
    var senderTime: UnixMilliseconds { time(senderClock) }
    var receiverTime: UnixMilliseconds { time(receiverClock) }

    private func time(_ offset: Int64) -> UnixMilliseconds {
        UnixMilliseconds(rawValue: UInt64(Int64(Self.wallClock + now / 1_000_000) + offset))
    }

    // MARK: Time

    /// Jumps to the next event and lets it happen.
    private mutating func step(until end: UInt64) throws {
        var next = min(end, sender.nextDeadline)
        if messagesLeft > 0 { next = min(next, nextMessage) }
        if let arrival = arrivals.nextTime { next = min(next, arrival) }
        if let back = receiver.downUntil {
            next = min(next, back)
        } else if let deadline = receiver.core.nextDeadline {
            next = min(next, deadline.nanoseconds)
        }
        if !planned.isEmpty { next = min(next, patienceUntil) }
        now = max(now, next)
        if let back = receiver.downUntil, back <= now { try startReceiver() }
        try startFaults()
        if messagesLeft > 0, nextMessage <= now { try publishNext() }
        try advanceSender()
        receive()
        try advanceReceiver()
    }

    private mutating func startFaults() throws {
        while let fault = planned.last {
            let condition = condition
            guard now >= patienceUntil || fault.wanted == condition else { return }
            planned.removeLast()
            patienceUntil = now + (planned.last?.patienceNanoseconds ?? 0)
            outcome.coverage.note(fault.fault, in: condition)
            try begin(fault)
        }
    }

    // MARK: Sender

    private mutating func publishNext() throws {
        messagesLeft -= 1
        nextMessage = now + UInt64.random(in: 0...2 * scenario.meanPauseNanoseconds, using: &random)
        try publish(randomRecord())
        sender.endGulp(idle: draw(0.5), now: instant)
    }

    mutating func publish(_ record: PublishedRecord) throws {
        let (stamped, isShed) = try sender.publish(record, now: instant, time: senderTime)
        model.publish(stamped, isShed: isShed)
    }

    private mutating func advanceSender() throws {
        let (closed, beats) = sender.advance(now: instant, time: senderTime)
        expect(closed)
        for beat in beats {
            freshness.make(beat.block.id, now: now)
            for statement in statements { transmit(statement.datagram, at: now) }
            try emit(beat)
        }
        for transmission in sender.takeTransmissions(now: instant) { try emit(transmission) }
    }

    /// Tells the model what was closed, before any of it leaves.
    private mutating func expect(_ closed: SimulatedSender.Closed) {
        var parts: [BlockID] = []
        for block in closed.blocks {
            let (first, last) = (block.firstSequence.rawValue, block.lastSequence.rawValue)
            parts.append(block.id)
            guard block.partIndex == block.partCount - 1 else { continue }
            switch block.id.channel {
            case .live:
                model.claim(upTo: block.lastSequence, of: block.id.epoch)
                let sequences = first <= last ? first...last : nil
                model.arrivals.expect(.live(epoch: block.id.epoch, sequences: sequences), in: parts)
            default:
                let epochs = sender.earlier.map(\.epoch) + [block.id.epoch]
                model.arrivals.expect(.beat(epochs: epochs, floor: sender.toldFloor), in: parts)
            }
            parts = []
        }
        for slice in closed.slices {
            let heading = slice.heading
            var values: [Stamp] = []
            for (topic, slots) in model.state {
                let hash = hasher.topicHash(Array(topic.utf8).span.bytes)
                guard heading.from...heading.to ~= hash else { continue }
                values += [slots.event, slots.retained].compactMap { $0?.stamp }
            }
            model.arrivals.expect(.slice(heading, values: values), in: slice.blocks.map(\.id))
        }
    }

    // MARK: Link

    mutating func emit(_ transmission: Transmission) throws {
        // What surely reaches nobody need not be signed.
        guard now >= cutUntil, receiver.downUntil == nil else { return }
        let block = transmission.block
        try encoder.encode(
            block, transmission: transmission.number, firstSymbol: transmission.firstSymbol, into: &arena)
        noteTemporaryFaults()
        let dropped = framesToDrop(of: block)
        for index in 0..<arena.frameCount where !dropped.contains(index) {
            let bytes = arena.frame(index).withUnsafeBytes { Array($0) }
            // A microsecond a frame, and what the link adds.
            let leaves = now + UInt64(index) * 1_000
            transmit(bytes, at: leaves)
            if block.id.channel == .beat, now < forgeUntil {
                arrivals.push(.init(bytes: forgedBeat(bytes), isGenuine: false), at: leaves)
            }
        }
    }

    private mutating func transmit(_ datagram: [UInt8], at leaves: UInt64) {
        guard now >= cutUntil else { return }
        for arrival in injector.pass(datagram) { push(arrival, path: 0, at: leaves) }
        for arrival in secondInjector?.pass(datagram) ?? [] { push(arrival, path: 1, at: leaves) }
    }

    private mutating func push(_ arrival: FaultInjector.Arrival, path: Int, at leaves: UInt64) {
        let isGenuine = arrival.kind != .flipped && arrival.kind != .forged
        arrivals.push(
            .init(bytes: arrival.bytes, path: path, isGenuine: isGenuine),
            at: leaves + arrival.afterNanoseconds + lateness(at: leaves))
    }

    /// How much later than it should be what leaves now arrives, on a link in slow motion.
    private func lateness(at leaves: UInt64) -> UInt64 { UInt64(Double(leaves - Self.start) * slowness) }

    private mutating func receive() {
        while let datagram = arrivals.pop(until: now) {
            guard receiver.downUntil == nil else { continue }
            // What another key than the one in use has signed does not count.
            if datagram.isGenuine, let view = try? FrameView(decoding: datagram.bytes.span.bytes),
                view.header.link == receiver.core.link
            {
                model.arrivals.receive(view.header, symbol: view.symbolID)
                freshness.receive(view.header.id, now: now)
            }
            let before = (link: receiver.core.link, dropped: receiver.core.counters.formerKey)
            receiver.receive(datagram.bytes, path: datagram.path, now: instant, time: receiverTime)
            // Frames of the former key that waited for a verification go with it, and come again as echoes.
            if receiver.core.link != before.link, receiver.core.counters.formerKey > before.dropped {
                droppedWaiting = true
            }
        }
    }

    // MARK: Receiver

    private mutating func advanceReceiver() throws {
        guard receiver.downUntil == nil else { return }
        receiver.advance(now: instant, time: receiverTime)
        let state = receiver.core.state.state
        if outcome.states.last != state { outcome.states.append(state) }
        try freshness.check(state, receiver.settings, now: now)
        if !receiver.unstored.isEmpty, !receiver.hasDatabase || draw(0.1) { try store() }
        try checkBounds()
    }

    /// A round's effects are visible once a transaction holds them.
    private mutating func store() throws {
        for round in try receiver.store(time: receiverTime) { try model.take(round) }
        model.arrivals.store()
        try model.check(receiver.core.account)
        try model.checkSettled(receiver.core.replica, receiver.core.account, decided: receiver.core.decided)
    }

    func checkAccount() throws { try model.check(receiver.core.account) }

    // MARK: Promises

    private func checkEnd() throws {
        try model.checkEnd(
            receiver.core.epochs, gaps: receiver.core.gaps, current: sender.core.epoch,
            isExact: receiver.core.counters.overBudget == 0, droppedWaiting: droppedWaiting)
        guard scenario.snapshotNanoseconds != nil else { return }
        let (missing, replica) = (receiver.core.account.missing, receiver.core.replica)
        // Nothing is missing, and the carousel has said everything since: then the link is settled and the digest says so.
        guard missing > 0 || (replica.isSettled && replica.digestMatches == true) else {
            throw NamespaceModel.Violation(
                promise: "P2", detail: "nothing is missing: \(replica), \(receiver.core.counters)")
        }
        try model.checkRetained()
    }

    /// P4: a second sender with the same key, which says something else under a number that was accepted, is found.
    private mutating func checkTwin() throws {
        guard !scenario.resends, let block = sender.journal.oldest(of: sender.core.epoch), model.cameInOrder(block)
        else { return }
        var symbols = block.symbols
        symbols[0] ^= 1
        let twin = ClosedBlock(
            id: block.id, flags: block.flags, partIndex: 0, partCount: 1, firstSequence: block.firstSequence,
            lastSequence: block.lastSequence, packedBytes: block.packedBytes, plainBytes: block.plainBytes,
            shape: block.shape, symbols: symbols, salt: block.salt, lastDelivery: nil)
        model.hasTwin = true
        let known = receiver.core.counters.equivocations
        // Not as a transmission that came in part: its frames would be taken for forged ones of that.
        try emit(Transmission(repeating: twin, as: .firstResend, kind: .resend))
        let end = now + 1_000_000_000
        while now < end { try step(until: end) }
        guard receiver.core.counters.equivocations > known else {
            throw NamespaceModel.Violation(promise: "P4", detail: "another content of \(block.id) was not noticed")
        }
    }

    /// P8: no table grows beyond its limit, whatever arrives.
    private func checkBounds() throws {
        let occupancy = receiver.core.occupancy
        let settings = ReceiverCore.Settings()
        guard occupancy.waitingFrameBytes <= settings.waitingFrameBytes,
            occupancy.settledTransmissions <= settings.settledTransmissions,
            occupancy.assemblies <= settings.assemblyBlocks, occupancy.assemblyBytes <= settings.assemblyBytes,
            occupancy.reorderBlocks <= settings.reorderBlocks, occupancy.holes <= settings.holes
        else { throw NamespaceModel.Violation(promise: "P8", detail: "a table passed its limit: \(occupancy)") }
    }

    mutating func draw(_ share: Double) -> Bool {
        share > 0 && Double.random(in: 0..<1, using: &random) < share
    }

    mutating func randomRecord() -> PublishedRecord {
        let isDeletion = draw(scenario.deletion)
        let longest = Int.random(in: 1...scenario.longestPayload, using: &random)
        let length = isDeletion ? 0 : Int.random(in: 1...longest, using: &random)
        let hasProperties = !isDeletion && draw(0.3)
        return PublishedRecord(
            stamp: Stamp(epoch: sender.core.epoch, sequence: SequenceNumber(rawValue: 0)),
            topic: "acme/\(Int.random(in: 0..<scenario.topics, using: &random))",
            payload: (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) },
            // A user property (38) "k" = "v".
            properties: hasProperties ? [38, 0, 1, 107, 0, 1, 118] : [],
            qos: QualityOfService.allCases.randomElement(using: &random) ?? .atMostOnce,
            retain: isDeletion || draw(0.5))
    }
}
