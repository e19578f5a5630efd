internal import Collections
internal import DiodeProtocol
internal import SenderOTCore
internal import SenderOTEmission
internal import Storage
internal import Synchronization
internal import Threading
internal import Time

/// Hands what the journal holds to the emitter, in order.
///
/// ```text
/// pass ─▶ TransmissionQueue                    nothing waits, and there is room
///      ─▶ memory ─▶ (thread) ─▶ ┘              little waits
///      ─▶ disk, by position ─▶ (thread) ─▶ ┘   more waits than memory may hold: it is read back
/// ```
///
/// So a link that is slower than the plant costs disk and not memory, and the OT broker is always read. What an earlier
/// epoch left unsent is the first that is read back.
final class JournalFeed: Sendable {
    private struct State {
        var memory = Ring<JournalledBlock>()
        var memoryBytes = 0
        /// Positions that are only on disk; all of `memory` comes before them.
        var spilled: ClosedRange<UInt64>?
        /// The thread has taken something that it has not offered yet.
        var isBusy = false
        var isFinished = false
    }

    /// What is read back at once.
    private static let readBytes = 1 << 20

    private let queue: TransmissionQueue
    private let path: String
    private let memoryLimit: Int
    private let state: Lock<State>
    private let somethingWaits: Wakeup
    private let waiting: Atomic<Int>
    private let deadline = Atomic<MonotonicInstant>(.distantFuture)
    private let generation = Atomic<Int>(0)
    private let thread = Lock<WorkerThread?>(nil)
    /// Why blocks could not be read back, if so.
    private let failed = Lock<StorageError?>(nil)

    /// - Parameters:
    ///   - backlog: positions that an earlier epoch left unsent.
    ///   - memoryLimit: bytes of blocks that wait in memory before the disk is their queue.
    init(
        queue: TransmissionQueue, path: String, backlog: ClosedRange<UInt64>?, memoryLimit: Int = 16 << 20
    ) throws(SystemError) {
        self.queue = queue
        self.path = path
        self.memoryLimit = memoryLimit
        var state = State()
        state.spilled = backlog
        self.state = Lock(state)
        waiting = Atomic(backlog?.count ?? 0)
        somethingWaits = try Wakeup()
    }

    func start() throws(SystemError) {
        let started = try WorkerThread(name: "feed") { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Blocks that are not with the emitter yet.
    var backlog: Int { waiting.load(ordering: .acquiring) }
    /// Their bytes in memory.
    var memoryBytes: Int { state.withLock { $0.memoryBytes } }
    /// The disk refuses to give blocks back; they are tried again.
    var failure: StorageError? { failed.withLock { $0 } }

    /// Takes the next block. Never waits.
    /// - Parameter isJournalled: it can be read back; otherwise it stays in memory until it is sent.
    func pass(_ next: JournalledBlock, isJournalled: Bool) {
        waiting.add(1, ordering: .acquiringAndReleasing)
        let wake = state.withLock { state in
            if state.spilled == nil, state.memory.isEmpty, !state.isBusy,
                queue.offer(Transmission(first: next.block))
            {
                waiting.subtract(1, ordering: .acquiringAndReleasing)
                return false
            }
            if let spilled = state.spilled, isJournalled {
                state.spilled = spilled.lowerBound...max(spilled.upperBound, next.position)
            } else if isJournalled, state.memoryBytes + next.block.symbols.count > memoryLimit {
                state.spilled = next.position...next.position
            } else {
                state.memory.append(next)
                state.memoryBytes += next.block.symbols.count
            }
            return true
        }
        if wake { somethingWaits.signal() }
    }

    /// The database was set aside: what was only there cannot be sent any more.
    /// - Returns: how many blocks that were.
    func forgetDatabase() -> Int {
        generation.add(1, ordering: .releasing)
        let lost = state.withLock { state in
            defer { state.spilled = nil }
            return state.spilled?.count ?? 0
        }
        waiting.subtract(lost, ordering: .acquiringAndReleasing)
        return lost
    }

    /// Waits until everything is with the emitter, at most until `deadline`.
    func finish(until deadline: MonotonicInstant) {
        self.deadline.store(deadline, ordering: .releasing)
        state.withLock { $0.isFinished = true }
        somethingWaits.signal()
        thread.withLock { $0 }?.join()
    }

    private enum Step {
        case block(JournalledBlock)
        case read(ClosedRange<UInt64>)
        case wait
        case end
    }

    private func run() {
        var reader: JournalReader?
        var opened = 0
        while true {
            switch nextStep() {
            case .end: return
            case .wait: somethingWaits.wait()
            case .block(let next):
                guard offer(next) else { return }
                state.withLock { state in
                    state.isBusy = false
                    state.memoryBytes -= next.block.symbols.count
                }
            case .read(let range):
                let current = generation.load(ordering: .acquiring)
                if opened != current { reader = nil }
                opened = current
                do throws(StorageError) {
                    var open: JournalReader
                    if let kept = reader.take() { open = kept } else { open = try JournalReader(path: path) }
                    let blocks = try open.blocks(range, bytes: Self.readBytes)
                    reader = consume open
                    failed.withLock { $0 = nil }
                    guard send(blocks, of: range) else { return }
                } catch {
                    failed.withLock { $0 = error }
                    state.withLock { $0.isBusy = false }
                    guard MonotonicClock.now() < deadline.load(ordering: .acquiring) else { return }
                    somethingWaits.wait(timeout: .seconds(1))
                }
            }
        }
    }

    private func nextStep() -> Step {
        state.withLock { state in
            if let next = state.memory.popFirst() {
                state.isBusy = true
                return .block(next)
            }
            if let spilled = state.spilled {
                state.isBusy = true
                return .read(spilled)
            }
            return state.isFinished ? .end : .wait
        }
    }

    /// Offers what was read of a range, and moves the range on behind it.
    private func send(_ blocks: [JournalledBlock], of range: ClosedRange<UInt64>) -> Bool {
        for next in blocks {
            guard offer(next) else { return false }
        }
        // Positions without a row were never written: the disk was full then.
        let done = blocks.last?.position ?? range.upperBound
        let absent = Int(done - range.lowerBound) + 1 - blocks.count
        waiting.subtract(absent, ordering: .acquiringAndReleasing)
        state.withLock { state in
            state.isBusy = false
            guard let spilled = state.spilled, spilled.lowerBound == range.lowerBound else { return }
            state.spilled = done < spilled.upperBound ? done + 1...spilled.upperBound : nil
        }
        return true
    }

    /// - Returns: false if the deadline passed first.
    private func offer(_ next: JournalledBlock) -> Bool {
        let transmission = Transmission(first: next.block)
        while !queue.offer(transmission) {
            guard MonotonicClock.now() < deadline.load(ordering: .acquiring) else { return false }
            queue.waitForRoom(timeout: .milliseconds(100))
        }
        waiting.subtract(1, ordering: .acquiringAndReleasing)
        return true
    }
}
