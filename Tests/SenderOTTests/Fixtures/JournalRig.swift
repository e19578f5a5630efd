import DiodeProtocol
import EventLog
import Storage
import TestKit
import Testing
import Threading

@testable import SenderOT
import Time
@testable import SenderOTJournal
@testable import SenderOTCore
@testable import SenderOTEmission

/// A journal with everything around it but a sender: a database in a folder of its own, and a queue that a test empties.
final class JournalRig: Sendable {
    private struct Heard {
        var acknowledged: [UInt64] = []
        var notes: [Action] = []
        var seen: [UInt64] = []
    }

    let folder: TemporaryDirectory
    let queue: TransmissionQueue
    let begun: Begun
    private let settings: Journal.Settings
    private let heard = Lock(Heard())

    struct Begun: Sendable {
        let journal: JournalRestoration
        let deliveries: RestoredDeliveries
    }

    var path: String { folder.file("send.db") }
    var epoch: Epoch { begun.journal.epoch.epoch }

    init(
        folder: TemporaryDirectory? = nil, laneBytes: Int = 8 << 20, limitBytes: UInt64 = 1 << 30,
        withholding: Duration = .seconds(2)
    ) throws {
        self.folder = try folder ?? TemporaryDirectory()
        queue = try TransmissionQueue(laneBytes: laneBytes)
        var settings = Journal.Settings()
        settings.limits.bytes = limitBytes
        settings.limits.minimumFree = 0
        // The blocks of a test bear times of its own.
        settings.limits.keep = .seconds(86_400 * 36_500)
        settings.onDiskFull = .forward(after: withholding)
        self.settings = settings
        let start = try SenderStart.prepare(
            path: self.folder.file("send.db"), limits: NamespaceSlots.Limits(),
            now: UnixClock.now(), demanded: nil)
        let journal = start.journal
        begun = Begun(journal: journal, deliveries: start.takeFound().deliveries)
    }

    func start() throws -> Journal {
        let journal = try Journal(
            settings, path: path, restored: begun.journal, queue: queue,
            log: EventLog(threshold: .error))
        let store = try JournalStore(
            try Database(path: path, schema: SenderDatabase.schema, busyTimeout: .milliseconds(50)),
            epoch: begun.journal.epoch, limits: settings.limits)
        try journal.start(
            store,
            observer: Journal.Observer(
                acknowledge: { [self] ticket in
                    heard.withLock { $0.acknowledged.append(ticket.rawValue) }
                    return true
                }, note: { [self] action in heard.withLock { $0.notes.append(action) } },
                takeDirtySlots: { _ in SlotBatch(replayFrom: BlockNumber(rawValue: 1_000_000)) }, databaseReplaced: {},
                echoes: { "" }, broker: { "" }))
        return journal
    }

    var acknowledged: [UInt64] { heard.withLock { $0.acknowledged } }
    var notes: [Action] { heard.withLock { $0.notes } }

    /// Blocks of one record each, with incompressible payloads.
    func blocks(_ count: Int, bytes: Int = 1_000, epoch: Epoch? = nil) throws -> [ClosedBlock] {
        let rig = try CoreRig(epoch: epoch ?? self.epoch)
        var random = SeededGenerator(seed: 3)
        for index in 1...count {
            let payload = (0..<bytes).map { _ in UInt8.random(in: 0...255, using: &random) }
            rig.publish("acme/a", payload, delivery: UInt64(index))
            try rig.endGulp(idle: true)
        }
        return rig.blocks
    }

    /// The blocks that have come out of the queue so far, by number.
    func takeAll() -> [UInt64] {
        while let transmission = queue.take(.live) {
            heard.withLock { $0.seen.append(transmission.block.id.block.rawValue) }
        }
        return heard.withLock { $0.seen }
    }

    /// Takes all that waits and says that it has left.
    func sendAll() {
        while let transmission = queue.take(.live) {
            queue.sourceLeft(transmission.block.lastSequence, transmission.block.id)
        }
    }

    /// The numbers of this epoch's blocks on disk.
    func journalledBlocks() throws -> [UInt64] {
        var reader = try JournalReader(path: path)
        var found: [UInt64] = []
        var next: UInt64 = 1
        while let last = try reader.blocks(next...UInt64(Int64.max), bytes: 1 << 20).last {
            let all = try reader.blocks(next...last.position, bytes: .max)
            found += all.filter { $0.block.id.epoch == epoch }.map(\.block.id.block.rawValue)
            next = last.position + 1
        }
        return found
    }

    /// Runs `body` while another connection keeps everybody from writing.
    func whileLocked(_ body: () throws -> Void) throws {
        let other = try Database(path: path, schema: SenderDatabase.schema)
        try other.begin()
        defer { other.rollBack() }
        try body()
    }
}
