internal import DiodeProtocol
internal import EventLog
internal import Storage
internal import Synchronization
internal import Threading

/// Repeats blocks out of the journal: what an operator asked for first, then what the schedule has due. Both are below live,
/// beat and snapshot, so they take what the link has left.
///
/// ```text
/// resends (table) ─▶ ┐
/// EchoSchedule ────▶ ┴ thread "echo": read the blocks back ─▶ TransmissionQueue (resend, echo)
/// ```
final class EchoPlayer: Sendable {
    /// What it has done, for status and beat.
    struct Report: Sendable, Equatable {
        /// Blocks that were repeated, by offset.
        var echoed: [UInt64]
        /// Repetitions that were given up because the journal held the block no more.
        var shed: UInt64 = 0
        var resent: UInt64 = 0
        /// Blocks that an operator asked for and that are not repeated yet.
        var resendsWaiting: UInt64 = 0
        /// The next position to repeat, by offset.
        var cursors: [UInt64]
        var failure: StorageError?
    }

    private static let readBytes = 256 << 10
    private static let pause = Duration.milliseconds(20)
    private static let longestSleep = Duration.milliseconds(250)

    private let path: String
    private let queue: TransmissionQueue
    private let journal: Journal
    private let log: EventLog
    private let schedule: Lock<EchoSchedule>
    private let state: Lock<Report>
    private let stopping = Atomic<Bool>(false)
    private let wakeup: Wakeup
    private let thread = Lock<WorkerThread?>(nil)

    init(
        path: String, schedule: EchoSchedule, queue: TransmissionQueue, journal: Journal, log: EventLog
    ) throws(SystemError) {
        self.path = path
        self.queue = queue
        self.journal = journal
        self.log = log
        state = Lock(
            Report(echoed: [UInt64](repeating: 0, count: schedule.offsets.count), cursors: schedule.cursors))
        self.schedule = Lock(schedule)
        wakeup = try Wakeup()
    }

    func start() throws(SystemError) {
        let started = try WorkerThread(name: "echo") { [self] in run() }
        thread.withLock { $0 = started }
    }

    var report: Report { state.withLock { $0 } }

    /// How far each echo was played, to go on there after a restart.
    var note: String { schedule.withLock { EchoRestoration.text(($0.offsets, $0.cursors)) } }

    /// Something was put into the table of resends.
    func wake() { wakeup.signal() }

    func stop() {
        stopping.store(true, ordering: .releasing)
        wakeup.signal()
        thread.withLock { $0 }?.join()
    }

    private func run() {
        var source: EchoSource?
        while !stopping.load(ordering: .acquiring) {
            do throws(StorageError) {
                var open: EchoSource
                if let kept = source.take() { open = kept } else { open = try EchoSource(path: path) }
                let isIdle = try turn(&open)
                source = consume open
                state.withLock { $0.failure = nil }
                if isIdle { wakeup.wait(timeout: sleep()) }
            } catch {
                let isNew = state.withLock { state in
                    defer { state.failure = error }
                    return state.failure != error
                }
                if isNew {
                    log.error(
                        "echo.failed", "the journal cannot be read; trying again",
                        ["reason": .text(error.description)])
                }
                wakeup.wait(timeout: .seconds(1))
            }
        }
    }

    /// - Returns: whether there was nothing to do.
    private func turn(_ source: inout EchoSource) throws(StorageError) -> Bool {
        let now = MonotonicInstant(nanoseconds: MonotonicClock.now())
        let sent = journal.sentPosition(0)
        if sent > 0 { schedule.withLock { $0.noteSent(sent, at: now) } }
        if let request = try source.nextResend() {
            try resend(request, &source)
            return false
        }
        guard let due = schedule.withLock({ $0.next(now) }) else { return true }
        let blocks = try source.blocks(due.positions, bytes: Self.readBytes)
        let reached = blocks.last?.position ?? due.positions.upperBound
        var missing = reached - due.positions.lowerBound + 1
        for next in blocks {
            missing -= 1
            let transmission = Transmission(repeating: next.block, as: due.transmission, kind: .echo)
            guard offer(transmission) else { return true }
        }
        let cursors = schedule.withLock { schedule in
            schedule.played(due.echo, through: reached)
            return schedule.cursors
        }
        state.withLock { state in
            state.echoed[due.echo] += UInt64(blocks.count)
            state.shed += missing
            state.cursors = cursors
        }
        return false
    }

    private func resend(_ request: EchoSource.Resend, _ source: inout EchoSource) throws(StorageError) {
        let waiting = try source.resendsWaiting()
        state.withLock { $0.resendsWaiting = waiting }
        let blocks = try source.blocks(request.positions, bytes: Self.readBytes)
        for next in blocks {
            guard offer(Transmission(repeating: next.block, as: request.transmission, kind: .resend)) else { return }
        }
        let reached = blocks.last?.position ?? request.positions.upperBound
        try source.finish(request, through: reached)
        let left = try source.resendsWaiting()
        state.withLock { state in
            state.resent += UInt64(blocks.count)
            state.resendsWaiting = left
        }
    }

    /// Waits for room, which live may have taken.
    /// - Returns: false if the player is to stop first.
    private func offer(_ transmission: Transmission) -> Bool {
        while !queue.offer(transmission) {
            guard !stopping.load(ordering: .acquiring) else { return false }
            wakeup.wait(timeout: Self.pause)
        }
        return true
    }

    private func sleep() -> Duration {
        let now = MonotonicClock.now()
        guard let due = schedule.withLock({ $0.deadline })?.nanoseconds, due > now else { return Self.pause }
        return min(.nanoseconds(due - now), Self.longestSleep)
    }
}
