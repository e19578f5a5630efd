internal import Account
internal import DiodeProtocol
internal import EventLog
internal import Ledger
internal import Storage
internal import Threading
internal import Time

/// Syncs the database's log about once a second, on a thread of its own, so that no commit waits for the disk. What a loss of
/// power takes is the last second: positions, accounts and outbox go back together.
struct LogSyncLoop: ~Copyable {
    /// What the store thread tells it.
    struct Wishes: Sendable {
        /// Transactions so far.
        var commits: UInt64 = 0
        /// Files set aside so far.
        var replaced = 0
        /// The ledger's head as of the last transaction.
        var head = LedgerHead.empty
    }

    static let period = Duration.seconds(1)

    private var log: LogSync
    private let reserve: DiskReserve
    private let wishes: Lock<Wishes>
    private let stopping: StopFlag
    private let wakeup: Wakeup
    private let board: DurabilityBoard
    private let events: EventLog
    private var witness: HeadWitness
    private var synced: UInt64 = 0
    private var replaced = 0

    init(
        path: String, reserve: DiskReserve, wishes: Lock<Wishes>, stopping: StopFlag, wakeup: Wakeup,
        board: DurabilityBoard,
        witness: consuming HeadWitness, events: EventLog
    ) {
        log = LogSync(path: path)
        self.reserve = reserve
        self.wishes = wishes
        self.stopping = stopping
        self.wakeup = wakeup
        self.board = board
        self.witness = witness
        self.events = events
    }

    mutating func run() {
        while !stopping.isRaised {
            wakeup.wait(timeout: Self.period)
            // The store thread syncs what it stores last.
            guard !stopping.isRaised else { return }
            sync()
            lookAtDisk()
        }
    }

    private mutating func sync() {
        let now = wishes.withLock { $0 }
        if now.replaced != replaced {
            replaced = now.replaced
            log.forget()
        }
        guard now.commits != synced else { return noteHead(now.head) }
        let time = UnixClock.now()
        do throws(StorageError) {
            try log.sync()
            synced = now.commits
            noteHead(now.head)
            if board.noteSync(fault: nil, time: time) != nil {
                events.notice("store.synced", "the disk takes what was committed again")
            }
        } catch {
            if board.noteSync(fault: error.description, time: time) != nil {
                events.error("store.unsynced", "what is committed would not survive a loss of power: \(error)")
            }
        }
    }

    private func lookAtDisk() {
        guard let durability = board.noteDisk(reserve.trouble, time: UnixClock.now()) else { return }
        if let disk = durability.disk {
            events.error("disk.low", disk.reason)
        } else {
            events.notice("disk.room", "the disk of the state has room again")
        }
    }

    private mutating func noteHead(_ head: LedgerHead) {
        witness.note(head, now: MonotonicClock.now())
    }
}
