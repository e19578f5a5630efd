internal import Crypto
internal import DiodeProtocol
internal import EventLog
internal import Outbox
internal import ReceiverITCore
internal import ReceiverITStore
internal import Storage
internal import Threading
internal import Time

/// What the core thread hands to the store thread: one round of one link.
struct StoreSubmission: Sendable {
    /// Index among the store's links.
    var link: Int
    var commit: Commit
    var vitals: LinkVitals?
    var time: UnixMilliseconds
}

/// Between the core thread, which never touches the disk, and the store thread, which does nothing else.
///
/// ```text
///  core ──submit──▶ inbox ──▶ StoreLoop: one transaction for all that waits, of all links ──▶ queues ──▶ publishers
///        ◀─ wants the whole state ─┘                        LogSyncLoop: fdatasync, each second
/// ```
///
/// The inbox is bounded: when it is full, `submit` waits, the core thread with it, and datagrams wait in the kernel's
/// buffer. While transactions fail, rounds go on in memory.
final class ReceiverStore: Sendable {
    /// Bytes of rounds that wait for a transaction; a single larger one is let in.
    static let inboxBytes = 32 << 20

    /// Something that an operator wants done, and where the store thread puts the answer.
    final class Errand: Sendable {
        let task: OperatorTask
        fileprivate let done: Wakeup
        private let answer = Lock<Result<String, OperatorError>?>(nil)

        fileprivate init(_ task: OperatorTask) throws(SystemError) {
            self.task = task
            done = try Wakeup()
        }

        func finish(_ result: Result<String, OperatorError>) {
            answer.withLock { $0 = result }
            done.signal()
        }

        fileprivate var result: Result<String, OperatorError>? { answer.withLock { $0 } }
    }

    /// Errands that wait; the control socket has no more clients.
    private static let errandLimit = 16
    private static let patience = Duration.seconds(4)

    private struct Inbox: Sendable {
        var rounds: [StoreSubmission] = []
        var errands: [Errand] = []
        var cost = 0
        var isClosing = false
    }

    private let inbox = Lock(Inbox())
    private let work: Wakeup
    private let room: Wakeup
    private let wholeWishes: Lock<[Bool]>
    private let board: DurabilityBoard
    private let heads = HeadBoard()
    private let threads = Lock<[WorkerThread]>([])
    private let syncStopping = StopFlag()
    private let syncWakeup: Wakeup

    init(links: Int, time: UnixMilliseconds) throws(SystemError) {
        work = try Wakeup()
        room = try Wakeup()
        syncWakeup = try Wakeup()
        wholeWishes = Lock([Bool](repeating: false, count: links))
        board = DurabilityBoard(time: time)
    }

    /// Starts the threads.
    func start(
        _ beginning: StoreLoop.Beginning, _ file: consuming sending StoreFile,
        signer: consuming sending Ed25519Signer
    ) throws(SystemError) {
        let wishes = Lock(LogSyncLoop.Wishes())
        for link in beginning.links { link.queue.wakes(work) }
        let loop = StoreLoop(store: self, beginning, file: file, board: board, wishes: wishes)
        let sync = LogSyncLoop(
            path: beginning.opening.path, reserve: beginning.opening.reserve, wishes: wishes, stopping: syncStopping,
            wakeup: syncWakeup, board: board,
            witness: HeadWitness(signer, board: heads, log: beginning.opening.log), events: beginning.opening.log)
        let store = try WorkerThread(name: "store", owning: loop) { loop in
            var loop = loop
            loop.run()
        }
        threads.withLock { $0 = [store] }
        let syncing = try WorkerThread(name: "sync", owning: sync) { loop in
            var loop = loop
            loop.run()
        }
        threads.withLock { $0 = [syncing, store] }
    }

    var durability: Durability { board.shown }
    /// The newest signed head of the ledger.
    var head: String? { heads.shown }

    // MARK: The core thread

    /// Hands a round over; waits while the inbox is full.
    func submit(_ submission: StoreSubmission) {
        let cost = submission.commit.cost
        while true {
            let isTaken = inbox.withLock { inbox in
                guard inbox.rounds.isEmpty || inbox.cost + cost <= Self.inboxBytes else { return false }
                inbox.rounds.append(submission)
                inbox.cost += cost
                return true
            }
            if isTaken { return work.signal() }
            room.wait(timeout: .milliseconds(100))
        }
    }

    /// Whether the store missed changes of a link and wants everything. Asked before each round; true once.
    func takeWholeWish(_ link: Int) -> Bool {
        wholeWishes.withLock { wishes in
            defer { wishes[link] = false }
            return wishes[link]
        }
    }

    // MARK: The control thread

    /// Lets the store thread do it, and waits for that.
    func run(_ task: OperatorTask) throws(OperatorError) -> String {
        let errand: Errand
        do throws(SystemError) { errand = try Errand(task) } catch { throw .noAnswer }
        let isTaken = inbox.withLock { inbox in
            guard inbox.errands.count < Self.errandLimit, !inbox.isClosing else { return false }
            inbox.errands.append(errand)
            return true
        }
        guard isTaken else { throw .noAnswer }
        work.signal()
        errand.done.wait(timeout: Self.patience)
        guard let result = errand.result else { throw .noAnswer }
        return try result.get()
    }

    // MARK: The store thread

    /// Sleeps until there is a round, somebody closes, or the time is over, and takes what waits.
    func take(timeout: Duration) -> (rounds: [StoreSubmission], errands: [Errand], isClosing: Bool) {
        work.wait(timeout: timeout)
        let taken = inbox.withLock { inbox in
            let taken = (rounds: inbox.rounds, errands: inbox.errands, isClosing: inbox.isClosing)
            inbox.rounds = []
            inbox.errands = []
            inbox.cost = 0
            return taken
        }
        if !taken.rounds.isEmpty { room.signal() }
        return taken
    }

    func wishWhole() { wholeWishes.withLock { wishes in for index in wishes.indices { wishes[index] = true } } }
    // MARK: The end

    /// Stores what waits, syncs it, and ends the threads. Nobody submits any more.
    func close() {
        syncStopping.raise()
        syncWakeup.signal()
        inbox.withLock { $0.isClosing = true }
        work.signal()
        for thread in threads.withLock({ $0.take() }) { thread.join() }
    }
}

extension [WorkerThread] {
    fileprivate mutating func take() -> [WorkerThread] {
        defer { self = [] }
        return self
    }
}
