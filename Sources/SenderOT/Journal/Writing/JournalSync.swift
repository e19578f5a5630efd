internal import DiodeProtocol
internal import EventLog
internal import SenderOTCore
internal import Storage
internal import Synchronization
internal import Threading
internal import Time

/// Makes committed blocks survive a loss of power and then says that their deliveries may be acknowledged: one
/// `fdatasync` for all that were committed while the one before it ran (ADR 0009).
///
/// ```text
/// synced ──▶ acknowledge             failed ──▶ acknowledgements withheld, tried again five times a second
///    ▲                                             ▼ `forward`, after the time of withholding
///    └───── synced again: "journalled" ◀── acknowledged all the same, and named "unjournalled"
/// ```
final class JournalSync: Sendable {
    /// What is to be acknowledged once it is safe.
    private struct State {
        var ticket: DeliveryTicket?
        var position: UInt64 = 0
        var sequence = SequenceNumber(rawValue: 0)
        var isDirty = false
        var isFinished = false
    }

    /// A disk that does not sync.
    private struct Failing {
        let since: MonotonicInstant
        /// What was acknowledged all the same.
        var unsafe: ClosedRange<UInt64>?
    }

    /// What nobody waits for is synced this often.
    private static let idlePeriod = Duration.seconds(1)
    private static let retryPause = Duration.milliseconds(200)

    private let path: String
    private let withholding: Duration?
    private let log: EventLog
    private let state = Lock(State())
    private let requested: Wakeup
    private let generation = Atomic<Int>(0)
    private let released: Atomic<UInt64>
    /// Until a delivery from this one on is acknowledged, no position counts as released.
    private let heldUntil = Atomic<UInt64>(0)
    private let failed = Lock<StorageError?>(nil)
    private let isFailing = Atomic<Bool>(false)
    private let unsafeRecords = Atomic<UInt64>(0)
    private let syncedThrough = Atomic<UInt64>(0)
    private let thread = Lock<WorkerThread?>(nil)
    private let durations = Lock(LatencyHistogram())

    /// - Parameters:
    ///   - released: the newest position whose deliveries were acknowledged before.
    ///   - withholding: how long a failing disk holds acknowledgements back; nil for as long as it fails.
    init(path: String, released: UInt64, withholding: Duration?, log: EventLog) throws(SystemError) {
        self.path = path
        self.log = log
        self.withholding = withholding
        self.released = Atomic(released)
        requested = try Wakeup()
    }

    /// - Parameter observer: called on this thread.
    func start(_ observer: Journal.Observer) throws(SystemError) {
        let started = try WorkerThread(name: "sync") { [self] in run(observer) }
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
    /// Whether what is committed now may be acknowledged before it is safe.
    var isFailingNow: Bool { isFailing.load(ordering: .acquiring) }
    /// Records that were acknowledged before they were safe from a loss of power.
    var unsyncedRecords: UInt64 { unsafeRecords.load(ordering: .acquiring) }
    /// The newest sequence of this epoch that survives a loss of power.
    var syncedSequence: SequenceNumber { SequenceNumber(rawValue: syncedThrough.load(ordering: .acquiring)) }
    /// How long syncs took.
    var latencies: LatencyHistogram { durations.withLock { $0 } }

    /// Everything up to this position, and this sequence, is committed; `ticket` is the newest delivery in it, if there is a
    /// new one.
    func committed(_ ticket: DeliveryTicket?, through position: UInt64, _ sequence: SequenceNumber) {
        let wake = state.withLock { state in
            state.ticket = ticket ?? state.ticket
            state.position = max(state.position, position)
            state.sequence = max(state.sequence, sequence)
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

    private func run(_ observer: Journal.Observer) {
        var log = LogSync(path: path)
        var opened = 0
        var failing: Failing?
        var syncedAt = MonotonicInstant.distantPast
        var synced = SequenceNumber(rawValue: 0)
        while true {
            let goal = state.withLock { $0 }
            let now = MonotonicClock.now()
            let isDue = goal.ticket != nil || goal.isFinished || now >= syncedAt.advanced(by: Self.idlePeriod)
            guard goal.isDirty, isDue else {
                if goal.isFinished { return }
                requested.wait(timeout: goal.isDirty ? Self.idlePeriod : nil)
                continue
            }
            let current = generation.load(ordering: .acquiring)
            if current != opened { log.forget() }
            opened = current
            do throws(StorageError) {
                try log.sync()
                syncedAt = MonotonicClock.now()
                let took = now.duration(to: syncedAt)
                durations.withLock { $0.add(took) }
                synced = goal.sequence
                syncedThrough.store(synced.rawValue, ordering: .releasing)
                if let failed = failing.take() { recovered(failed, observer) }
            } catch {
                let known = failing ?? begin(error, now)
                failing = known
                let isOver = withholding.map { known.since.duration(to: now) >= $0 } ?? false
                if goal.isFinished { return }
                guard isOver else {
                    requested.wait(timeout: Self.retryPause)
                    continue
                }
                failing = name(known, after: synced, through: goal.sequence, error, observer)
            }
            release(goal, isSynced: failing == nil, observer)
            if failing != nil { requested.wait(timeout: Self.retryPause) }
        }
    }

    // A disk that does not sync.

    private func begin(_ error: StorageError, _ now: MonotonicInstant) -> Failing {
        failed.withLock { $0 = error }
        isFailing.store(true, ordering: .releasing)
        log.error(
            "journal.unsynced", "what is journalled would not survive a loss of power; acknowledgements wait",
            ["reason": .text(error.description)])
        return Failing(since: now)
    }

    /// Names what is acknowledged although it is not safe: once, when it begins. Where it ends is told at the end.
    private func name(
        _ failing: Failing, after synced: SequenceNumber, through last: SequenceNumber, _ error: StorageError,
        _ observer: Journal.Observer
    ) -> Failing {
        var failing = failing
        let first = failing.unsafe?.lowerBound ?? synced.rawValue + 1
        guard last.rawValue >= first else { return failing }
        let known = failing.unsafe.map { $0.upperBound - first + 1 } ?? 0
        if failing.unsafe == nil {
            observer.tell("unjournalled", "from \(first) on: \(error)")
        }
        failing.unsafe = first...last.rawValue
        unsafeRecords.add(last.rawValue - first + 1 - known, ordering: .releasing)
        return failing
    }

    private func recovered(_ failing: Failing, _ observer: Journal.Observer) {
        failed.withLock { $0 = nil }
        isFailing.store(false, ordering: .releasing)
        log.notice("journal.synced", "the journal survives a loss of power again")
        guard let unsafe = failing.unsafe else { return }
        observer.tell(
            "journalled", "\(unsafe.lowerBound)-\(unsafe.upperBound) were acknowledged before they were synced")
    }

    private func release(_ goal: State, isSynced: Bool, _ observer: Journal.Observer) {
        // What came since then is dirty still, a delivery that needed no block among it.
        state.withLock { state in
            if state.ticket == goal.ticket { state.ticket = nil }
            if isSynced, state.position == goal.position { state.isDirty = state.ticket != nil }
        }
        guard let ticket = goal.ticket else { return }
        guard observer.acknowledge(ticket), ticket.rawValue >= heldUntil.load(ordering: .acquiring) else { return }
        released.store(goal.position, ordering: .releasing)
    }
}
