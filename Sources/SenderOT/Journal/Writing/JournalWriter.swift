internal import DiodeProtocol
internal import SenderOTCore
internal import Storage
internal import Threading
internal import Time

/// The journal's thread: commits what was appended, a batch at a time, then hands it on.
///
/// ```text
///           commit succeeded                     commit failed
/// batch ──▶ written ─▶ feed, sync        batch ──▶ failing: feed from memory, acknowledgements withheld
///               ▲                                     │ each second: try again
///               └──────── written after all ◀─────────┤
///                                                     ▼ `forward`, after the time of withholding
///                                             unjournalled: acknowledged from memory, and named (ADR 0009)
/// ```
struct JournalWriter: ~Copyable {
    /// A disk that refuses to write.
    private struct Failing {
        var error: StorageError
        let since: MonotonicInstant
        var retryAt: MonotonicInstant
        /// The first sequence that was acknowledged from memory in this failure.
        var firstUnjournalled: SequenceNumber?
    }

    private static let retryPause = Duration.seconds(1)
    private static let slotPause = Duration.milliseconds(50)
    private static let slotsAtOnce = 256
    private static let blocksBetweenNotes: UInt64 = 128

    /// What is pending, and how the journal is.
    private let journal: Journal
    private let feed: JournalFeed
    private let sync: JournalSync
    private let settings: Journal.Settings
    private let path: String
    private let observer: Journal.Observer
    private let epoch: ReservedEpoch
    private var store: JournalStore?
    private var failing: Failing?
    /// Handed on, and not written yet; only while failing.
    private var unwritten: [ClosedBlock] = []
    private var unwrittenBytes = 0
    private var marks: JournalMarks
    /// When marks were last written, and after which block.
    private var notedAt = MonotonicInstant.distantPast
    private var notedBlock = BlockNumber(rawValue: 0)
    private var last = (sequence: SequenceNumber(rawValue: 0), block: BlockNumber(rawValue: 0))
    /// The newest delivery that came; its block may not be written yet.
    private var ticket: DeliveryTicket?
    private var lastUnjournalled = SequenceNumber(rawValue: 0)
    private var heldSlots: SlotBatch?
    /// Rows of values that wait, to be written or, nil, removed.
    private var heldValues: [HeldKey: [UInt8]?] = [:]
    private var nextSlots = MonotonicInstant.distantPast
    private var nextHousekeeping = MonotonicInstant.distantPast

    /// - Parameter path: of the database that `store` is over.
    init(
        _ journal: Journal, _ feed: JournalFeed, _ sync: JournalSync, _ observer: Journal.Observer, path: String,
        store: consuming sending JournalStore, epoch: ReservedEpoch, marks: JournalMarks
    ) {
        self.journal = journal
        self.feed = feed
        self.sync = sync
        settings = journal.settings
        self.path = path
        self.observer = observer
        self.epoch = epoch
        self.marks = marks
        self.store = consume store
    }

    mutating func run() {
        while true {
            let isHolding = failing != nil && unwrittenBytes >= settings.memoryBytes
            let (entries, isFinished) = isHolding ? ([], journal.isFinished) : journal.takeBatch()
            let now = MonotonicClock.now()
            work(off: entries, now)
            if now >= nextHousekeeping { keepHouse(now) }
            guard entries.isEmpty else { continue }
            if isFinished {
                settleAtEnd()
                return
            }
            journal.waitForEntries(heldSlots == nil && !isBusy ? .seconds(1) : .milliseconds(50))
        }
    }

    private var isBusy: Bool { failing != nil || MonotonicClock.now() < nextSlots }

    // Batches.

    private mutating func work(off entries: [JournalEntry], _ now: MonotonicInstant) {
        var blocks: [ClosedBlock] = []
        var newest: DeliveryTicket?
        for entry in entries {
            switch entry {
            case .settled(let ticket): newest = max(ticket, newest ?? ticket)
            case .held(let change): heldValues[change.key] = .some(change.row)
            case .block(let block):
                blocks.append(block)
                if let ticket = block.lastDelivery { newest = max(ticket, newest ?? ticket) }
            }
        }
        if let newest { ticket = newest }
        if let block = blocks.last { last = (block.lastSequence, block.id.block) }
        if failing == nil {
            if !blocks.isEmpty || !heldValues.isEmpty {
                write(blocks, now)
            } else if newest != nil {
                sync.committed(newest, through: position(of: last.block), last.sequence)
            }
        } else {
            keep(blocks)
            retry(now)
        }
    }

    private mutating func write(_ blocks: [ClosedBlock], _ now: MonotonicInstant) {
        if let error = commit(blocks) {
            fail(error, now)
            keep(blocks)
            return
        }
        for block in blocks {
            feed.pass(
                JournalledBlock(position: position(of: block.id.block), block: block), isJournalled: true)
        }
        journal.handedOn(blocks)
        sync.committed(ticket, through: position(of: last.block), last.sequence)
        ticket = nil
    }

    /// - Returns: why it was not written; nil if it was.
    private mutating func commit(_ blocks: [ClosedBlock], withNotes: Bool = false) -> StorageError? {
        let began = MonotonicClock.now()
        let slots = slotsToWrite(after: blocks)
        var marks = marks
        marks.sent = max(marks.sent, journal.sentPosition(marks.sent))
        marks.released = max(marks.released, sync.releasedPosition)
        if let from = slots.replayFrom { marks.replayFrom = from }
        var notes: JournalStore.Notes?
        if withNotes || mustNote || slots.replayFrom != nil {
            notes = JournalStore.Notes(
                last: last, marks: marks, slots: slots.batch, echoes: observer.echoes(),
                broker: observer.broker(),
                now: UnixClock.now())
        }
        do throws(StorageError) {
            try store?.commit(blocks, held: heldValues, notes)
        } catch {
            return error
        }
        heldValues = [:]
        if notes != nil {
            if slots.replayFrom != nil { heldSlots = nil }
            self.marks = marks
            notedBlock = last.block
            notedAt = began
        }
        tellCommitted(blocks.count, in: began.duration(to: MonotonicClock.now()))
        return nil
    }

    /// Notes cost pages of their own: under load they go with a commit now and then, which also removes what is old.
    private var mustNote: Bool {
        last.block.rawValue >= notedBlock.rawValue + Self.blocksBetweenNotes
            || MonotonicClock.now() >= notedAt.advanced(by: Self.slotPause)
    }

    private func tellCommitted(_ blocks: Int, in duration: Duration) {
        switch store {
        case .some(let store):
            journal.committed(
                blocks, in: duration, floor: store.floor,
                oldest: store.floor.map { _ in UnixMilliseconds(rawValue: store.floorTime) },
                store.room)
        case .none: break
        }
    }

    private func position(of block: BlockNumber) -> UInt64 { epoch.firstPosition + block.rawValue - 1 }

    // Slots.

    /// Slots may be written once the blocks that they speak of are.
    private func slotsToWrite(after blocks: [ClosedBlock]) -> (batch: SlotBatch?, replayFrom: UInt64?) {
        guard let heldSlots, heldSlots.through <= (blocks.last?.id.block ?? last.block) else { return (nil, nil) }
        guard let block = heldSlots.replayFrom else { return (heldSlots, marks.replayFrom) }
        return (heldSlots, position(of: block))
    }

    private mutating func keepHouse(_ now: MonotonicInstant) {
        nextHousekeeping = now.advanced(by: Self.slotPause)
        guard failing == nil else { return }
        if heldSlots == nil, now >= nextSlots {
            let batch = observer.takeDirtySlots(Self.slotsAtOnce)
            nextSlots = batch.isEmpty ? now.advanced(by: Self.retryPause) : now
            // Without a row it still says from where on blocks are needed.
            let moves = batch.replayFrom.map { position(of: $0) > marks.replayFrom } ?? false
            if !batch.isEmpty || moves { heldSlots = batch }
        }
        let isReady = slotsToWrite(after: []).replayFrom != nil
        let isMoved = marks.sent < journal.sentPosition(marks.sent) || marks.released < sync.releasedPosition
        guard isReady || isMoved || hasRowsToRemove else { return }
        if let error = commit([], withNotes: true) { fail(error, now) }
    }

    private var hasRowsToRemove: Bool {
        switch store {
        case .some(let store): store.hasRowsToRemove(UnixClock.now())
        case .none: false
        }
    }

    // Failure.

    private mutating func fail(_ error: StorageError, _ now: MonotonicInstant) {
        failing = Failing(error: error, since: now, retryAt: now)
        journal.failed(error)
        if case .corrupt = error { store = nil }
    }

    /// The live path goes on from memory.
    private mutating func keep(_ blocks: [ClosedBlock]) {
        guard !blocks.isEmpty else { return }
        for block in blocks {
            feed.pass(
                JournalledBlock(position: position(of: block.id.block), block: block), isJournalled: false)
            unwrittenBytes += block.symbols.count
        }
        journal.handedOn(blocks)
        journal.setMemoryFull(feed.memoryBytes > settings.memoryBytes)
        unwritten.append(contentsOf: blocks)
    }

    private mutating func retry(_ now: MonotonicInstant) {
        guard var failing, now >= failing.retryAt else { return }
        failing.retryAt = now.advanced(by: Self.retryPause)
        self.failing = failing
        guard let error = rewrite() else { return recover(failing) }
        if error != failing.error { journal.failed(error) }
        self.failing?.error = error
        if case .corrupt = error { store = nil }
        giveUpWithholding(now)
    }

    /// Writes what waits, after making what room there is to be made.
    private mutating func rewrite() -> StorageError? {
        do throws(StorageError) {
            if store == nil { try replaceDatabase() }
            if case .full = failing?.error { try store?.makeRoom(upTo: min(marks.sent, marks.replayFrom - 1)) }
        } catch { return error }
        return commit(unwritten, withNotes: true)
    }

    private mutating func recover(_ failed: Failing) {
        unwritten = []
        unwrittenBytes = 0
        failing = nil
        journal.recovered()
        if let first = failed.firstUnjournalled {
            observer.tell("journalled", "\(first.rawValue)-\(lastUnjournalled.rawValue) were acknowledged from memory")
        }
        sync.committed(ticket, through: position(of: last.block), last.sequence)
        ticket = nil
    }

    /// `forward`: after a while the plant's broker must not wait for our disk any longer.
    private mutating func giveUpWithholding(_ now: MonotonicInstant) {
        guard case .forward(let withholding) = settings.onDiskFull, let failing,
            now >= failing.since.advanced(by: withholding), !unwritten.isEmpty || ticket != nil
        else { return }
        if failing.firstUnjournalled == nil, let first = unwritten.first {
            self.failing?.firstUnjournalled = first.firstSequence
            observer.tell("unjournalled", "from \(first.firstSequence.rawValue) on: \(failing.error)")
        }
        lastUnjournalled = last.sequence
        do throws(StorageError) { try store?.noteGivenOut(last) } catch {
            // The beats say that nothing is durable; the receiver then takes nothing for void.
        }
        journal.gaveUp(unwritten)
        if let ticket { _ = observer.acknowledge(ticket) }
        ticket = nil
        unwritten = []
        unwrittenBytes = 0
    }

    /// The damaged file goes out of the way. What it held beyond what was sent is lost, and its numbers are a gap there.
    private mutating func replaceDatabase() throws(StorageError) {
        var opened = try SenderDatabase.replace(path, at: UnixClock.now())
        try EpochReservation.insertAgain(epoch, at: UnixClock.now(), into: &opened.database)
        store = try JournalStore(opened.database, epoch: epoch, limits: settings.limits)
        marks.replayFrom = position(of: last.block) + 1
        heldSlots = nil
        let lost = feed.forgetDatabase()
        sync.forgetDatabase()
        journal.replaced(setAside: opened.setAside ?? "", lostBlocks: lost)
        observer.tell("journal set aside", "damaged; \(lost) unsent blocks of it are lost")
        observer.databaseReplaced()
    }

    /// Nothing more comes. What cannot be written now is not acknowledged either: the broker will deliver it again.
    private mutating func settleAtEnd() {
        if let failing, rewrite() == nil { recover(failing) }
        feed.finish(until: journal.deadline)
        if failing == nil { _ = commit([], withNotes: true) }
        sync.finish()
    }
}
