internal import DiodeProtocol
public import Time

/// Decides which class sends next and how many frames, so that the link never carries more than its rate, in steps far
/// below a millisecond.
///
/// A token bucket, kept as the instant at which the link will have carried everything that was granted (the generic
/// cell rate algorithm, ITU-T I.371 annex A): a frame may go while that instant is at most `burst` ahead.
///
/// ```text
///            now                busyUntil
///   ──────────┼───── granted ───────┼──────▶ time       a frame may go  ⇔  busyUntil − now ≤ burst
///             └──────── ≤ burst ────┘                   busyUntil += bits of the frame ÷ rate
/// ```
///
/// Invariant: in any window of w seconds at most rate · (w + burst) bits and one frame are granted. Costs are exact: the
/// remainder of each division is carried on.
///
/// Among what waits, the order is that of ``TransmissionClass``, except that live leaves a tenth to snapshot: each bit
/// of live that passes a waiting snapshot is a debt of a ninth of a bit, paid as soon as it amounts to a frame.
public struct Pacer: Sendable {
    /// What each class has ready: frames of equal length.
    public struct Waiting: Sendable, Equatable {
        private var frames = InlineArray<5, Int>(repeating: 0)
        private var bits = InlineArray<5, Int>(repeating: 0)

        public init() {}

        /// Says that a class has `count` frames (0 and more) of `bitsPerFrame` Ethernet bits (at least 1) ready.
        public mutating func offer(_ kind: TransmissionClass, frames count: Int, bitsPerFrame: Int) {
            precondition(count >= 0 && bitsPerFrame > 0, "a frame has bits")
            frames[kind.rawValue] = count
            bits[kind.rawValue] = bitsPerFrame
        }

        func frames(_ kind: TransmissionClass) -> Int { frames[kind.rawValue] }
        func bits(_ kind: TransmissionClass) -> Int { bits[kind.rawValue] }

        public static func == (a: Waiting, b: Waiting) -> Bool {
            TransmissionClass.allCases.allSatisfy { a.frames($0) == b.frames($0) && a.bits($0) == b.bits($0) }
        }
    }

    /// What to do now.
    public enum Decision: Sendable, Equatable {
        /// Send this many frames of this class. They are booked.
        case send(TransmissionClass, frames: Int)
        /// The link is busy; ask again then.
        case wait(until: MonotonicInstant)
        /// Nothing waits.
        case idle
    }

    /// Ethernet bits a second.
    public let bitsPerSecond: UInt64
    /// How far ahead of the link frames may be handed over, in nanoseconds.
    public let burstNanoseconds: UInt64
    /// The most frames of one decision: a batch of the emitter.
    public let batchFrames: Int

    private var busyUntil: UInt64 = 0
    private var remainder: UInt64 = 0
    private var snapshotDebt = 0

    /// - Parameters:
    ///   - bitsPerSecond: 1 kbit/s…1 Tbit/s.
    ///   - burst: 0…1 s; the default of 250 µs holds 16 full frames at 800 Mbit/s, and is what a switch port buffers easily.
    ///   - batchFrames: at least 1.
    public init(bitsPerSecond: UInt64, burst: Duration = .microseconds(250), batchFrames: Int = 64) {
        precondition((1_000...1_000_000_000_000).contains(bitsPerSecond), "a rate is 1 kbit/s…1 Tbit/s")
        precondition(burst >= .zero && burst <= .seconds(1), "a burst is at most a second")
        precondition(batchFrames > 0, "a batch has frames")
        self.bitsPerSecond = bitsPerSecond
        burstNanoseconds =
            UInt64(burst.components.seconds) * 1_000_000_000
            + UInt64(burst.components.attoseconds) / 1_000_000_000
        self.batchFrames = batchFrames
    }

    /// Chooses and books.
    public mutating func decide(_ waiting: Waiting, now: MonotonicInstant) -> Decision {
        guard let kind = choose(waiting) else { return .idle }
        // A link that was idle has nothing to catch up on: the past gives no credit.
        if busyUntil < now.nanoseconds {
            busyUntil = now.nanoseconds
            remainder = 0
        }
        let horizon = now.nanoseconds &+ burstNanoseconds
        guard busyUntil <= horizon else {
            return .wait(until: MonotonicInstant(nanoseconds: busyUntil - burstNanoseconds))
        }
        let bits = waiting.bits(kind)
        let most = min(waiting.frames(kind), batchFrames, untilDebtIsDue(kind, waiting))
        var frames = 0
        repeat {
            book(bits)
            frames += 1
        } while frames < most && busyUntil <= horizon
        settleDebt(kind, waiting, bits: frames * bits)
        return .send(kind, frames: frames)
    }

    /// Books what goes out beside everything that waits.
    public mutating func charge(bits: Int, now: MonotonicInstant) {
        busyUntil = max(busyUntil, now.nanoseconds)
        book(bits)
    }

    private mutating func book(_ bits: Int) {
        let (quotient, rest) = (UInt64(bits) * 1_000_000_000 + remainder).quotientAndRemainder(
            dividingBy: bitsPerSecond)
        busyUntil &+= quotient
        remainder = rest
    }

    private func choose(_ waiting: Waiting) -> TransmissionClass? {
        if waiting.frames(.beat) > 0 { return .beat }
        if waiting.frames(.snapshot) > 0, snapshotDebt >= Self.debtPerBit * waiting.bits(.snapshot) { return .snapshot }
        for kind in TransmissionClass.allCases where waiting.frames(kind) > 0 { return kind }
        return nil
    }

    /// How many frames of live may pass before a waiting snapshot has to be served.
    private func untilDebtIsDue(_ kind: TransmissionClass, _ waiting: Waiting) -> Int {
        guard waiting.frames(.snapshot) > 0 else { return .max }
        let due = Self.debtPerBit * waiting.bits(.snapshot)
        switch kind {
        case .live: return max(1, (due - snapshotDebt + waiting.bits(.live) - 1) / waiting.bits(.live))
        case .snapshot where waiting.frames(.live) > 0: return max(1, snapshotDebt / due)
        default: return .max
        }
    }

    private mutating func settleDebt(_ kind: TransmissionClass, _ waiting: Waiting, bits: Int) {
        switch kind {
        case .live where waiting.frames(.snapshot) > 0: snapshotDebt += bits
        case .snapshot: snapshotDebt = max(0, snapshotDebt - Self.debtPerBit * bits)
        default: break
        }
    }

    /// Nine bits of live for one of snapshot: a tenth of the rate.
    private static let debtPerBit = 9
}
