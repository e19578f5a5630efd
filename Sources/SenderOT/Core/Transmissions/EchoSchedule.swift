public import DiodeProtocol
public import Time

/// Decides which blocks of the journal are to be repeated now (D5): no I/O, no clock.
///
/// Each offset of the schedule has a cursor: the next position to repeat. Marks remember when the newest position was what,
/// so that a cursor knows what was sent for the first time at least its offset ago.
///
/// ```text
/// position ──────────────────────────────────────────────────────▶
///            ▲ floor      ▲ 1 h        ▲ 10 min   ▲ 30 s ▲ 1 s  ▲ sent
///                         └─ cursors: behind each all is repeated ┘
/// ```
///
/// Whatever a cursor finds gone from the journal is shed and counted. Invariant: marks ascend in position and in time, and
/// there are at most `maximumMarks` of them.
public struct EchoSchedule: Sendable {
    /// One repetition that is due: blocks of these positions, as this transmission.
    public struct Due: Sendable, Equatable {
        /// Index of the offset.
        public let echo: Int
        public let positions: ClosedRange<UInt64>

        public var transmission: TransmissionNumber { TransmissionNumber(rawValue: UInt16(echo + 1)) }
    }

    private struct Mark: Sendable {
        let position: UInt64
        let at: UInt64
    }

    private static let maximumMarks = 16_384

    /// Ascending; at most 16.
    public let offsets: [Duration]
    /// The next position to repeat, one for each offset.
    public private(set) var cursors: [UInt64]
    /// Positions that were gone before their turn came: a repetition each.
    public private(set) var shed: UInt64 = 0
    private let nanoseconds: [UInt64]
    private var marks: [Mark] = []
    /// Marks are no closer than this, in nanoseconds; it grows when there are too many.
    private var spacing: UInt64 = 100_000_000
    /// The offset that is asked first: each gets its turn.
    private var turn = 0

    /// - Parameter cursors: one for each offset; all `first` if nothing was sent before.
    public init(offsets: [Duration], cursors: [UInt64]) {
        precondition(offsets.count == cursors.count, "each offset has a cursor")
        self.offsets = offsets
        self.cursors = cursors
        nanoseconds = offsets.map { offset in
            let (seconds, attoseconds) = offset.components
            return UInt64(max(seconds, 0)) * 1_000_000_000 + UInt64(max(attoseconds, 0) / 1_000_000_000)
        }
    }

    /// Everything up to this position has been sent by now.
    public mutating func noteSent(_ position: UInt64, at now: MonotonicInstant) {
        if let last = marks.last {
            guard position > last.position, now.nanoseconds >= last.at &+ spacing else { return }
        }
        marks.append(Mark(position: position, at: now.nanoseconds))
        if marks.count > Self.maximumMarks { thin() }
        forget(now)
    }

    /// What is due, from the cursor whose turn it is; nil if nothing is.
    public mutating func next(_ now: MonotonicInstant) -> Due? {
        for step in offsets.indices {
            let echo = (turn + step) % offsets.count
            guard let through = newest(of: echo, now), cursors[echo] <= through else { continue }
            turn = (echo + 1) % offsets.count
            return Due(echo: echo, positions: cursors[echo]...through)
        }
        return nil
    }

    /// An echo has been played up to, and with, this position: so many blocks. The others were gone from the journal, and
    /// are shed.
    public mutating func played(_ echo: Int, through position: UInt64, blocks: Int) {
        guard position >= cursors[echo] else { return }
        let passed = position - cursors[echo] + 1
        shed += passed - min(UInt64(blocks), passed)
        cursors[echo] = position + 1
    }

    /// When `noteSent` takes a newer position; nil if it knows of this one already.
    public func nextMark(of position: UInt64) -> MonotonicInstant? {
        guard let last = marks.last else { return position > 0 ? MonotonicInstant(nanoseconds: 0) : nil }
        return position > last.position ? MonotonicInstant(nanoseconds: last.at &+ spacing) : nil
    }

    /// When `next` has something, if nothing more is sent.
    public var deadline: MonotonicInstant? {
        var earliest: UInt64?
        for echo in offsets.indices {
            let next = firstMark { $0.position >= cursors[echo] }
            guard next < marks.count else { continue }
            let due = marks[next].at &+ nanoseconds[echo]
            earliest = min(earliest ?? due, due)
        }
        return earliest.map { MonotonicInstant(nanoseconds: $0) }
    }

    /// By how much each offset is late with what it repeats next; zero while it keeps up.
    public func lags(_ now: MonotonicInstant) -> [Duration] {
        offsets.indices.map { echo in
            let next = firstMark { $0.position >= cursors[echo] }
            guard next < marks.count else { return .zero }
            let due = marks[next].at &+ nanoseconds[echo]
            return .nanoseconds(now.nanoseconds > due ? now.nanoseconds - due : 0)
        }
    }

    /// The newest position that was sent at least this offset ago.
    private func newest(of echo: Int, _ now: MonotonicInstant) -> UInt64? {
        guard now.nanoseconds >= nanoseconds[echo] else { return nil }
        let latest = now.nanoseconds - nanoseconds[echo]
        let next = firstMark { $0.at > latest }
        return next > 0 ? marks[next - 1].position : nil
    }

    /// The index of the first mark of which this holds, and of all after it; their count if of none.
    private func firstMark(where holds: (Mark) -> Bool) -> Int {
        var low = 0
        var high = marks.count
        while low < high {
            let middle = (low + high) / 2
            if holds(marks[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Marks that every offset has passed are needed no more, but for the newest of them.
    private mutating func forget(_ now: MonotonicInstant) {
        guard let longest = nanoseconds.last, now.nanoseconds > longest else { return }
        let latest = now.nanoseconds - longest
        var passed = 0
        while passed + 1 < marks.count, marks[passed + 1].at <= latest { passed += 1 }
        if passed > 256 { marks.removeFirst(passed) }
    }

    /// Keeps every second mark: an echo of those between comes with the next one, a little late.
    private mutating func thin() {
        spacing *= 2
        let newest = marks.count - 1
        marks = marks.enumerated().filter { $0.offset & 1 == newest & 1 }.map(\.element)
    }
}

extension Transmission {
    /// A repetition: it begins with the symbols that the one before it ended with, as far as there are new ones
    /// (WIRE §3).
    public init(repeating block: ClosedBlock, as number: TransmissionNumber, kind: TransmissionClass) {
        let first = Int(number.rawValue) * block.shape.symbolCount % EncodingSymbolID.count
        self.init(
            repeating: block, number: number, firstSymbol: EncodingSymbolID(rawValue: UInt8(first)), kind: kind)
    }
}
