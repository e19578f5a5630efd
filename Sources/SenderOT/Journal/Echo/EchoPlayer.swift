internal import DiodeProtocol
package import EventLog
package import SenderOTCore
package import SenderOTEmission
package import Storage
internal import Synchronization
package import Threading
internal import Time

/// Repeats blocks out of the journal: what an operator asked for first, then what the schedule has due. Both are below live,
/// beat and snapshot, so they take what the link has left.
///
/// ```text
/// resends (table) ─▶ ┐
/// EchoSchedule ────▶ ┴ thread "echo": read the blocks back ─▶ TransmissionQueue (resend, echo)
/// ```
package final class EchoPlayer: Sendable {
    /// What it has done, for status and beat.
    package struct Report: Sendable, Equatable {
        /// Blocks that were repeated, by offset.
        package var echoed: [UInt64]
        /// Repetitions that were given up because the journal held the block no more.
        package var shed: UInt64 = 0
        package var resent: UInt64 = 0
        /// Blocks that an operator asked for and that are not repeated yet.
        package var resendsWaiting: UInt64 = 0
        /// By how much each offset is late, because the link has no room.
        package var lags: [Duration] = []
        package var failure: StorageError?
    }

    private static let readBytes = 256 << 10
    /// Blocks are read back for an echo while no more than this waits in the queue.
    private static let waitingBytes = 4 << 20
    /// Between two looks at a queue that is full.
    private static let pause = Duration.milliseconds(5)

    /// What a turn came to.
    private enum Turn {
        case played
        /// The link has not taken yet what was offered before.
        case waitsForRoom
        /// Nothing is due.
        case idle
    }

    private let path: String
    private let queue: TransmissionQueue
    private let journal: Journal
    private let log: EventLog
    private let schedule: Lock<EchoSchedule>
    private let state: Lock<Report>
    private let stopping = Atomic<Bool>(false)
    private let isReplaced = Atomic<Bool>(false)
    private let wakeup: Wakeup
    private let thread = Lock<WorkerThread?>(nil)

    package init(
        path: String, schedule: EchoSchedule, queue: TransmissionQueue, journal: Journal, log: EventLog
    ) throws(SystemError) {
        self.path = path
        self.queue = queue
        self.journal = journal
        self.log = log
        state = Lock(Report(echoed: [UInt64](repeating: 0, count: schedule.offsets.count)))
        self.schedule = Lock(schedule)
        wakeup = try Wakeup()
    }

    package func start() throws(SystemError) {
        let started = try WorkerThread(name: "echo") { [self] in run() }
        thread.withLock { $0 = started }
    }

    package var report: Report {
        var report = state.withLock { $0 }
        let now = MonotonicClock.now()
        (report.shed, report.lags) = schedule.withLock { ($0.shed, $0.lags(now)) }
        return report
    }

    /// How far each echo was played, to go on there after a restart.
    package var note: String { schedule.withLock { EchoRestoration.text(($0.offsets, $0.cursors)) } }

    /// Something was put into the table of resends.
    package func wake() { wakeup.signal() }

    /// The database was set aside: what is read next comes from the new one.
    package func forgetDatabase() {
        isReplaced.store(true, ordering: .releasing)
        wakeup.signal()
    }

    package func stop() {
        stopping.store(true, ordering: .releasing)
        wakeup.signal()
        thread.withLock { $0 }?.join()
    }

    private func run() {
        var source: EchoSource?
        while !stopping.load(ordering: .acquiring) {
            do throws(StorageError) {
                var open: EchoSource
                if isReplaced.exchange(false, ordering: .acquiringAndReleasing) { source = nil }
                if let kept = source.take() { open = kept } else { open = try EchoSource(path: path) }
                let turn = try turn(&open)
                source = consume open
                state.withLock { $0.failure = nil }
                switch turn {
                case .played: break
                case .waitsForRoom: wakeup.wait(timeout: Self.pause)
                case .idle: sleep()
                }
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

    private func turn(_ source: inout EchoSource) throws(StorageError) -> Turn {
        let now = MonotonicClock.now()
        let sent = journal.sentPosition(0)
        if sent > 0 { schedule.withLock { $0.noteSent(sent, at: now) } }
        if let request = try source.nextResend() {
            try resend(request, &source)
            return .played
        }
        guard let due = schedule.withLock({ $0.next(now) }) else { return .idle }
        guard queue.waitingBytes(.echo) <= Self.waitingBytes else { return .waitsForRoom }
        let blocks = try source.blocks(due.positions, bytes: Self.readBytes)
        let taken = blocks.prefix {
            queue.offer(Transmission(repeating: $0.block, as: due.transmission, kind: .echo))
        }
        guard blocks.isEmpty || !taken.isEmpty else { return .waitsForRoom }
        schedule.withLock {
            $0.played(due.echo, through: taken.last?.position ?? due.positions.upperBound, blocks: taken.count)
        }
        state.withLock { $0.echoed[due.echo] += UInt64(taken.count) }
        return .played
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
        if left == 0 { log.notice("resend.done", "what was asked for has been repeated") }
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

    /// Sleeps until something is due, has left, or was asked for.
    private func sleep() {
        let left = queue.newestLeft
        let sent = journal.sentPosition(0)
        let (due, mark) = schedule.withLock { ($0.deadline, $0.nextMark(of: sent)) }
        // What leaves meanwhile is noted with the next mark: no need to be woken for each block.
        if mark == nil { queue.signal(wakeup, whenLeftAfter: left) }
        let next = [due, mark].compactMap { $0 }.min()
        let now = MonotonicClock.now()
        wakeup.wait(timeout: next.map { max(.zero, now.duration(to: $0)) })
    }
}
