import DiodeProtocol
import Time

/// The sender's clock along the live channel of one epoch: between which of its times the records of a gap were made.
///
/// ```text
///  block   ─── 7 ────┐            ┌─── 12 ──       beat: up to block 20, 09:30:05
///           09:30:00 │  the gap   │ 09:30:02
/// ```
///
/// A gap begins behind the newest thing that the sender said before it, and ends before the first that it said behind it: the first record
/// of a block, or the clock of a beat that announced it. Its first record stands for a block, which is filled within milliseconds.
struct SourceClock: Sendable, Equatable {
    /// Of the newest block with records that came in order, or of a later beat that said that nothing had come after it.
    private(set) var decided: UnixMilliseconds?
    /// The first beat that announced what is announced now, and the newest one of this epoch.
    private(set) var announcedFrom, announcedUntil: UnixMilliseconds?
    /// A gap behind which only control items have come, so that nobody knows when it ended; and when that was, once something has.
    private(set) var unboundedGap: UInt64?
    private var bound: UnixMilliseconds?

    init(
        decided: UnixMilliseconds? = nil, announcedFrom: UnixMilliseconds? = nil,
        announcedUntil: UnixMilliseconds? = nil
    ) {
        self.decided = decided
        self.announcedFrom = announcedFrom
        self.announcedUntil = announcedUntil
    }

    /// A unit was released in order.
    mutating func release(_ unit: DecodedUnit) {
        guard let time = unit.sourceTime else { return }
        decided = time
        if unboundedGap != nil { bound = bound ?? time }
    }

    /// A beat came: one of this epoch, or of a newer one that says how it ended.
    /// - Parameters:
    ///   - isNew: more is announced than before.
    ///   - wasQuiet: all that was announced before is decided.
    ///   - isBehind: as much as is decided, or more.
    mutating func announce(at time: UnixMilliseconds, isNew: Bool, wasQuiet: Bool, isBehind: Bool, isFinal: Bool) {
        if isNew {
            if wasQuiet { decided = announcedUntil ?? decided }
            announcedFrom = time
        }
        if !isFinal { announcedUntil = time }
        if unboundedGap != nil, isNew, isBehind { bound = bound ?? time }
    }

    /// The end of this gap is not known yet.
    mutating func leaveUnbounded(_ gap: UInt64) {
        unboundedGap = gap
        bound = nil
    }

    /// Moves out the end of a gap that was unknown, once it is known.
    mutating func takeBound() -> (gap: UInt64, end: UnixMilliseconds)? {
        guard let gap = unboundedGap, let end = bound else { return nil }
        unboundedGap = nil
        bound = nil
        return (gap, end)
    }
}

extension EpochTrack {
    /// Nothing behind the frontier was made before this.
    var sourceBehindFrontier: UnixMilliseconds? {
        (announced?.sequence == frontierSequence ? source.announcedUntil : nil) ?? source.decided
    }

    /// Nothing up to the end of the next hole was made after this; nil if only control items came behind it.
    var sourceBeforeNext: UnixMilliseconds? {
        let next = waiting.lazy.compactMap(\.unit.sourceTime).first
        let end = (waiting.first?.unit.firstSequence).map { $0 - 1 } ?? 0
        guard let announced, announced.sequence > frontierSequence, announced.sequence >= end,
            let told = source.announcedFrom
        else { return next }
        return next.map { min($0, told) } ?? told
    }
}

extension GapTracker {
    /// Between which times of the sender's clock the records of the next hole were made.
    func sourceOfNextHole(track index: Int) -> (from: UnixMilliseconds?, to: UnixMilliseconds?) {
        let before = tracks[...index].reversed().lazy.compactMap(\.sourceBehindFrontier).first
        return (before, tracks[index].sourceBeforeNext)
    }

    /// What came now may say when a gap ended.
    mutating func boundGap(track index: Int) {
        guard let (id, end) = tracks[index].source.takeBound(), var gap = gaps[id] else { return }
        gap.setSource(from: gap.sourceFrom, to: end)
        put(gap)
    }
}

extension Gap {
    /// A clock that was set back in between would end it before it began.
    mutating func setSource(from: UnixMilliseconds?, to: UnixMilliseconds?) {
        sourceFrom = from
        sourceTo = to
        guard let from, let to, to < from else { return }
        (sourceFrom, sourceTo) = (to, from)
    }
}

extension DecodedUnit {
    /// When its first record was made, by the sender's clock: the time base of a live content that was checked (W-31); nil without one.
    var sourceTime: UnixMilliseconds? {
        guard channel == .live, content.count >= 8 else { return nil }
        let base = content.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return base == 0 ? nil : UnixMilliseconds(rawValue: base)
    }
}
