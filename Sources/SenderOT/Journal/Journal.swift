// Journal: blocks are on disk before they are on the wire, and read back from there when they are sent again.
//
//   block ─▶ Journal ─▶ JournalWriter ─▶ send.db ─▶ JournalSync ─▶ acknowledge
//                           └─▶ JournalFeed ─▶ (transmission queue) ◀─ EchoPlayer ◀─ send.db
//
//   Start/ — what a sender begins with
//   Disk/ — the tables of send.db
//   Writing/ — the threads: commit, sync, hand on
//   Echo/ — blocks that are sent again

internal import Collections
package import DiodeProtocol
package import EventLog
package import SenderOTCore
package import SenderOTEmission
package import Storage
internal import Synchronization
package import Threading
package import Time

/// What waits to be journalled.
enum JournalEntry {
    case block(ClosedBlock)
    /// A value that waits for the rate of its rule, to be written or removed.
    case held(HeldChange)
    /// Nothing to store: these deliveries were filtered, or are in blocks that came before.
    case settled(DeliveryTicket)
}

/// Takes closed blocks in order, makes them safe, hands them to the emitter, and says which deliveries may be acknowledged.
///
/// ```text
/// append ─▶ pending ─▶ JournalWriter ──▶ JournalFeed ─▶ TransmissionQueue
///           (memory)    (commit, WAL) └─▶ JournalSync ─▶ acknowledge(ticket)
/// ```
///
/// The order is what P1 rests on (ADR 0009): a block is committed before it goes on the wire (survives `kill -9`) and synced before its
/// deliveries are acknowledged (survives a loss of power). The journal is the queue: what the link has no room for waits on
/// disk. Whoever reads the broker waits only while the disk is slower than the plant for more than `memoryBytes`.
package final class Journal: Sendable {
    /// What to do when the disk refuses to write (`on_disk_full`).
    package enum OnDiskFull: Sendable, Equatable {
        /// Acknowledgements are withheld for so long; then records are acknowledged from memory, named `unjournalled`.
        case forward(after: Duration)
        /// They are withheld until the disk writes again.
        case hold
    }

    package struct Settings: Sendable {
        package var limits = JournalStore.Limits()
        package var onDiskFull = OnDiskFull.forward(after: .seconds(2))
        /// What may wait in memory for the disk, and, where the disk fails, for the link.
        var memoryBytes = 64 << 20

        package init() {}
    }

    /// Whom the journal tells what it did. Called on its threads.
    package struct Observer: Sendable {
        /// The newest delivery that is safe; says whether the broker was told, so that it will not send it again.
        var acknowledge: @Sendable (DeliveryTicket) -> Bool
        /// Something that the receiver's ledger shall know.
        var note: @Sendable (Action) -> Void
        /// Up to so many topics whose slots changed since they were last written.
        var takeDirtySlots: @Sendable (Int) -> SlotBatch
        /// The database was set aside: a new one has to be read, and all slots written again.
        var databaseReplaced: @Sendable () -> Void
        /// How far each echo was played.
        var echoes: @Sendable () -> String
        /// What is known of the OT broker.
        var broker: @Sendable () -> String

        package init(
            acknowledge: @escaping @Sendable (DeliveryTicket) -> Bool, note: @escaping @Sendable (Action) -> Void,
            takeDirtySlots: @escaping @Sendable (Int) -> SlotBatch, databaseReplaced: @escaping @Sendable () -> Void,
            echoes: @escaping @Sendable () -> String, broker: @escaping @Sendable () -> String
        ) {
            self.acknowledge = acknowledge
            self.note = note
            self.takeDirtySlots = takeDirtySlots
            self.databaseReplaced = databaseReplaced
            self.echoes = echoes
            self.broker = broker
        }

        /// Notes what happened just now.
        func tell(_ what: String, _ detail: String) {
            let now = UnixClock.now()
            note(Action(at: now, what: what, detail: String(detail.prefix(200))))
        }
    }

    private struct Pending {
        var entries = Ring<JournalEntry>()
        var bytes = 0
        var blocks = 0
        var writerSleeps = false
        var readerWaits = false
        var isFinished = false
    }

    /// The most entries and bytes of one commit.
    private static let batchEntries = 1_024
    private static let batchBytes = 4 << 20

    package let settings: Settings
    private let path: String
    private let feed: JournalFeed
    private let sync: JournalSync
    private let arrived: Wakeup
    private let log: EventLog
    private let queue: TransmissionQueue
    private let restored: JournalRestoration
    private let pending = Lock(Pending())
    private let room: Wakeup
    private let deadlines = Atomic<MonotonicInstant>(.distantFuture)
    private let full = Atomic<Bool>(false)
    private let failing = Atomic<Bool>(false)
    private let state: Lock<JournalReport>
    private let thread = Lock<WorkerThread?>(nil)

    /// - Parameters:
    ///   - path: of a database that `restored` was read from.
    ///   - queue: the emitter's.
    /// - Throws: when the process has no descriptor left.
    package init(
        _ settings: Settings, path: String, restored: JournalRestoration, queue: TransmissionQueue, log: EventLog
    ) throws(SystemError) {
        self.settings = settings
        self.path = path
        self.restored = restored
        self.queue = queue
        self.log = log
        feed = try JournalFeed(queue: queue, path: path, backlog: restored.unsent)
        let withholding: Duration? = if case .forward(let time) = settings.onDiskFull { time } else { nil }
        sync = try JournalSync(path: path, released: restored.marks.released, withholding: withholding, log: log)
        arrived = try Wakeup()
        room = try Wakeup()
        var report = JournalReport(limitBytes: settings.limits.bytes)
        (report.oldest, report.isWhole) = (restored.oldest, restored.isWhole)
        state = Lock(report)
    }

    /// Starts the journal's threads, on a store over the same database.
    package func start(_ store: consuming sending JournalStore, observer: Observer) throws(SystemError) {
        try feed.start()
        try sync.start(observer)
        let writer = JournalWriter(
            self, feed, sync, observer, path: path, store: store, epoch: restored.epoch, marks: restored.marks)
        let started = try WorkerThread(name: "journal", owning: writer) { writer in
            var writer = writer
            writer.run()
        }
        thread.withLock { $0 = started }
    }

    /// How the journal is.
    package var report: JournalReport {
        var report = state.withLock { $0 }
        report.backlogBlocks = backlog
        report.syncs = sync.latencies
        report.unjournalledRecords += sync.unsyncedRecords
        report.syncedSequence = sync.syncedSequence
        if report.failure == nil { report.failure = sync.failure ?? feed.failure }
        return report
    }

    /// How many blocks the emitter has not got yet.
    package var backlog: Int { pending.withLock { $0.blocks } + feed.backlog }

    /// How the core has to treat what comes.
    package var coreState: SenderCore.JournalState {
        let isFull = full.load(ordering: .acquiring)
        let isFailing = failing.load(ordering: .acquiring) || sync.isFailingNow
        return isFailing ? isFull ? .failingAndFull : .failing : isFull ? .full : .writing
    }

    /// Whether blocks of an earlier epoch have yet to leave. Until they have, no beat and no slice of this epoch is sent.
    package var hasEarlierBacklog: Bool {
        guard let unsent = restored.unsent else { return false }
        return sentPosition(0) < unsent.upperBound
    }

    /// Blocks that an operator asked for before the start.
    package var queuedResends: UInt64 { restored.queuedResends }

    /// What was committed under earlier epochs.
    package var earlierEpochs: (listed: [Beat.EpochSummary], older: Beat.Pair?) {
        (restored.earlierEpochs, restored.olderEpochs)
    }

    /// Adds a live block. Never waits; blocks keep the order of these calls.
    package func append(_ block: ClosedBlock) { put(.block(block), bytes: block.symbols.count) }

    /// Adds a change of a value that waits, in its place between the blocks.
    package func append(_ change: HeldChange) { put(.held(change), bytes: change.byteCount) }

    /// Notes that these deliveries need no block of their own.
    package func settle(_ ticket: DeliveryTicket) { put(.settled(ticket), bytes: 0) }

    /// Deliveries of an earlier lifetime are in doubt: see ``JournalSync/holdReleased(until:)``.
    package func holdReleased(until ticket: DeliveryTicket?) { sync.holdReleased(until: ticket) }

    /// Waits while too much waits for the disk, at most until the journal is finished.
    package func waitForRoom() {
        while true {
            let isFull = pending.withLock { pending in
                pending.readerWaits = pending.bytes > settings.memoryBytes && !pending.isFinished
                return pending.readerWaits
            }
            guard isFull else { return }
            // The wakeup reaches only one of the threads that wait here; the timeout is for the others.
            room.wait(timeout: .milliseconds(100))
        }
    }

    /// Waits until all that was appended is safe, acknowledged, and with the emitter, the latter at most until
    /// `deadline`. Nothing may be appended after it.
    /// - Returns: how many blocks the emitter did not get: they stay in the journal and go out at the next start.
    @discardableResult
    package func finish(until deadline: MonotonicInstant) -> Int {
        deadlines.store(deadline, ordering: .releasing)
        pending.withLock { $0.isFinished = true }
        arrived.signal()
        room.signal()
        thread.withLock { $0 }?.join()
        return backlog
    }

    private func put(_ entry: JournalEntry, bytes: Int) {
        let wake = pending.withLock { pending in
            pending.entries.append(entry)
            pending.bytes += bytes
            if case .block = entry { pending.blocks += 1 }
            defer { pending.writerSleeps = false }
            return pending.writerSleeps
        }
        if wake { arrived.signal() }
    }

    // For the writer's thread.

    var deadline: MonotonicInstant { deadlines.load(ordering: .acquiring) }

    /// Sleeps until something is pending, at most for so long.
    func waitForEntries(_ timeout: Duration) { arrived.wait(timeout: timeout) }

    /// What is pending, up to a limit; empty if nothing is: then the thread is about to sleep.
    func takeBatch() -> (entries: [JournalEntry], isFinished: Bool) {
        pending.withLock { pending in
            var batch: [JournalEntry] = []
            var bytes = 0
            while batch.count < Self.batchEntries, bytes < Self.batchBytes, let entry = pending.entries.popFirst() {
                switch entry {
                case .block(let block): bytes += block.symbols.count
                case .held(let change):
                    bytes += change.byteCount
                    // It no longer counts here: the writer keeps one change for each row, and rows are no more than values in the core.
                    pending.bytes -= change.byteCount
                case .settled: break
                }
                batch.append(entry)
            }
            pending.writerSleeps = batch.isEmpty && !pending.isFinished
            return (batch, pending.isFinished)
        }
    }

    var isFinished: Bool { pending.withLock { $0.isFinished } }

    /// These blocks are with the feed now and no longer count against `memoryBytes`.
    func handedOn(_ blocks: [ClosedBlock]) {
        guard !blocks.isEmpty else { return }
        let bytes = blocks.reduce(0) { $0 + $1.symbols.count }
        let wake = pending.withLock { pending in
            pending.bytes -= bytes
            pending.blocks -= blocks.count
            guard pending.readerWaits, pending.bytes <= settings.memoryBytes else { return false }
            pending.readerWaits = false
            return true
        }
        if wake { room.signal() }
    }

    /// The position of the newest block that has left, if it lies beyond `known`.
    func sentPosition(_ known: UInt64) -> UInt64 {
        let left = queue.newestLeft
        guard left.block.rawValue > 0, let first = restored.firstPositions[left.epoch] else { return known }
        return first + left.block.rawValue - 1
    }

    func committed(
        _ blocks: Int, in duration: Duration, floor: Stamp?, oldest: UnixMilliseconds?, _ room: JournalStore.Room
    ) {
        let isFull = room.isFull
        if full.exchange(isFull, ordering: .acquiringAndReleasing) != isFull {
            if isFull {
                log.error(
                    "journal.full", "the journal holds its limit in blocks that were not sent: records are shed",
                    ["limit": .number(settings.limits.bytes)])
            } else {
                log.notice("journal.room", "the journal has room again")
            }
        }
        state.withLock { state in
            state.floor = floor
            state.oldest = oldest
            state.usedBytes = room.usedBytes
            state.reusableBytes = room.reusableBytes
            state.writtenBytes = room.writtenBytes
            state.removesForRoom = room.removesForRoom
            state.isWhole = room.isWhole
            state.isFull = isFull
            if blocks > 0 { state.commits.add(duration) }
        }
    }

    func failed(_ error: StorageError) {
        state.withLock { $0.failure = error }
        failing.store(true, ordering: .releasing)
        log.error(
            "journal.failed", "the journal cannot be written; the link goes on from memory",
            ["reason": .text(error.description)])
    }

    /// Says whether what waits in memory has reached its limit. While the disk fails, blocks for the link wait there.
    func setMemoryFull(_ isFull: Bool) { full.store(isFull, ordering: .releasing) }

    func gaveUp(_ blocks: [ClosedBlock]) {
        let records = blocks.reduce(0) { $0 + $1.recordCount }
        state.withLock { $0.unjournalledRecords += records }
    }

    func recovered() {
        state.withLock { $0.failure = nil }
        failing.store(false, ordering: .releasing)
        full.store(false, ordering: .releasing)
        log.notice("journal.recovered", "the journal is written again")
    }

    func replaced(setAside: String, lostBlocks: Int) {
        log.error(
            "journal.set_aside", "the database was damaged and set aside; the journal begins anew",
            ["file": .text(setAside), "unsent_blocks_lost": .number(lostBlocks)])
    }
}

/// How the journal is.
package struct JournalReport: Sendable {
    /// Why nothing is safe at the moment; nil if all is well.
    package var failure: StorageError?
    package var backlogBlocks = 0
    package var usedBytes: UInt64 = 0
    /// What of the file is free for it.
    package var reusableBytes: UInt64 = 0
    /// What was written since the start.
    package var writtenBytes: UInt64 = 0
    /// The oldest blocks are removed because there is no room for them.
    package var removesForRoom = false
    package let limitBytes: UInt64
    /// The oldest record that is held; nil while there is none.
    package var floor: Stamp?
    /// When the oldest block that is held was closed.
    package var oldest: UnixMilliseconds?
    /// No block was ever removed from it.
    package var isWhole = true
    package var isFull = false
    /// Records that were acknowledged from memory, or before the journal that holds them was synced.
    package var unjournalledRecords: UInt64 = 0
    /// The newest sequence of this epoch that survives a loss of power.
    package var syncedSequence = SequenceNumber(rawValue: 0)
    /// How long commits and syncs took.
    package var commits = LatencyHistogram()
    package var syncs = LatencyHistogram()

    init(limitBytes: UInt64) { self.limitBytes = limitBytes }

    /// What an operator should know, in one line.
    package var alarm: String? {
        if let failure {
            return "acknowledged records are not durable: \(failure); make room on the disk of send.db, or replace it"
        }
        return isFull
            ? "the journal is full of blocks that were not sent, and records are shed: look at the link and its rate,"
                + " or raise journal.limit" : nil
    }
}
