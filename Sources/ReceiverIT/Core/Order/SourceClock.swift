internal import Account
internal import DiodeProtocol
package import Time

/// The sender's clock along the live channel of one epoch: between which of its times the records of a gap were made.
///
/// ```text
///  block   ─── 7 ────┐            ┌─── 12 ──       beat: up to block 20, 09:30:05
///           09:30:00 │  the gap   │ 09:30:02
/// ```
///
/// A gap begins behind the newest time that the sender said before it, and ends before the first time that the sender said behind it.
/// Such a time is that of a block's first record (the sender fills a block within milliseconds, so the first record's time is good enough
/// for all of them), or the clock of a beat that announced the block.
package struct SourceClock: Sendable, Equatable {
    /// Of the newest block with records that came in order, or of a later beat that said that nothing had come after it.
    package private(set) var decided: UnixMilliseconds?
    /// The first beat that announced what is announced now, and the newest beat of this epoch.
    package private(set) var announcedFrom, announcedUntil: UnixMilliseconds?
    /// A gap behind which only control items have come, so that nobody knows when it ended.
    private var unboundedGap: UInt64?
    /// When that gap ended, once something has told.
    private var bound: UnixMilliseconds?

    package init(
        decided: UnixMilliseconds? = nil, announcedFrom: UnixMilliseconds? = nil,
        announcedUntil: UnixMilliseconds? = nil
    ) {
        self.decided = decided
        self.announcedFrom = announcedFrom
        self.announcedUntil = announcedUntil
    }

    /// Nothing behind the frontier was made before this.
    /// - Parameter isQuiet: all that was announced is decided.
    func behindFrontier(isQuiet: Bool) -> UnixMilliseconds? { (isQuiet ? announcedUntil : nil) ?? decided }

    /// Nothing up to the end of the next hole was made after this; nil if only control items came behind the hole.
    /// - Parameters:
    ///   - next: when the first record that waits behind the hole was made.
    ///   - isAnnounced: the beats announced all of the hole.
    func behindHole(next: UnixMilliseconds?, isAnnounced: Bool) -> UnixMilliseconds? {
        guard isAnnounced, let told = announcedFrom else { return next }
        return next.map { min($0, told) } ?? told
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
    ///   - isBehind: the beat announces as much as is decided, or more.
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

extension DecodedUnit {
    /// When its first record was made, by the sender's clock: the time base of a live content that was checked (W-31); nil without one.
    var sourceTime: UnixMilliseconds? {
        guard channel == .live, content.count >= 8 else { return nil }
        let base = content.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return base == 0 ? nil : UnixMilliseconds(rawValue: base)
    }
}
