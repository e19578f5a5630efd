import Account
import Audit
import Crypto
import DiodeProtocol
import ReceiverITAudit
import ReceiverITCore
import TestKit
import Time

/// Lives through a script of signed statements with extreme numbers, through the core, the database, the ledger and the audit in all four
/// forms, and checks after each that the account adds up. At the end a true sender speaks: nothing that was said before may have stuck.
///
/// Every byte string is a script, so that a fuzzer and a seeded test share it.
public struct ExtremeHistory: ~Copyable {
    /// What did not hold.
    public struct Violation: Error, CustomStringConvertible { public let description: String }

    /// The numbers that break unchecked arithmetic, and small ones that are true of some sender.
    private static let numbers: [UInt64] = [
        0, 1, 2, 3, 7, 100, 1 << 31, 1 << 32, 1 << 40, 1 << 47, 1 << 48, 1 << 53, 1 << 60, 1 << 62, (1 << 63) - 2,
        (1 << 63) - 1,
    ]

    private let sender: ExtremeSender
    private let folder: TemporaryDirectory
    private let archive: LinkArchive
    private var core: ReceiverCore
    private var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    private var time = UnixMilliseconds(rawValue: ExtremeSender.firstEpoch + 1)
    private var epoch = ExtremeSender.firstEpoch
    private var rest: ArraySlice<UInt8> = []

    private init(_ script: [UInt8]) throws {
        let sender = try ExtremeSender()
        let folder = try TemporaryDirectory("extremes", inMemory: true)
        let archive = try LinkArchive(path: "\(folder.path)/recv.db", card: sender.card, time: time)
        let core = try ReceiverCore(card: sender.card, settings: .init(), seed: 1, now: now, time: time)
        // Only now: a move-only value may not be left half made by a throw.
        self.sender = sender
        self.folder = folder
        self.archive = archive
        self.core = core
        rest = script[...]
    }

    /// Runs a script.
    /// - Throws: `Violation`, or what the database says; a trap is a trap.
    public static func run(_ script: [UInt8]) throws {
        var history = try ExtremeHistory(script)
        var statements = 0
        while !history.rest.isEmpty, statements < 64 {
            try history.step()
            statements += 1
        }
        try history.audit()
        try history.speakTrue()
    }

    private mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// A number of the list, or one next to it.
    private mutating func number() -> UInt64 {
        let byte = Int(byte())
        let number = Self.numbers[byte % 16]
        return byte < 192 ? number : number &+ 1 < 1 << 63 ? number + 1 : number
    }

    private mutating func step() throws {
        switch byte() % 8 {
        case 0, 1, 2: try receive(beat())
        case 3, 4: try receive(live())
        case 5: try receive(slice())
        case 6:
            now = now.advanced(by: .milliseconds(Int64(byte()) * 20))
            time = UnixMilliseconds(rawValue: time.rawValue + 20 * 100)
            try receive(nil)
        default:
            // A restart of the receiver: what the database says is all there is.
            core = try archive.core(settings: .init(), seed: UInt64(byte()), now: now, time: time)
        }
    }

    private mutating func beat() throws -> [UInt8]? {
        var beat = Beat(
            clock: UnixMilliseconds(rawValue: number()), lastSequence: number(), lastLiveBlock: number(),
            lastSnapshotBlock: number(), periodMilliseconds: min(max(number(), 1), (1 << 32) - 1))
        let parts = byte()
        if parts & 1 != 0 { beat.floor = Stamp(epoch: anyEpoch(), sequence: SequenceNumber(rawValue: number())) }
        if parts & 2 != 0 { beat.older = Beat.Pair(number(), number()) }
        if parts & 4 != 0 { beat.topics = Beat.Pair(number(), number()) }
        if parts & 8 != 0 { beat.isDurable = parts & 16 != 0 }
        if parts & 32 != 0 { for counter in Beat.Counter.allCases { beat.counters[counter] = number() } }
        if parts & 64 != 0 {
            beat.broker = Beat.BrokerState(isOnline: false, since: UnixMilliseconds(rawValue: number()), reason: "x")
        }
        var summaries: [Epoch: Beat.EpochSummary] = [:]
        for _ in 0..<Int(byte() % 4) {
            let epoch = anyEpoch()
            summaries[epoch] = Beat.EpochSummary(
                epoch: epoch, incarnation: sender.incarnation, firstSequence: SequenceNumber(rawValue: number()),
                lastCommitted: SequenceNumber(rawValue: number()), lastBlock: BlockNumber(rawValue: number()))
        }
        beat.epochs = summaries.values.sorted { $0.epoch < $1.epoch }
        return try sender.frame(beat: beat, epoch: headerEpoch(), block: number())
    }

    private mutating func live() throws -> [UInt8]? {
        var content = LiveContentEncoder()
        let kind = byte()
        if kind & 1 != 0 { append(version: max(1, number()), time: number(), to: &content) }
        if kind & 2 != 0 {
            let records = min(max(1, number()), (1 << 32) - 1)
            content.append(
                ShedRun(
                    reason: .journalFull, from: UnixMilliseconds(rawValue: number()),
                    to: UnixMilliseconds(rawValue: number()),
                    entries: [.init(topic: "a/b", records: records, lastVersion: TopicVersion(rawValue: number()))]))
        }
        if kind & 4 != 0 {
            let zeros = [UInt8](repeating: 0, count: 32)
            content.append(
                Checkpoint(
                    digest: Digest32(loading: zeros.span.bytes), versions: number(),
                    forgotten: number(), topics: number(), slots: number()))
        }
        if content.itemCount == 0 || kind & 8 != 0 {
            content.append(
                Unobserved(
                    from: UnixMilliseconds(rawValue: number()), to: UnixMilliseconds(rawValue: number()),
                    sessionResumed: false,
                    dropped: number(), reason: ""))
        }
        let count = content.sequenceCount
        var plain: [UInt8] = []
        content.finish(into: &plain)
        let first = max(1, number())
        return try sender.frame(
            .live, epoch: headerEpoch(), block: max(1, number()), first: first, last: first &+ count &- 1,
            content: plain)
    }

    private mutating func append(version: UInt64, time: UInt64, to content: inout LiveContentEncoder) {
        let (topic, properties, payload) = (Array("acme/a".utf8), [UInt8](), Array("1".utf8))
        content.append(
            topic: topic.span.bytes, flags: RecordFlags(qos: .atLeastOnce, retain: true, hasProperties: false),
            version: TopicVersion(rawValue: version), time: UnixMilliseconds(rawValue: time),
            properties: properties.span.bytes, payload: payload.span.bytes)
    }

    private mutating func slice() throws -> [UInt8]? {
        // The heading of a slice is eight numbers; what is no slice is refused and counted.
        var content: [UInt8] = []
        for _ in 0..<8 { withUnsafeBytes(of: number().bigEndian) { content += $0 } }
        return try sender.frame(
            .snapshot, epoch: headerEpoch(), block: max(1, number()), first: 0, last: 0, content: content)
    }

    /// Mostly the epoch that lives, now and then the next one, seldom any number.
    private mutating func headerEpoch() -> UInt64 {
        switch byte() % 16 {
        case 0: return max(1, number())
        case 1, 2:
            epoch += 1
            return epoch
        default: return epoch
        }
    }

    private mutating func anyEpoch() -> Epoch {
        let byte = byte()
        return Epoch(rawValue: byte % 8 == 0 ? max(1, number()) : epoch - min(UInt64(byte % 4), epoch - 1))
    }

    private mutating func receive(_ frame: [UInt8]?) throws {
        if let frame { core.receive(frame: frame.span.bytes, now: now, time: time) }
        now = now.advanced(by: .milliseconds(60))
        time = UnixMilliseconds(rawValue: time.rawValue + 60)
        core.advance(now: now, time: time)
        try archive.store([core.takeCommit()], time: time)
        for report in core.epochs
        where report.account.sent != report.lastSequence.rawValue + 1 - report.firstSequence.rawValue {
            throw Violation(description: "epoch \(report.epoch.rawValue) does not add up: \(report)")
        }
        // What status is made of.
        _ = (core.account.sent, core.pending, core.state, core.replica, core.gaps.count, core.counters.rejected)
    }

    /// The books as an operator reads them, in all forms.
    private mutating func audit() throws {
        let reader = AuditReader(
            "\(folder.path)/recv.db", silenceTimeout: .seconds(3), now: time, cards: [sender.card])
        let snapshot = try reader.read(verifies: true)
        let report = AuditReport(generatedAt: time, madeBy: "extremes", links: snapshot.links)
        for format in AuditReport.Format.allCases { _ = report.text(as: format) }
        for link in snapshot.links where !link.totals.disagreements.isEmpty {
            throw Violation(description: "\(link.totals.disagreements)")
        }
    }

    /// A true sender begins an epoch: it is heard, and its records are delivered, whatever was said before.
    private mutating func speakTrue() throws {
        let newest = core.epochs.map(\.epoch.rawValue).max() ?? epoch
        // Nobody begins an epoch above 2⁵³ but by hand.
        epoch = max(epoch, newest) + 1
        let before = core.counters
        for block in 1...3 as ClosedRange<UInt64> {
            var content = LiveContentEncoder()
            append(version: block, time: time.rawValue, to: &content)
            var plain: [UInt8] = []
            content.finish(into: &plain)
            try receive(sender.frame(.live, epoch: epoch, block: block, first: block, last: block, content: plain))
        }
        var beat = Beat(clock: time, lastSequence: 3, lastLiveBlock: 3, lastSnapshotBlock: 0, periodMilliseconds: 1_000)
        beat.epochs = [
            .init(
                epoch: Epoch(rawValue: epoch), incarnation: sender.incarnation,
                firstSequence: SequenceNumber(rawValue: 1),
                lastCommitted: SequenceNumber(rawValue: 3), lastBlock: BlockNumber(rawValue: 3))
        ]
        try receive(sender.frame(beat: beat, epoch: epoch, block: 1))
        guard core.counters.liveBlocks == before.liveBlocks + 3, core.beat?.lastSequence == 3,
            let report = core.epochs.last, report.epoch.rawValue == epoch, report.account.delivered == 3
        else { throw Violation(description: "the true sender is not heard: \(core.counters) \(core.epochs)") }
        try audit()
    }
}
