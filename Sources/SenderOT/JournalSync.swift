internal import Storage
internal import Synchronization
internal import Threading

/// Makes committed blocks survive a loss of power and then says that their deliveries may be acknowledged: one
/// `fdatasync` for all that were committed while the one before it ran (DESIGN D7).
final class JournalSync: Sendable {
    /// What is to be acknowledged once it is safe.
    private struct State {
        var ticket: DeliveryTicket?
        var position: UInt64 = 0
        var isDirty = false
        var isFinished = false
    }

    /// What nobody waits for is synced this often.
    private static let idlePeriod = Duration.seconds(1)

    private let path: String
    private let withholding: Duration?
    private let state = Lock(State())
    private let requested: Wakeup
    private let generation = Atomic<Int>(0)
    private let released: Atomic<UInt64>
    /// Until a delivery from this one on is acknowledged, no position counts as released.
    private let heldUntil = Atomic<UInt64>(0)
    private let failed = Lock<StorageError?>(nil)
    private let thread = Lock<WorkerThread?>(nil)
    private let durations = Lock(LatencyHistogram())

    /// - Parameters:
    ///   - released: the newest position whose deliveries were acknowledged before.
    ///   - withholding: how long a failing disk holds acknowledgements back; nil for as long as it fails.
    init(path: String, released: UInt64, withholding: Duration?) throws(SystemError) {
        self.path = path
        self.withholding = withholding
        self.released = Atomic(released)
        requested = try Wakeup()
    }

    /// - Parameter acknowledge: called on this thread with the newest ticket that is safe; says whether the broker was told.
    func start(acknowledge: @escaping @Sendable (DeliveryTicket) -> Bool) throws(SystemError) {
        let started = try WorkerThread(name: "sync") { [self] in run(acknowledge) }
        thread.withLock { $0 = started }
    }

    /// The newest position whose deliveries were acknowledged.
    var releasedPosition: UInt64 { released.load(ordering: .acquiring) }

    /// Deliveries of an earlier lifetime are in doubt: their blocks lie before all that is acknowledged now, and a position that is
    /// released would say that they need not be recognised by the next lifetime. `nil`: they may still come. A ticket: whatever came
    /// of them came before this one.
    func holdReleased(until ticket: DeliveryTicket?) {
        heldUntil.store(ticket?.rawValue ?? .max, ordering: .releasing)
    }

    var failure: StorageError? { failed.withLock { $0 } }
    /// How long syncs took.
    var latencies: LatencyHistogram { durations.withLock { $0 } }

    /// Everything up to this position is committed; `ticket` is the newest delivery in it, if there is a new one.
    func committed(_ ticket: DeliveryTicket?, through position: UInt64) {
        let wake = state.withLock { state in
            state.ticket = ticket ?? state.ticket
            state.position = max(state.position, position)
            defer { state.isDirty = true }
            return ticket != nil || !state.isDirty
        }
        if wake { requested.signal() }
    }

    /// The database was set aside; the next sync means the new one.
    func forgetDatabase() { generation.add(1, ordering: .releasing) }

    /// Syncs what was committed, acknowledges it and ends the thread.
    func finish() {
        state.withLock { $0.isFinished = true }
        requested.signal()
        thread.withLock { $0 }?.join()
    }

    private func run(_ acknowledge: (DeliveryTicket) -> Bool) {
        var log = LogSync(path: path)
        var opened = 0
        var failingSince: UInt64?
        var syncedAt: UInt64 = 0
        while true {
            let (ticket, position, isDirty, isFinished) = state.withLock { state in
                (state.ticket, state.position, state.isDirty, state.isFinished)
            }
            let now = MonotonicClock.now()
            let isDue = ticket != nil || isFinished || now >= syncedAt + Self.idlePeriod.nanoseconds
            guard isDirty, isDue else {
                if isFinished { return }
                requested.wait(timeout: isDirty ? Self.idlePeriod : nil)
                continue
            }
            let current = generation.load(ordering: .acquiring)
            if current != opened { log.forget() }
            opened = current
            do throws(StorageError) {
                try log.sync()
                syncedAt = MonotonicClock.now()
                let took = syncedAt - now
                durations.withLock { $0.add(nanoseconds: took) }
                failingSince = nil
                failed.withLock { $0 = nil }
            } catch {
                failed.withLock { $0 = error }
                let since = failingSince ?? now
                failingSince = since
                let isOver = withholding.map { now - since >= $0.nanoseconds } ?? false
                if isFinished { return }
                guard isOver else {
                    requested.wait(timeout: .milliseconds(200))
                    continue
                }
            }
            release(ticket, through: position, acknowledge)
        }
    }

    private func release(
        _ ticket: DeliveryTicket?, through position: UInt64, _ acknowledge: (DeliveryTicket) -> Bool
    ) {
        // What was committed since then is dirty still.
        state.withLock { state in
            if state.position == position { state.isDirty = false }
            if state.ticket == ticket { state.ticket = nil }
        }
        guard let ticket else { return }
        guard acknowledge(ticket), ticket.rawValue >= heldUntil.load(ordering: .acquiring) else { return }
        released.store(position, ordering: .releasing)
    }
}
