import Audit
import Crypto
import DiodeProtocol
import FEC
import MQTT
import Outbox
public import ReceiverIT
import SenderOT
public import TestKit

/// Lives through a scenario under virtual time and checks the promises at every step.
///
/// Every cause of events (messages, the sender's and the receiver's deadlines, arrivals, repetitions) has a time; the
/// clock jumps to the earliest. Nothing sleeps and nothing depends on the machine.
public struct PairSimulation: ~Copyable {
    /// What a history came to.
    public struct Outcome: Sendable {
        public var published = 0
        public var delivered = 0
        public var missing: UInt64 = 0
        public var late: UInt64 = 0
        public var restarts = 0
        /// Kills of the receiver, and records whose acceptance died with it.
        public var receiverRestarts = 0
        public var forgotten = 0
        public var link = FaultInjector.Counts()
        public var receiver = ReceiverCounters()
    }

    /// The key of all simulated links: public knowledge, so that a history can be replayed bit for bit.
    static let seedOfKey = [UInt8](repeating: 7, count: 32)
    private static let wallClock: UInt64 = 1_790_000_000_000

    private let scenario: PairScenario
    private var random: SeededGenerator
    private var injector: FaultInjector
    private var sender: SenderCore
    private var encoder: TransmissionEncoder
    private var arena = FrameArena()
    private var receiver: ReceiverCore
    private let folder: TemporaryDirectory?
    private var archive: LinkArchive?
    /// Rounds that no transaction holds yet.
    private var unstored: [Commit] = []
    private var model = NamespaceModel()
    private var arrivals = ArrivalQueue()
    private var echoes = SentBlocks()
    private var now: UInt64
    private var nextMessage: UInt64
    private var messagesLeft: Int
    private var cutUntil: UInt64 = 0
    private var outcome = Outcome()

    public init(_ scenario: PairScenario) throws {
        var random = SeededGenerator(seed: scenario.seed)
        let start = MonotonicInstant(nanoseconds: 1_000_000_000)
        var signer = try Ed25519Signer(seed: Self.seedOfKey.span.bytes)
        let card = try LinkCard(
            link: "simulated", signer: &signer, lowestEpoch: Epoch(rawValue: Self.wallClock),
            issued: UnixMilliseconds(rawValue: Self.wallClock))
        let sender = try Self.sender(scenario, epoch: Self.wallClock, incarnation: random.next(), now: start)
        let folder = scenario.receiverRestart > 0 ? try TemporaryDirectory("history") : nil
        let archive = try folder.map {
            try LinkArchive(
                path: "\($0.path)/recv.db", card: card, time: UnixMilliseconds(rawValue: Self.wallClock))
        }
        let receiver = try ReceiverCore(
            card: card, seed: random.next(), now: start, time: UnixMilliseconds(rawValue: Self.wallClock))
        // A struct that owns others may not throw once it holds the first of them.
        self.scenario = scenario
        injector = FaultInjector(faults: scenario.faults, seed: random.next())
        self.random = random
        self.sender = sender
        self.receiver = receiver
        self.folder = folder
        self.archive = archive
        encoder = TransmissionEncoder(signer: signer)
        messagesLeft = scenario.messages
        nextMessage = start.nanoseconds
        now = start.nanoseconds
    }

    /// Lives through the whole history.
    /// - Throws: the first broken promise.
    public mutating func run() throws -> Outcome {
        while messagesLeft > 0 { try step(until: .max) }
        // Everything heals: what is still on its way arrives, echoes end, and beats tell of the newest sequence.
        injector.faults = LinkFaults()
        cutUntil = 0
        let end = now + max(scenario.longestEchoNanoseconds, scenario.faults.delayNanoseconds) + 4_000_000_000
        while now < end { try step(until: end) }
        try storeRounds()
        try model.checkEnd(receiver.epochs, gaps: receiver.gaps, complete: sender.epoch)
        try checkQuietHistory()
        try checkAudit()
        outcome.published = model.published.count
        outcome.delivered = model.delivered.count
        outcome.missing = receiver.account.missing + receiver.account.lost
        outcome.late = receiver.account.late
        outcome.link = injector.counts
        outcome.receiver = receiver.counters
        return outcome
    }

    private var instant: MonotonicInstant { MonotonicInstant(nanoseconds: now) }
    private var time: UnixMilliseconds { UnixMilliseconds(rawValue: Self.wallClock + now / 1_000_000) }

    /// Jumps to the next event and lets it happen.
    private mutating func step(until end: UInt64) throws {
        var next = min(end, sender.nextDeadline.nanoseconds)
        if messagesLeft > 0 { next = min(next, nextMessage) }
        if let arrival = arrivals.nextTime { next = min(next, arrival) }
        if let echo = echoes.nextDue { next = min(next, echo) }
        if let deadline = receiver.nextDeadline { next = min(next, deadline.nanoseconds) }
        now = max(now, next)
        if messagesLeft > 0, nextMessage <= now { try publish() }
        sender.advance(now: instant, time: time)
        try emitClosedBlocks()
        for echo in echoes.takeDue(now) {
            try emit(echo.block, number: echo.number, firstSymbol: echo.firstSymbol)
        }
        while let datagram = arrivals.pop(until: now) {
            receiver.receive(frame: datagram.span.bytes, now: instant, time: time)
        }
        receiver.advance(now: instant, time: time)
        try commit(receiver.takeCommit())
        try checkBounds()
    }

    // MARK: Receiver

    /// A round's effects are visible once a transaction holds them.
    private mutating func commit(_ round: Commit) throws {
        guard !round.isEmpty else { return }
        unstored.append(round)
        if folder == nil || draw(0.2) { try storeRounds() }
    }

    private mutating func storeRounds() throws {
        let (rounds, time) = (unstored, time)
        try archive?.store(rounds, time: time)
        for round in unstored { try model.take(round) }
        unstored = []
        try model.check(receiver.account)
    }

    /// A kill: what no transaction holds never happened.
    private mutating func restartReceiver() throws {
        outcome.receiverRestarts += 1
        outcome.forgotten += unstored.reduce(0) { $0 + $1.deliveries.count }
        unstored = []
        let (seed, instant, time) = (random.next(), instant, time)
        guard
            let core = try archive?.core(settings: ReceiverCore.Settings(), seed: seed, now: instant, time: time)
        else { return }
        receiver = core
        try model.check(receiver.account)
    }

    // MARK: Sender

    private mutating func publish() throws {
        messagesLeft -= 1
        nextMessage = now + UInt64.random(in: 0...2 * scenario.meanPauseNanoseconds, using: &random)
        if draw(scenario.senderRestart) { try restartSender() }
        if draw(scenario.receiverRestart) { try restartReceiver() }
        if draw(scenario.cut) { cutUntil = now + UInt64.random(in: 0...300_000_000, using: &random) }
        let record = randomRecord()
        let topic = Array(record.topic.utf8)
        let outcome = sender.publish(
            SenderCore.Publication(
                topic: topic.span.bytes, payload: record.payload.span.bytes, properties: record.properties.span.bytes,
                qos: record.qos, retain: record.retain), delivery: nil, now: instant, time: time)
        guard case .taken(let stamp) = outcome else {
            throw NamespaceModel.Violation(promise: "P1", detail: "the sender did not take \(record): \(outcome)")
        }
        var stamped = record
        stamped.stamp = stamp
        model.publish(stamped)
        sender.endGulp(idle: draw(0.5), now: instant)
    }

    /// A kill: what was in no block is gone (nothing of it was acknowledged), the next epoch begins.
    private mutating func restartSender() throws {
        outcome.restarts += 1
        sender = try Self.sender(
            scenario, epoch: sender.epoch.rawValue + 1, incarnation: random.next(), now: instant)
    }

    private mutating func emitClosedBlocks() throws {
        while let block = sender.nextClosedBlock() {
            if block.id.channel == .live {
                model.claim(upTo: block.lastSequence, of: block.id.epoch)
                if draw(scenario.echo) {
                    let number = UInt16.random(in: 1...4, using: &random)
                    let due = now + UInt64.random(in: 1...scenario.longestEchoNanoseconds, using: &random)
                    echoes.schedule(block, number: number, at: due)
                }
            }
            try emit(block, number: .first, firstSymbol: EncodingSymbolID(rawValue: 0))
        }
    }

    private mutating func emit(
        _ block: ClosedBlock, number: TransmissionNumber, firstSymbol: EncodingSymbolID
    ) throws {
        try encoder.encode(block, transmission: number, firstSymbol: firstSymbol, into: &arena)
        injector.faults.cut = now < cutUntil
        for index in 0..<arena.frameCount {
            let bytes = arena.frame(index).withUnsafeBytes { Array($0) }
            for arrival in injector.pass(bytes) {
                // A microsecond a frame, and what the link adds.
                arrivals.push(arrival.bytes, at: now + UInt64(index) * 1_000 + arrival.afterNanoseconds)
            }
        }
    }

    private mutating func randomRecord() -> PublishedRecord {
        let length = Int.random(in: 0...Int.random(in: 0...scenario.longestPayload, using: &random), using: &random)
        let hasProperties = draw(0.3)
        return PublishedRecord(
            stamp: Stamp(epoch: sender.epoch, sequence: SequenceNumber(rawValue: 0)),
            topic: "acme/\(Int.random(in: 0..<scenario.topics, using: &random))",
            payload: (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) },
            // A user property (38) "k" = "v".
            properties: hasProperties ? [38, 0, 1, 107, 0, 1, 118] : [],
            qos: QualityOfService.allCases.randomElement(using: &random) ?? .atMostOnce, retain: draw(0.5))
    }

    private mutating func draw(_ share: Double) -> Bool {
        share > 0 && Double.random(in: 0..<1, using: &random) < share
    }

    private static func sender(
        _ scenario: PairScenario, epoch: UInt64, incarnation: UInt64, now: MonotonicInstant
    ) throws -> SenderCore {
        let policy = ExportPolicy(rules: [ExportPolicy.Rule(filter: try TopicFilter("acme/#"))])
        let geometry = BlockGeometry(
            framing: EthernetFraming(mtuBytes: scenario.mtuBytes),
            repair: RepairRatio(share: scenario.repairShare, minimum: scenario.minimumRepair),
            maximumSourceSymbols: 16)
        var settings = SenderCore.Settings(policy: policy, geometry: geometry)
        settings.maximumRecordBytes = 100_000
        return SenderCore(
            epoch: Epoch(rawValue: epoch), incarnation: Incarnation(rawValue: incarnation), settings: settings, now: now
        )
    }

    // MARK: Promises

    /// P8: no table grows beyond its limit, whatever arrives.
    private func checkBounds() throws {
        let occupancy = receiver.occupancy
        let settings = ReceiverCore.Settings()
        guard occupancy.waitingFrameBytes <= settings.waitingFrameBytes,
            occupancy.settledTransmissions <= settings.settledTransmissions,
            occupancy.assemblies <= settings.assemblyBlocks, occupancy.assemblyBytes <= settings.assemblyBytes,
            occupancy.reorderBlocks <= settings.reorderBlocks, occupancy.holes <= settings.holes
        else { throw NamespaceModel.Violation(promise: "P8", detail: "a table passed its limit: \(occupancy)") }
    }

    /// P9: the books that an operator reads say the same; the ledger's chain, what it says of gaps, and their table agree.
    private func checkAudit() throws {
        guard let folder else { return }
        let reader = AuditReader("\(folder.path)/recv.db", silenceTimeout: .seconds(3), now: time)
        guard let link = try reader.read(verifies: true).links.first else { return }
        let account = receiver.account
        let told = [link.totals.sent, link.totals.delivered, link.totals.late, link.totals.missing, link.totals.lost]
        let broken = link.findings.filter { $0.exit == .broken }.map(\.text)
        guard broken.isEmpty,
            told == [account.sent, account.delivered, account.late, account.missing, account.lost].map({ Int64($0) })
        else {
            throw NamespaceModel.Violation(promise: "P9", detail: "the audit says \(told) of \(account): \(broken)")
        }
    }

    /// Over a link without faults everything arrives, in order, and nothing is rejected.
    private func checkQuietHistory() throws {
        guard scenario.faults == LinkFaults(), scenario.cut == 0, scenario.senderRestart == 0, scenario.echo == 0,
            scenario.receiverRestart == 0
        else {
            return
        }
        let counters = receiver.counters
        guard model.delivered.count == model.published.count, receiver.account.late == 0, counters.rejected == 0 else {
            throw NamespaceModel.Violation(promise: "P1", detail: "a quiet link lost or refused something: \(counters)")
        }
    }
}
