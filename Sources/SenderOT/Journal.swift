internal import DiodeProtocol
internal import Synchronization
public import Threading

/// Takes closed blocks in order, makes them safe, hands them to the emitter, and says which deliveries may be acknowledged.
///
/// ```text
/// append ─▶ pending ─▶ commit ─▶ TransmissionQueue ─▶ sync ─▶ acknowledge(ticket)
///           (memory)   └────────── the journal's thread, a batch at a time ──────────┘
/// ```
///
/// The order is DESIGN D7's: a block is committed before it goes on the wire and synced before its deliveries are
/// acknowledged. So far nothing is written: `commit` and `sync` are where the database will sit, a delivery is
/// acknowledged when its block was handed to the emitter, and `isDurable` says so. What waits is bounded in memory; at the
/// limit whoever reads the broker waits.
public final class Journal: Sendable {
    private enum Entry {
        case block(ClosedBlock)
        /// Nothing to store: these deliveries were filtered, or are in blocks that came before.
        case settled(DeliveryTicket)
    }

    private struct Pending {
        var entries = FIFO<Entry>()
        var bytes = 0
        var writerSleeps = false
        var readerWaits = false
        var isFinished = false
    }

    /// The most entries of one commit: deliveries are acknowledged after each.
    private static let batchEntries = 32

    /// The most bytes that wait in memory before whoever appends has to wait.
    public let limitBytes: Int
    private let queue: TransmissionQueue
    private let pending = Lock(Pending())
    private let arrived: Wakeup
    private let room: Wakeup
    /// Blocks that were appended and are not yet with the emitter.
    private let unhanded = Atomic<Int>(0)
    private let deadline = Atomic<UInt64>(.max)
    private let thread = Lock<WorkerThread?>(nil)

    /// - Throws: when the process has no descriptor left.
    public init(queue: TransmissionQueue, limitBytes: Int = 64 << 20) throws(SystemError) {
        self.queue = queue
        self.limitBytes = limitBytes
        arrived = try Wakeup()
        room = try Wakeup()
    }

    /// Whether an acknowledged delivery would survive the end of this process.
    public var isDurable: Bool { false }

    /// Blocks that wait here.
    public var backlog: Int { unhanded.load(ordering: .acquiring) }

    /// Starts the thread.
    /// - Parameter acknowledge: called on that thread with the newest ticket whose block is safe; all before it are too.
    public func start(acknowledge: @escaping @Sendable (DeliveryTicket) -> Void) throws(SystemError) {
        let started = try WorkerThread(name: "journal") { [self] in run(acknowledge) }
        thread.withLock { $0 = started }
    }

    /// Takes a block of live. Never waits; blocks keep the order of these calls.
    public func append(_ block: ClosedBlock) {
        unhanded.add(1, ordering: .acquiringAndReleasing)
        put(.block(block), bytes: block.symbols.count)
    }

    /// Takes note that these deliveries need no block of their own.
    public func settle(_ ticket: DeliveryTicket) { put(.settled(ticket), bytes: 0) }

    /// Waits while the limit is passed, at most until the journal is finished.
    public func waitForRoom() {
        while true {
            let isFull = pending.withLock { pending in
                pending.readerWaits = pending.bytes > limitBytes && !pending.isFinished
                return pending.readerWaits
            }
            guard isFull else { return }
            // The time is for a second reader: the wakeup goes to one of them.
            room.wait(timeout: .milliseconds(100))
        }
    }

    /// Waits until all that was appended is with the emitter and acknowledged, at most until `deadline` in monotonic
    /// nanoseconds. Nothing may be appended after it.
    /// - Returns: how many blocks are left behind; the broker will deliver their records again.
    @discardableResult
    public func finish(until deadline: UInt64) -> Int {
        self.deadline.store(deadline, ordering: .releasing)
        pending.withLock { $0.isFinished = true }
        arrived.signal()
        room.signal()
        thread.withLock { $0 }?.join()
        return backlog
    }

    private func put(_ entry: Entry, bytes: Int) {
        let wake = pending.withLock { pending in
            pending.entries.append(entry)
            pending.bytes += bytes
            defer { pending.writerSleeps = false }
            return pending.writerSleeps
        }
        if wake { arrived.signal() }
    }

    private func run(_ acknowledge: (DeliveryTicket) -> Void) {
        while true {
            let (batch, isFinished) = takeBatch()
            guard !batch.isEmpty else {
                if isFinished { return }
                arrived.wait()
                continue
            }
            commit(batch)
            let handed = handOver(batch)
            sync()
            if let ticket = handed.ticket { acknowledge(ticket) }
            if handed.isCutShort { return }
        }
    }

    /// What is pending, up to a limit, or an empty batch: then the thread is about to sleep.
    private func takeBatch() -> (batch: [Entry], isFinished: Bool) {
        pending.withLock { pending in
            var batch: [Entry] = []
            while batch.count < Self.batchEntries, let entry = pending.entries.popFirst() { batch.append(entry) }
            pending.writerSleeps = batch.isEmpty && !pending.isFinished
            return (batch, pending.isFinished)
        }
    }

    /// Gives room back once a block is with the emitter.
    private func released(_ bytes: Int) {
        let wake = pending.withLock { pending in
            pending.bytes -= bytes
            guard pending.readerWaits, pending.bytes <= limitBytes else { return false }
            pending.readerWaits = false
            return true
        }
        if wake { room.signal() }
    }

    /// Writes the blocks, so that they survive `kill -9`. The database's transaction will sit here.
    private func commit(_ batch: [Entry]) {}

    /// Makes what was committed survive a loss of power. One `fdatasync` for the whole batch will sit here.
    private func sync() {}

    /// Hands the blocks to the emitter, waiting for room as long as it takes.
    /// - Returns: the newest ticket of those that were; and whether the deadline passed first.
    private func handOver(_ batch: [Entry]) -> (ticket: DeliveryTicket?, isCutShort: Bool) {
        var newest: DeliveryTicket?
        for entry in batch {
            switch entry {
            case .settled(let ticket): newest = max(ticket, newest ?? ticket)
            case .block(let block):
                let transmission = Transmission(first: block)
                while !queue.offer(transmission) {
                    guard MonotonicClock.now() < deadline.load(ordering: .acquiring) else { return (newest, true) }
                    queue.waitForRoom(timeout: .milliseconds(100))
                }
                unhanded.subtract(1, ordering: .acquiringAndReleasing)
                released(block.symbols.count)
                if let ticket = block.lastDelivery { newest = max(ticket, newest ?? ticket) }
            }
        }
        return (newest, false)
    }
}
