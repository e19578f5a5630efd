import Account
import DiodeProtocol
import MQTTProtocol
import ReceiverITCore
import TestKit
import Time

/// Lives through a history of a plant with two appliances on one link.
///
/// ```text
/// plant's broker ─▶ whoever speaks (one, both, neither) ─▶ journal ─▶ link ─▶ ReceiverCore of two cards ─▶ model
///                        └ takeover: an epoch above the other's, and what the broker retains once more
/// ```
public struct SenderHistory: ~Copyable {
    /// What a history came to.
    public struct Outcome: Sendable {
        public var takeovers = 0
        /// Takeovers at which the one before did not step back.
        public var contests = 0
        public var crashes = 0
        public var receiverRestarts = 0
        public var late = 0

        public init() {}
    }

    private static let start: UInt64 = 1_000_000_000
    private static let wallClock: UInt64 = 1_790_000_000_000

    private let sides: [SenderSide]
    private let folder: TemporaryDirectory?
    private let archive: LinkArchive?
    private var core: ReceiverCore
    private var settings = ReceiverCore.Settings()
    private var injector: FaultInjector
    private var model = SenderModel()
    private var outcome = Outcome()
    private var random: SeededGenerator
    private var now = start
    /// What the plant's broker retains.
    private var plant: [String: PublishedRecord] = [:]
    private var owners: [Epoch: Int] = [:]
    /// The newest epoch that anybody spoke in.
    private var lease = Epoch(rawValue: wallClock)
    /// Payloads are numbers.
    private var number = 0

    private init(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var scenario = PairScenario(seed: seed)
        scenario.snapshotNanoseconds = 2_000_000_000
        scenario.echoes = [1_000_000_000, 5_000_000_000]
        scenario.isSealed = seed % 3 == 0
        let time = UnixMilliseconds(rawValue: Self.wallClock)
        let instant = MonotonicInstant(nanoseconds: Self.start)
        let sides = try (0..<2).map { try SenderSide($0, scenario, time: time, now: instant) }
        let cards = sides.map(\.card)
        let folder = seed % 4 == 0 ? try TemporaryDirectory("senders", inMemory: true) : nil
        let archive = try folder.map { try LinkArchive(path: "\($0.path)/recv.db", cards: cards, time: time) }
        var settings = ReceiverCore.Settings()
        settings.seals = SimulatedSeal.keys
        let core = try ReceiverCore(
            keys: cards.map { KeyChain($0) }, settings: settings, restoring: nil, seed: random.next(), now: instant,
            time: time)
        // Only now: a move-only value may not be left half made by a throw.
        var faults = LinkFaults()
        if seed % 2 == 1 { faults.loss = Double.random(in: 0...0.3, using: &random) }
        injector = FaultInjector(faults: faults, seed: random.next())
        self.sides = sides
        self.folder = folder
        self.archive = archive
        self.settings = settings
        self.core = core
        self.random = random
        for side in sides { owners[side.epoch] = side.place }
    }

    /// Lives through the history of a seed.
    /// - Throws: the first broken promise.
    public static func live(seed: UInt64) throws -> Outcome {
        var history = try SenderHistory(seed: seed)
        try history.restart(history.sides[1], standsBy: true)
        for _ in 0..<Int.random(in: 40...120, using: &history.random) { try history.step() }
        try history.settle()
        try history.model.check(
            history.core, plant: history.plant.mapValues(\.payload), owners: history.owners)
        history.outcome.contests = history.model.contests.count
        history.outcome.late = history.model.late
        return history.outcome
    }

    private var instant: MonotonicInstant { MonotonicInstant(nanoseconds: now) }
    private var time: UnixMilliseconds { UnixMilliseconds(rawValue: Self.wallClock + now / 1_000_000) }

    private mutating func step() throws {
        switch Int.random(in: 0..<24, using: &random) {
        case 0..<14: try publish()
        case 14: try takeOver(stepsBack: true)
        case 15: try takeOver(stepsBack: false)
        case 16: try stepBack()
        case 17: try crash()
        case 18: for side in sides where !side.isUp { try start(side) }
        case 19: injector.faults.cut.toggle()
        case 20: if archive != nil { try restartReceiver() }
        default: break
        }
        try pass(UInt64.random(in: 5...900, using: &random))
    }

    private mutating func pass(_ milliseconds: UInt64) throws {
        let end = now + milliseconds * 1_000_000
        while now < end {
            now = min(end, now + 50_000_000)
            for side in sides {
                for frame in try side.takeFrames(now: instant, time: time) {
                    for arrival in injector.pass(frame) {
                        core.receive(frame: arrival.bytes.span.bytes, now: instant, time: time)
                    }
                }
            }
            core.advance(now: instant, time: time)
            let commit = core.takeCommit()
            try archive?.store([commit], time: time)
            try model.take(commit)
        }
    }

    /// One sender speaks, the link is whole, and time goes by until nothing more comes.
    private mutating func settle() throws {
        injector.faults = LinkFaults()
        for side in sides where !side.isUp { try start(side) }
        let newest = sides.filter(\.isActive).max { $0.epoch < $1.epoch } ?? sides[0]
        for side in sides where side !== newest && side.isActive { try restart(side, standsBy: true) }
        // One that goes on under an older lease is restarted, as status says.
        if newest.sender.standsBy || newest.epoch < lease { try activate(newest) }
        try pass(20_000)
        guard core.senders[newest.place].role == .speaks, core.senders[1 - newest.place].role == .standsBy else {
            throw SenderModel.Violation(description: "who speaks: \(core.senders)")
        }
        guard core.facts.senderTrouble == nil else {
            throw SenderModel.Violation(description: "one speaks and one stands by: \(core.facts.senderTrouble ?? "")")
        }
        if core.account.missing == 0, !(core.replica.isSettled && core.replica.digestMatches == true) {
            throw SenderModel.Violation(
                description:
                    "nothing is missing, and it differs: \(core.replica) \(core.counters) \(core.epochs) \(core.senders) \(outcome) \(sides[0].epoch) \(sides[1].epoch)"
            )
        }
    }

    // MARK: The plant

    private mutating func publish() throws {
        number += 1
        let isRetained = Int.random(in: 0..<4, using: &random) > 0
        let isDeletion = isRetained && Int.random(in: 0..<5, using: &random) == 0
        let record = PublishedRecord(
            stamp: Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0)),
            topic: "acme/\(Int.random(in: 0..<6, using: &random))", payload: isDeletion ? [] : Array("\(number)".utf8),
            properties: [], qos: .atLeastOnce, retain: isRetained)
        if isRetained { plant[record.topic] = isDeletion ? nil : record }
        let active = sides.filter(\.isActive)
        for side in active { try say(record, by: side) }
        // The session that both share: whoever takes it over gets what waits in it.
        if active.isEmpty { for side in sides { side.queue.append(record) } }
    }

    private mutating func say(_ record: PublishedRecord, by side: SenderSide) throws {
        model.say(try side.sender.publish(record, now: instant, time: time).record)
        side.noteSaid(record.topic)
        side.sender.endGulp(idle: true, now: instant)
    }

    // MARK: The senders

    private mutating func takeOver(stepsBack: Bool) throws {
        guard let side = sides.filter({ $0.isUp && $0.sender.standsBy }).randomElement(using: &random) else { return }
        if stepsBack { for other in sides where other.isActive { try restart(other, standsBy: true) } }
        try activate(side)
    }

    /// A new epoch above all that anybody has, and what the plant's broker retains, once more.
    private mutating func activate(_ side: SenderSide) throws {
        outcome.takeovers += 1
        try restart(side, standsBy: false)
        lease = max(lease, side.epoch)
        for record in side.queue { try say(record, by: side) }
        for other in sides { other.queue = [] }
        for record in plant.values.sorted(by: { $0.topic < $1.topic }) { try say(record, by: side) }
        for topic in 0..<6 where plant["acme/\(topic)"] == nil {
            let gone = PublishedRecord(
                stamp: Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0)), topic: "acme/\(topic)",
                payload: [], properties: [], qos: .atLeastOnce, retain: true)
            if side.hasSaid(gone.topic) { try say(gone, by: side) }
        }
    }

    /// The older of two that speak gives way.
    private mutating func stepBack() throws {
        let active = sides.filter(\.isActive).sorted { $0.epoch < $1.epoch }
        if active.count == 2 { try restart(active[0], standsBy: true) }
    }

    private mutating func crash() throws {
        guard let side = sides.filter(\.isUp).randomElement(using: &random) else { return }
        outcome.crashes += 1
        // What it closed is in its journal; what it had not is delivered again, to whoever has the session.
        side.isUp = false
    }

    private mutating func start(_ side: SenderSide) throws {
        side.isUp = true
        try restart(side, standsBy: true)
    }

    private mutating func restart(_ side: SenderSide, standsBy: Bool) throws {
        let newest = sides.map(\.epoch.rawValue).max() ?? 0
        _ = side.sender.advance(now: instant, time: time)
        _ = side.sender.restart(
            lostBlocks: 0, clock: max(newest + 1, time.rawValue), incarnation: random.next(), standsBy: standsBy,
            now: instant)
        owners[side.epoch] = side.place
    }

    // MARK: The receiver

    private mutating func restartReceiver() throws {
        outcome.receiverRestarts += 1
        let seed = random.next()
        if let restarted = try archive?.core(settings: settings, seed: seed, now: instant, time: time) {
            core = restarted
        }
    }
}
