internal import Collections
internal import Crypto
internal import DiodeProtocol
internal import SenderOTCore
internal import Synchronization
internal import Threading
internal import Time

/// The state and the loop of the emitter's thread.
///
/// Each class has at most one transmission under way and, behind it, those whose repair frames wait for their time:
///
/// ```text
/// queue ─▶ encode ─▶ under way: source frames ─▶ resting until `due` ─▶ under way: repair frames ─▶ arena is free
/// ```
struct EmissionLoop: ~Copyable {
    /// The frames `next..<end` of an arena are to be sent.
    private struct Run {
        let arena: Int
        let id: BlockID
        let lastSequence: SequenceNumber
        var next: Int
        let end: Int
        /// When its repair frames may leave; only a resting run has it.
        var due = MonotonicInstant.distantPast
        let isSource: Bool
    }

    private struct Lane {
        var underWay: Run?
        var resting = Ring<Run>()
    }

    /// Arenas of resting transmissions may hold so much; beyond it the oldest repairs go out before their time.
    private static let restingBytesLimit = 32 << 20
    /// A refused batch is tried again after this.
    private static let retryPause = Duration.milliseconds(50)
    /// Others are told at most so often while frames flow.
    private static let sharePeriod = Duration.milliseconds(50)
    /// The longest sleep between two looks at the deadline.
    private static let longestSleep = Duration.milliseconds(1)

    private let queue: TransmissionQueue
    private let control: EmissionControl
    private let framing: EthernetFraming
    private let repairSpread: Duration
    private let statements: [[UInt8]]
    /// Which of them goes out with the next beat.
    private var nextStatement = 0
    private var encoder: TransmissionEncoder
    private var pacer: Pacer
    private var paths: LinkPaths
    private var lanes = [Lane](repeating: Lane(), count: TransmissionClass.allCases.count)
    private var arenas: [ArenaBox] = []
    private var freeArenas: [Int] = []
    private var restingBytes = 0
    private var counters = FrameEmitter.Counters()
    /// When others were told last.
    private var sharedAt = MonotonicInstant.distantPast

    /// An arena that stays where it is while its number travels through the lanes.
    private final class ArenaBox {
        var arena = FrameArena()
    }

    init(
        _ settings: FrameEmitter.Settings, signer: consuming Ed25519Signer, paths: [LinkPath],
        queue: TransmissionQueue, control: EmissionControl
    ) {
        self.queue = queue
        self.control = control
        framing = settings.framing
        repairSpread = settings.repairSpread
        statements = settings.statements
        encoder = TransmissionEncoder(signer: signer)
        pacer = Pacer(bitsPerSecond: settings.bitsPerSecond, burst: settings.burst)
        self.paths = LinkPaths(paths)
    }

    /// Runs until everything that was offered has left and nothing more will be, or the deadline has passed.
    mutating func run() {
        defer { share(MonotonicClock.now()) }
        for statement in statements { state(statement) }
        while MonotonicClock.now() < control.deadline.load(ordering: .acquiring) {
            let now = MonotonicClock.now()
            if sharedAt.duration(to: now) >= Self.sharePeriod { share(now) }
            for kind in TransmissionClass.allCases { refill(kind, now: now) }
            switch pacer.decide(waiting(), now: now) {
            case .send(let kind, let frames): send(kind, frames)
            case .wait(let until): MonotonicClock.sleep(until: min(until, now.advanced(by: Self.longestSleep)))
            case .idle:
                if !rest(now) { return }
            }
        }
    }

    /// Nothing can be sent now: sleeps until something can.
    /// - Returns: false if nothing ever will.
    private mutating func rest(_ now: MonotonicInstant) -> Bool {
        if now != sharedAt { share(now) }
        guard !queue.isFinished else {
            guard let due = nextDue else { return false }
            MonotonicClock.sleep(until: due)
            return true
        }
        queue.waitForWork(timeout: nextDue.map { max(.zero, now.duration(to: $0)) })
        return true
    }

    /// Gives a class something to send: repairs whose time has come, else the next transmission.
    private mutating func refill(_ kind: TransmissionClass, now: MonotonicInstant) {
        guard lanes[kind.rawValue].underWay == nil else { return }
        if let oldest = lanes[kind.rawValue].resting.first,
            oldest.due <= now || restingBytes > Self.restingBytesLimit,
            let run = lanes[kind.rawValue].resting.popFirst()
        {
            restingBytes -= arenas[run.arena].arena.storage.count
            lanes[kind.rawValue].underWay = run
            return
        }
        guard let transmission = queue.take(kind) else { return }
        let arena = takeArena()
        encode(transmission, into: arena)
        let frames = arenas[arena].arena.frameCount
        // Where all symbols are of one kind there is nothing to spread.
        let sources = arenas[arena].arena.sourceFrames
        let together = repairSpread == .zero || sources == 0 || sources == frames
        lanes[kind.rawValue].underWay = Run(
            arena: arena, id: transmission.block.id, lastSequence: transmission.block.lastSequence, next: 0,
            end: together ? frames : sources, isSource: true)
        counters.transmissions += 1
    }

    /// A block that cannot be signed now is tried again until it can be: it must not be lost.
    private mutating func encode(_ transmission: Transmission, into arena: Int) {
        while MonotonicClock.now() < control.deadline.load(ordering: .acquiring) {
            do throws(CryptoError) {
                try encoder.encode(
                    transmission.block, transmission: transmission.number, firstSymbol: transmission.firstSymbol,
                    into: &arenas[arena].arena)
                return
            } catch {
                counters.signingFailures += 1
                counters.failure = error.description
                share(MonotonicClock.now())
                MonotonicClock.sleep(until: MonotonicClock.now().advanced(by: Self.retryPause))
            }
        }
    }

    private func waiting() -> Pacer.Waiting {
        var waiting = Pacer.Waiting()
        for kind in TransmissionClass.allCases {
            guard let run = lanes[kind.rawValue].underWay else { continue }
            let bits = framing.bits(payloadBytes: arenas[run.arena].arena.frameBytes)
            waiting.offer(kind, frames: run.end - run.next, bitsPerFrame: bits)
        }
        return waiting
    }

    /// Says how an earlier key has handed over. What a path refuses comes again with a later beat.
    private mutating func state(_ statement: [UInt8]) {
        _ = paths.emit(statement.span.bytes, frameBytes: statement.count)
        pacer.charge(bits: framing.bits(payloadBytes: statement.count), now: MonotonicClock.now())
    }

    private mutating func send(_ kind: TransmissionClass, _ frames: Int) {
        guard var run = lanes[kind.rawValue].underWay else { return }
        if kind == .beat, run.isSource, run.next == 0, !statements.isEmpty {
            // One in turn: all of them would leave a narrow link no room.
            state(statements[nextStatement])
            nextStatement = (nextStatement + 1) % statements.count
        }
        let box = arenas[run.arena]
        // Out of its box for as long as spans of it are in use.
        var arena = FrameArena()
        swap(&arena, &box.arena)
        let end = run.next + frames
        while run.next < end, MonotonicClock.now() < control.deadline.load(ordering: .acquiring) {
            let sent = paths.emit(arena.frames(run.next..<end), frameBytes: arena.frameBytes)
            run.next += sent
            counters.frames += UInt64(sent)
            counters.bytes += UInt64(sent * arena.frameBytes)
            guard run.next < end else { break }
            counters.refusedFrames += UInt64(end - run.next)
            counters.failure = paths.reports.compactMap(\.failure).first ?? "the link refused frames"
            share(MonotonicClock.now())
            MonotonicClock.sleep(until: MonotonicClock.now().advanced(by: Self.retryPause))
        }
        swap(&arena, &box.arena)
        if run.next == end { counters.failure = nil }
        lanes[kind.rawValue].underWay = run
        if run.next == run.end { finishRun(kind, run) }
    }

    private mutating func finishRun(_ kind: TransmissionClass, _ run: Run) {
        lanes[kind.rawValue].underWay = nil
        if run.isSource, kind == .live { queue.sourceLeft(run.lastSequence, run.id) }
        if run.isSource, kind == .snapshot { queue.snapshotLeft(run.id) }
        let frames = arenas[run.arena].arena.frameCount
        guard run.end < frames else { return freeArenas.append(run.arena) }
        restingBytes += arenas[run.arena].arena.storage.count
        lanes[kind.rawValue].resting.append(
            Run(
                arena: run.arena, id: run.id, lastSequence: run.lastSequence, next: run.end, end: frames,
                due: MonotonicClock.now().advanced(by: repairSpread),
                isSource: false))
    }

    private mutating func takeArena() -> Int {
        if let free = freeArenas.popLast() { return free }
        arenas.append(ArenaBox())
        return arenas.count - 1
    }

    private var nextDue: MonotonicInstant? { lanes.compactMap { $0.resting.first?.due }.min() }

    /// Shows the counters to other threads.
    private mutating func share(_ now: MonotonicInstant) {
        sharedAt = now
        counters.paths = paths.reports
        let current = counters
        control.counters.withLock { $0 = current }
    }
}
