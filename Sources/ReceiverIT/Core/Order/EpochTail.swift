internal import DiodeProtocol
internal import Time

extension EpochTrack {
    /// A block and a sequence up to which something holds: the frontier, or what the sender announced.
    package struct Mark: Sendable, Equatable {
        package var block: UInt64
        package var sequence: UInt64

        package init(block: UInt64, sequence: UInt64) {
            self.block = block
            self.sequence = sequence
        }
    }
}

/// What lies beyond the frontier of one epoch: units that wait for the blocks before them, and how far the sender announced more.
///
/// ```text
///  frontier            waiting               announced
///  ████████│░░░░░░░░░░░░│██████│░░░│███│░░░░░░░░░░░░░░│
///           next hole end
/// ```
///
/// The frontier itself belongs to the `EpochTrack`, which passes it to each method that needs it.
struct EpochTail: Sendable {
    private(set) var waiting = WaitingUnits()
    /// The newest mark that the sender signed.
    private(set) var announced: EpochTrack.Mark?
    /// The sender said that nothing comes after what is announced.
    private(set) var isFinal = false
    /// When something last arrived in order or was announced: what is announced waits a reorder window from here.
    private var since = MonotonicInstant(nanoseconds: 0)

    init() {}

    /// Goes on from what was stored. What is announced waits a reorder window from `now` on.
    init(restoring announced: EpochTrack.Mark?, isFinal: Bool, now: MonotonicInstant) {
        self.announced = announced
        self.isFinal = isFinal
        since = now
    }

    // MARK: Questions

    /// Whether a block lies behind the end of an epoch that is over, so that nothing can come of it.
    func isBehindEnd(_ block: UInt64) -> Bool { isFinal && announced.map { block > $0.block } ?? false }

    /// Whether the epoch is over and ends before this sequence.
    func ends(before sequence: UInt64, from frontier: EpochTrack.Mark) -> Bool {
        isFinal && sequence > max(frontier.sequence, announced?.sequence ?? 0)
    }

    /// Whether the numbers of a unit that lies beyond the frontier fit between its neighbours and before the end (W-24).
    func hasRoom(for unit: DecodedUnit, behind frontier: EpochTrack.Mark) -> Bool {
        if isFinal, let announced, unit.lastBlock > announced.block || unit.lastSequence > announced.sequence {
            return false
        }
        return waiting.hasRoom(for: unit, behind: frontier)
    }

    /// Whether the sender is ahead of everything that came.
    func isAnnounced(beyond frontier: EpochTrack.Mark) -> Bool {
        guard let announced else { return false }
        return waiting.isEmpty && announced.block > frontier.block && announced.sequence >= frontier.sequence
    }

    /// Records that are announced or here, and not decided yet.
    func pending(beyond frontier: EpochTrack.Mark) -> UInt64 {
        let newest = max(announced?.sequence ?? 0, waiting.last?.lastSequence ?? 0)
        return newest - min(newest, frontier.sequence)
    }

    /// The newest block that waits or was announced.
    var newestBlock: UInt64 { max(announced?.block ?? 0, waiting.last?.lastBlock ?? 0) }

    /// Where the next hole ends: before the first unit that waits, or else with what is announced.
    func nextHoleEnd(beyond frontier: EpochTrack.Mark) -> EpochTrack.Mark? {
        let next = waiting.first.map { EpochTrack.Mark(block: $0.firstBlock - 1, sequence: $0.firstSequence - 1) }
        guard let end = next ?? (isAnnounced(beyond: frontier) ? announced : nil), end.block > frontier.block else {
            return nil
        }
        return end
    }

    /// Since when the next hole is known.
    func nextHoleSince(beyond frontier: EpochTrack.Mark) -> MonotonicInstant? {
        waiting.since ?? (isAnnounced(beyond: frontier) ? since : nil)
    }

    /// Nothing up to the end of the next hole was made after this, by the sender's clock.
    func sourceBehindNextHole(from frontier: EpochTrack.Mark, _ source: SourceClock) -> UnixMilliseconds? {
        let end = waiting.first.map { $0.firstSequence - 1 } ?? 0
        let isAnnounced = announced.map { $0.sequence > frontier.sequence && $0.sequence >= end } ?? false
        return source.behindHole(next: waiting.firstSourceTime, isAnnounced: isAnnounced)
    }

    // MARK: Changes

    mutating func insert(_ unit: DecodedUnit, since now: MonotonicInstant) { waiting.insert(unit, since: now) }

    /// Removes the first units that wait, which were released.
    mutating func removeFirst(_ count: Int) { waiting.removeFirst(count) }

    /// Something arrived in order.
    mutating func noteRelease(now: MonotonicInstant) { since = max(since, now) }

    /// The sender signed that it got as far as this; a mark that is older than what is announced in block or sequence changes nothing.
    mutating func announce(_ mark: EpochTrack.Mark, now: MonotonicInstant) {
        guard mark != announced else { return }
        announced = mark
        since = max(since, now)
    }

    /// The epoch is over.
    /// - Returns: false if that was known.
    mutating func end() -> Bool {
        defer { isFinal = true }
        return !isFinal
    }

    /// What waits behind a mark became void, and the mark is the end.
    mutating func cut(behind mark: EpochTrack.Mark) {
        announced = mark
        waiting.removeAll(endingBehind: mark.block)
    }
}
