internal import Account
internal import DiodeProtocol
internal import EventLog
internal import Ledger
internal import Outbox
internal import ReadBack
internal import ReceiverITCore
internal import ReceiverITStore
internal import Storage
internal import Threading
internal import Time

/// The store thread: one transaction for everything that waits, of all links.
///
/// ```text
///            ┌────────── a transaction fails ────────────┐
///            │                                           ▼
///  durable ──┴─ damaged: set aside, empty file ─▶ whole ◀─ probe succeeds after a pause ─ failing
///     ▲                                             │       (rounds go on in memory, changes are dropped)
///     └── one transaction with every link's whole state ┘
/// ```
struct StoreLoop: ~Copyable {
    private enum Phase: Equatable {
        case durable
        /// Nothing can be written; `until` is when the next attempt is made.
        case failing(until: MonotonicInstant)
        /// Links of which the whole state is still to come.
        case whole(missing: Set<Int>)
    }

    /// Settlements are stored at least this often.
    private static let period = Duration.milliseconds(50)
    private static let shortestPause = Duration.seconds(1), longestPause = Duration.seconds(30)
    /// The most ledger entries that wait while nothing can be written. Further ones are only counted.
    private static let entryLimit = 10_000

    private let store: ReceiverStore
    private let opening: StoreOpening
    private let log: EventLog
    private let board: DurabilityBoard
    private let wishes: Lock<LogSyncLoop.Wishes>
    private var file: StoreFile?
    private var links: [StoreLink]
    /// One for each link, in the order of `links`.
    private let readBacks: [ReadBackMailbox]
    private var phase = Phase.durable
    private var batch: StoreBatch
    private var unwrittenEntries = 0
    private var gaveReserveUp = false
    private var pause = shortestPause
    private let ledgerBytes: Int
    private var keeper: LedgerKeeper
    private var calendar = LedgerCalendar(time: Self.time, now: Self.now)
    private var nextReserve = MonotonicInstant(nanoseconds: 0)
    private var mattersPace = MattersPace()

    /// What the loop begins with.
    struct Beginning: Sendable {
        let opening: StoreOpening
        let links: [StoreLink]
        /// One for each link, in the order of `links`.
        let readBacks: [ReadBackMailbox]
        /// What the ledger says of this start.
        let entries: [LedgerEntry]
        /// The most that the ledger may take.
        let ledgerBytes: Int
        /// The file that was found damaged and set aside.
        let setAside: String?
    }

    init(
        store: ReceiverStore, _ beginning: Beginning, file: consuming StoreFile, board: DurabilityBoard,
        wishes: Lock<LogSyncLoop.Wishes>
    ) {
        self.store = store
        opening = beginning.opening
        log = beginning.opening.log
        self.board = board
        self.wishes = wishes
        self.file = consume file
        links = beginning.links
        readBacks = beginning.readBacks
        ledgerBytes = beginning.ledgerBytes
        keeper = Self.keeper(ledgerBytes)
        batch = StoreBatch(links: Array(repeating: StoreBatch.Link(), count: links.count))
        if let setAside = beginning.setAside {
            batch.entries.append(StoreOpening.entry(of: setAside, time: Self.time))
            for index in links.indices { batch.links[index].losses.append(Loss(unknownSince: Self.time)) }
        }
        batch.entries += beginning.entries
        batch.balance = Self.time
    }

    private static func keeper(_ bytes: Int) -> LedgerKeeper {
        LedgerKeeper(limitBytes: bytes, keptKinds: ReceiverAction.keptNewest)
    }

    private static var now: MonotonicInstant { MonotonicClock.now() }
    private static var time: UnixMilliseconds { UnixClock.now() }

    /// Runs until everything is stored and somebody has closed.
    mutating func run() {
        while true {
            let (rounds, errands, isClosing) = store.take(timeout: Self.period)
            for round in rounds { take(round) }
            noteTime()
            if isClosing {
                for index in links.indices {
                    if let entry = links[index].notes.takeEquivocation(at: Self.time, isEnding: true) { add(entry) }
                }
                add(ReceiverAction.entry(ReceiverAction.stopped, "clean", at: Self.time))
            }
            turn(isClosing: isClosing)
            for errand in errands { errand.finish(run(errand.task)) }
            if isClosing { return finish() }
        }
    }

    // MARK: Rounds

    /// Adds a round to the next transaction.
    private mutating func take(_ round: StoreSubmission) {
        let index = round.link
        let changes = round.commit.changes
        let end = links[index].queue.stage(round.commit.units)
        if let reading = round.commit.beginsReading { readBacks[index].begin(reading, behind: end) }
        for event in round.commit.events { batch.links[index].add(event) }
        for entry in links[index].notes.entries(of: round.commit.events, at: round.time) { add(entry) }
        if let vitals = round.vitals { batch.links[index].vitals = vitals }
        switch phase {
        case .failing: return
        case .whole(var missing):
            if changes.whole != nil {
                missing.remove(index)
                phase = .whole(missing: missing)
            } else if missing.contains(index) {
                return
            }
        case .durable: break
        }
        batch.links[index].add(changes, upTo: end, of: &links[index])
    }

    private mutating func add(_ entry: LedgerEntry) {
        guard batch.entries.count < Self.entryLimit else { return unwrittenEntries += 1 }
        batch.entries.append(entry)
    }

    /// Notes what happens by time alone: the clock was set, or a balance is due.
    private mutating func noteTime() {
        let time = Self.time
        if let step = calendar.step(time, now: Self.now) {
            let seconds = Double(abs(step)) / 1_000
            let text = "the receiver's clock was set \(step > 0 ? "forward" : "back") by \(seconds) s"
            log.warning("clock.step", text)
            add(ReceiverAction.entry(ReceiverAction.clockStepped, text, at: time))
        }
        if phase == .durable, let due = calendar.dueBalance(time) { batch.balance = due }
    }

    // MARK: Transactions

    private mutating func turn(isClosing: Bool) {
        switch phase {
        case .durable:
            if !batch.isEmpty || links.contains(where: { $0.queue.needsWrite }) { commit() }
            keepReserve()
            keepLedger()
            lookThroughAccount()
        case .failing(let until):
            handOn()
            if until <= Self.now || isClosing { attempt() }
        case .whole(let missing):
            if missing.isEmpty { commit() } else { handOn() }
        }
    }

    /// Stores everything that waits, in one transaction. If it fails, the queues go on in memory.
    private mutating func commit() {
        let time = Self.time
        do throws(StorageError) {
            try file?.store(batch, links, at: time)
        } catch {
            handOn()
            return fail(error)
        }
        for index in links.indices {
            links[index].anchors.committed(at: time, withBalance: batch.balance != nil)
            links[index].queue.committed()
            links[index].checkpoint = batch.links[index].checkpoint ?? links[index].checkpoint
        }
        clear()
        noteCommit()
        if case .whole = phase {
            phase = .durable
            pause = Self.shortestPause
            let unwritten = unwrittenEntries
            let text = unwritten == 0 ? "" : "; \(unwritten) ledger entries could not be kept"
            unwrittenEntries = 0
            if board.noteCommit(fault: nil, time: Self.time) != nil {
                log.notice("store.recovered", "what is accepted is stored again\(text)")
                add(ReceiverAction.regained("stored again\(text)", unwritten: unwritten, at: Self.time))
            }
        }
    }

    /// Tells the queues that nothing was stored, so that what was staged goes on in memory.
    private func handOn() { for link in links { link.queue.failed() } }

    private mutating func clear() {
        if let noted = batch.balance { calendar.noted(noted) }
        batch.balance = nil
        for index in links.indices { batch.links[index] = StoreBatch.Link() }
        batch.entries.removeAll(keepingCapacity: true)
    }

    /// Drops the changes, because each link's whole state will replace them. Entries of the ledger and losses stay for the next transaction.
    private mutating func dropChanges() {
        for index in links.indices {
            batch.links[index].changes = LinkChanges()
            batch.links[index].checkpoint = nil
            links[index].candidate = nil
            links[index].anchors.drop()
        }
    }

    /// Carries out what an operator asked for. All rounds that waited are stored before, so the task never acts on less than the operator
    /// has seen.
    private mutating func run(_ task: OperatorTask) -> Result<String, OperatorError> {
        guard phase == .durable else { return .failure(.notDurable) }
        do throws(StorageError) {
            let result = try file?.run(task, at: Self.time) ?? .failure(.noAnswer)
            noteCommit()
            return result
        } catch {
            fail(error)
            return .failure(.notStored(error))
        }
    }

    private mutating func noteCommit() {
        mattersPace.noteCommit()
        let head = file?.head ?? .empty
        wishes.withLock { wishes in
            wishes.commits += 1
            wishes.head = head
        }
    }

    // MARK: Trouble

    private mutating func fail(_ error: StorageError) {
        dropChanges()
        if case .whole = phase { pause = min(pause * 2, Self.longestPause) }
        if board.noteCommit(fault: error.description, time: Self.time) != nil {
            log.error("store.failed", "what is accepted now would not survive a restart: \(error)")
            add(ReceiverAction.entry(ReceiverAction.durableLost, error.description, at: Self.time))
        }
        phase = .failing(until: Self.now.advanced(by: pause))
        switch error {
        case .corrupt: replaceFile(because: error)
        case .full:
            guard opening.reserve.isHeld else { return }
            opening.reserve.release()
            gaveReserveUp = true
            writeEntries()
        case .busy: break
        // The next attempt opens the file anew, because what this connection remembers of the file may be wrong now.
        default: file = nil
        }
    }

    /// Tries to write the ledger entries that wait. If that succeeds, the links are asked for their whole state.
    private mutating func attempt() {
        phase = .failing(until: Self.now.advanced(by: pause))
        if gaveReserveUp {
            guard opening.reserve.take() else { return }
            gaveReserveUp = false
        }
        if file == nil {
            do throws(StorageError) {
                let opened = try opening.open(time: Self.time)
                if let setAside = opened.setAside { try noteSetAside(setAside, in: opened.database) }
                file = try StoreFile(opened.takeDatabase())
            } catch { return }
        }
        if batch.entries.isEmpty { add(ReceiverAction.entry(ReceiverAction.attempted, "", at: Self.time)) }
        if writeEntries() { beginWhole() }
    }

    @discardableResult
    private mutating func writeEntries() -> Bool {
        do throws(StorageError) {
            try file?.store(batch.entries)
            batch.entries.removeAll()
            return true
        } catch {
            return false
        }
    }

    private mutating func beginWhole() {
        dropChanges()
        phase = .whole(missing: Set(links.indices))
        store.wishWhole()
    }

    /// The file is damaged: it is kept under another name, and a new one begins with everything that memory knows.
    private mutating func replaceFile(because error: StorageError) {
        file = nil
        do throws(StorageError) {
            let setAside = try opening.setAside(because: error, time: Self.time)
            let opened = try opening.open(time: Self.time)
            try noteSetAside(setAside, in: opened.database)
            file = try StoreFile(opened.takeDatabase())
            beginWhole()
        } catch {
            log.error("store.failed", "\(error)")
        }
    }

    private mutating func noteSetAside(_ path: String, in database: borrowing Database) throws(StorageError) {
        for link in links {
            _ = try LinkLoader.id(of: link.name, fingerprint: link.fingerprint, number: link.id, in: database)
            link.queue.databaseReplaced()
        }
        for index in links.indices { links[index].checkpoint = OutboxPosition(rawValue: 0) }
        wishes.withLock { $0.replaced += 1 }
        keeper = Self.keeper(ledgerBytes)
        add(StoreOpening.entry(of: path, time: Self.time))
    }

    /// Folds old entries of a ledger that is over its limit, for a few milliseconds at a time.
    private mutating func keepLedger() {
        do throws(StorageError) {
            guard let folded = try file?.keepLedger(&keeper, at: Self.time) else { return }
            noteCommit()
            log.notice(
                "ledger.folded", "ledger.limit is reached: old entries are now hourly totals",
                ["entries": .number(folded.entries), "bytes": .number(folded.bytes)])
        } catch {
            fail(error)
        }
    }

    /// What an audit would find, status has to know.
    private mutating func lookThroughAccount() {
        let start = Self.now
        guard mattersPace.isDue(now: start) else { return }
        do throws(StorageError) {
            if let found = try file?.matters(of: links) { store.matters.show(found) }
            mattersPace.looked(from: start, to: Self.now)
        } catch {
            fail(error)
        }
    }

    private mutating func keepReserve() {
        guard nextReserve <= Self.now else { return }
        nextReserve = Self.now.advanced(by: .seconds(60))
        opening.reserve.take()
    }

    // MARK: The end

    private mutating func finish() {
        do throws(StorageError) {
            try file?.noteBalances(links, at: Self.time)
            try file?.sync()
            if let head = try file?.signedHead() {
                log.notice("ledger.head", "as of the stop", ["head": .text(head.text)])
            }
        } catch {
            log.error("store.unsynced", "the last second would not survive a loss of power: \(error)")
        }
        file = nil
        for link in links {
            for shed in link.queue.close() { for loss in shed.losses { tell(loss, of: shed.output, link) } }
        }
    }

    private func tell(_ loss: Loss, of output: OutputName, _ link: StoreLink) {
        log.error(
            "outbox.shed", "no disk holds these records and the IT broker did not take them before the stop",
            [
                "link": .text(link.name), "records": .number(loss.records), "first": .text(loss.first.text),
                "last": .text(loss.last.text),
            ])
    }
}
