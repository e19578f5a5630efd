import Account
import Crypto
import DiodeProtocol
import FEC
import ReceiverIT
import SenderOT
import TestKit
import Time
import ReceiverITCore
import SenderOTCore

/// Blocks of one shape, encoded by the sender's encoder, thinned out at random, and given to the receiver's core.
struct LossyBlockLink: ~Copyable {
    private(set) var statistics = RepairStatistics()
    private let sourceSymbols: Int
    private let symbolCount: Int
    private let repair: RepairRatio
    private let loss: Double
    private var random: SeededGenerator
    private let incarnation: Incarnation
    private var encoder: TransmissionEncoder
    private var arena = FrameArena()
    private var receiver: ReceiverCore
    private var content = LiveContentEncoder()
    private var block = BlockNumber(rawValue: 0)
    private var sequence: UInt64 = 0
    private var now: UInt64 = 1_000_000_000
    private static let epoch = Epoch(rawValue: 1_790_000_000_000)
    private static let wall = UnixMilliseconds(rawValue: 1_790_000_000_000)
    private static let topic = Array("acme/site/line/counter".utf8)

    init(sourceSymbols: Int, repair: RepairRatio, loss: Double, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let key = PairSimulation.seedOfKey
        var signer = try Ed25519Signer(seed: key.span.bytes)
        let card = try LinkCard(link: "statistics", signer: &signer, lowestEpoch: Self.epoch, issued: Self.wall)
        // No budget stands between a lossy link and its statistics: one verification a block is all that is needed.
        var settings = ReceiverCore.Settings()
        settings.verificationsPerSecond = 1_000_000
        let receiver = try ReceiverCore(
            card: card, settings: settings, seed: random.next(), now: MonotonicInstant(nanoseconds: now),
            time: Self.wall)
        self.receiver = receiver
        encoder = TransmissionEncoder(signer: signer)
        incarnation = Incarnation(rawValue: random.next())
        self.random = random
        self.repair = repair
        self.loss = loss
        self.sourceSymbols = sourceSymbols
        symbolCount = sourceSymbols + repair.repairSymbols(sourceSymbols: sourceSymbols)
    }

    /// Sends one block of small records. Contents stay plain, so that all blocks of a run have one shape.
    mutating func sendBlock(records: Int) throws {
        let block = nextBlock(records: records)
        try encoder.encode(block, into: &arena)
        var lost = 0
        for index in 0..<arena.frameCount {
            if Double.random(in: 0..<1, using: &random) < loss { lost += 1 } else { receive(frame: index) }
        }
        pass(nanoseconds: 1_000_000)
        statistics.symbols = arena.frameCount
        statistics.blocks += 1
        statistics.records += records
        statistics.symbolBytes += arena.frameCount * block.shape.symbolBytes
        statistics.sourceBytes += block.shape.sourceSymbols * block.shape.symbolBytes
        if lost > arena.frameCount - block.shape.sourceSymbols { statistics.blocksLost += 1 }
    }

    /// A beat tells of the newest sequence, so that a lost tail is seen as well; then the reorder window passes.
    mutating func finish() throws {
        let instant = MonotonicInstant(nanoseconds: now)
        let geometry = BlockGeometry(framing: EthernetFraming(mtuBytes: 1_500), repair: repair)
        var scheduler = BeatScheduler(
            epoch: Self.epoch, incarnation: incarnation, geometry: geometry, period: .seconds(1), now: instant)
        let beat = Beat(
            clock: Self.wall, lastSequence: sequence, lastLiveBlock: block.rawValue, lastSnapshotBlock: 0,
            periodMilliseconds: 1_000)
        try encoder.encode(scheduler.close(beat, now: instant), into: &arena)
        for index in 0..<arena.frameCount { receive(frame: index) }
        pass(nanoseconds: 1_000_000)
        pass(nanoseconds: 1_000_000_000)
        statistics.recordsMissing = receiver.account.missing + receiver.account.lost
    }

    /// The last record is as long as it takes to end in the middle of the last symbol, so that K is what was asked for.
    private mutating func nextBlock(records: Int) -> ClosedBlock {
        let first = sequence + 1
        let symbolBytes = max(24, (records * 20 + 40) / sourceSymbols + 1)
        let target = sourceSymbols * symbolBytes - symbolBytes / 2
        for index in 0..<records {
            sequence += 1
            let isLast = index == records - 1
            let filler = [UInt8](repeating: 0, count: isLast ? max(1, target - content.byteCount - 12) : 1)
            content.append(
                topic: Self.topic.span.bytes,
                flags: RecordFlags(qos: .atLeastOnce, retain: false, hasProperties: false),
                version: TopicVersion(rawValue: sequence), time: Self.wall, properties: RawSpan(),
                payload: filler.span.bytes)
        }
        var plain: [UInt8] = []
        content.finish(into: &plain)
        block = block.next
        let padding = sourceSymbols * symbolBytes - plain.count
        return ClosedBlock(
            id: BlockID(channel: .live, epoch: Self.epoch, incarnation: incarnation, block: block), flags: [],
            partIndex: 0, partCount: 1, firstSequence: SequenceNumber(rawValue: first),
            lastSequence: SequenceNumber(rawValue: sequence), packedBytes: plain.count, plainBytes: plain.count,
            shape: BlockGeometry.Shape(
                sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, symbolCount: symbolCount),
            symbols: plain + [UInt8](repeating: 0, count: padding), salt: .random(),
            lastDelivery: nil)
    }

    private mutating func receive(frame index: Int) {
        let bytes = arena.frame(index).withUnsafeBytes { Array($0) }
        receiver.receive(frame: bytes.span.bytes, now: MonotonicInstant(nanoseconds: now), time: Self.wall)
    }

    private mutating func pass(nanoseconds: UInt64) {
        now += nanoseconds
        receiver.advance(now: MonotonicInstant(nanoseconds: now), time: Self.wall)
        let commit = receiver.takeCommit()
        statistics.recordsDelivered += commit.deliveries.count
    }
}
