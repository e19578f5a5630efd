import Account
import DiodeProtocol
import ReceiverITCore
import TestKit
import Time

/// Lives through the lives of one sender, each of which ends in one of all the ways, and asks the model at the end whether every record that was
/// acknowledged is accounted for.
///
/// ```text
/// publish ─▶ journalled ─▶ synced ─▶ acknowledged          beat: up to …, epochs …, journalled …
///                                └ copy of the database      └ over a link that is cut now and then
/// ```
public struct EndingHistory: ~Copyable {
    /// What a history came to.
    public struct Outcome: Sendable {
        public var acknowledged = 0
        public var unsaid = 0
        /// Lives that ended with a database deleted, or an older copy of it put back.
        public var deleted = 0
        public var restored = 0

        public init() {}
    }

    /// What the sender's database holds.
    private struct Database {
        var earlier: [Beat.EpochSummary] = []
        /// Of the living epoch: committed, and safe from a loss of power.
        var committed: (sequence: UInt64, block: UInt64) = (0, 0)
        var synced: (sequence: UInt64, block: UInt64) = (0, 0)
        var epoch: UInt64
    }

    private let sender: ExtremeSender
    private let folder: TemporaryDirectory?
    private var archive: LinkArchive?
    private var core: ReceiverCore
    private var model = EndingModel()
    private var outcome = Outcome()
    private var random: SeededGenerator
    private var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    private var time = UnixMilliseconds(rawValue: ExtremeSender.firstEpoch + 1)
    private var database: Database
    private var copy: Database?
    private var acknowledged: UInt64 = 0
    private var beats: UInt64 = 0
    private var isCut = false

    /// - Parameter hasDatabase: whether the receiver has one, and is restarted now and then.
    private init(seed: UInt64, hasDatabase: Bool) throws {
        let sender = try ExtremeSender()
        let folder = hasDatabase ? try TemporaryDirectory("endings", inMemory: true) : nil
        var archive: LinkArchive?
        if let folder { archive = try LinkArchive(path: "\(folder.path)/recv.db", card: sender.card, time: time) }
        let core = try ReceiverCore(card: sender.card, settings: .init(), seed: 1, now: now, time: time)
        // Only now: a move-only value may not be left half made by a throw.
        self.sender = sender
        self.folder = folder
        self.archive = archive
        self.core = core
        random = SeededGenerator(seed: seed)
        database = Database(epoch: ExtremeSender.firstEpoch + 1)
    }

    /// Lives through the history of a seed.
    /// - Throws: a record that was acknowledged and is nowhere.
    public static func live(seed: UInt64) throws -> Outcome {
        var history = try EndingHistory(seed: seed, hasDatabase: seed % 8 == 0)
        for _ in 0..<60 { try history.step() }
        history.isCut = false
        for _ in 0..<3 {
            try history.beat()
            try history.pass(1_000)
        }
        try history.model.check(history.core.epochs, beginsAt: history.core.beginsAt)
        history.outcome.acknowledged = history.model.count
        history.outcome.unsaid = history.model.unsaid.count
        return history.outcome
    }

    private mutating func step() throws {
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<6: try publish(UInt64.random(in: 1...4, using: &random))
        case 6..<10: sync()
        case 10..<14: try beat()
        case 14: isCut.toggle()
        case 15: copy = database
        case 16: try end()
        case 17: if archive != nil { try restartReceiver() }
        default: break
        }
        try pass(UInt64.random(in: 50...2_000, using: &random))
    }

    private mutating func pass(_ milliseconds: UInt64) throws {
        now = now.advanced(by: .milliseconds(Int64(milliseconds)))
        time = UnixMilliseconds(rawValue: time.rawValue + milliseconds)
        try round()
    }

    private mutating func round() throws {
        core.advance(now: now, time: time)
        let commit = core.takeCommit()
        model.take(commit)
        try archive?.store([commit], time: time)
    }

    // MARK: The sender

    private mutating func publish(_ count: UInt64) throws {
        var content = LiveContentEncoder()
        let (topic, properties, payload) = (Array("acme/a".utf8), [UInt8](), Array("1".utf8))
        let (first, block) = (database.committed.sequence + 1, database.committed.block + 1)
        for sequence in first..<first + count {
            content.append(
                topic: topic.span.bytes, flags: RecordFlags(qos: .atLeastOnce, retain: false, hasProperties: false),
                version: TopicVersion(rawValue: sequence), time: time, properties: properties.span.bytes,
                payload: payload.span.bytes)
        }
        var plain: [UInt8] = []
        content.finish(into: &plain)
        database.committed = (first + count - 1, block)
        guard !isCut else { return }
        model.hear(database.epoch, at: time)
        try send(
            sender.frame(
                .live, epoch: database.epoch, block: block, first: first, last: first + count - 1, content: plain))
    }

    private mutating func sync() {
        database.synced = database.committed
        guard database.synced.sequence > acknowledged else { return }
        model.acknowledge(acknowledged + 1...database.synced.sequence, of: database.epoch, at: time)
        acknowledged = database.synced.sequence
    }

    private var summary: Beat.EpochSummary { summary(database.committed) }

    private func summary(_ end: (sequence: UInt64, block: UInt64)) -> Beat.EpochSummary {
        Beat.EpochSummary(
            epoch: Epoch(rawValue: database.epoch), incarnation: sender.incarnation,
            firstSequence: SequenceNumber(rawValue: 1), lastCommitted: SequenceNumber(rawValue: end.sequence),
            lastBlock: BlockNumber(rawValue: end.block))
    }

    private mutating func beat() throws {
        beats += 1
        guard !isCut else { return }
        var beat = Beat(
            clock: time, lastSequence: database.committed.sequence, lastLiveBlock: database.committed.block,
            lastSnapshotBlock: 0, periodMilliseconds: 1_000)
        beat.epochs = database.earlier + [summary]
        beat.journalled = SequenceNumber(rawValue: database.synced.sequence)
        model.hear(database.epoch, journalled: database.synced.sequence, at: time)
        try send(sender.frame(beat: beat, epoch: database.epoch, block: beats))
    }

    private mutating func send(_ frame: [UInt8]?) throws {
        if let frame { core.receive(frame: frame.span.bytes, now: now, time: time) }
        try round()
    }

    /// The process ends in one of all the ways, and another one begins.
    private mutating func end() throws {
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            // An orderly stop.
            sync()
            try beat()
            database.earlier.append(summary)
        case 1: database.earlier.append(summary)
        case 2, 3: database.earlier.append(summary(database.synced))
        case 4:
            model.forgetAll()
            outcome.deleted += 1
            database.earlier = []
        default:
            guard let copy else { return }
            model.forget(behind: copy.committed.sequence, of: copy.epoch)
            outcome.restored += 1
            let newest = database.epoch
            database = copy
            database.earlier.append(summary)
            database.epoch = newest
        }
        database.epoch = max(database.epoch + 1, time.rawValue)
        (database.committed, database.synced, acknowledged, beats) = ((0, 0), (0, 0), 0, 0)
    }

    // MARK: The receiver

    private mutating func restartReceiver() throws {
        let seed = random.next()
        if let restarted = try archive?.core(settings: .init(), seed: seed, now: now, time: time) { core = restarted }
    }
}
