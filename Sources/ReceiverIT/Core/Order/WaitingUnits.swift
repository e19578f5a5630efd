internal import DiodeProtocol
internal import Time

/// Units of one epoch that lie beyond the frontier and wait for the blocks before them, in ascending order.
///
/// Invariant: their blocks do not overlap, and their numbers leave room for the blocks in between (W-24). Bounded by
/// `GapTracker.Limits.waitingUnits` and `waitingBytes`: beyond, the oldest hole opens at once, which releases units.
struct WaitingUnits: Sendable {
    private struct Entry: Sendable {
        let unit: DecodedUnit
        let since: MonotonicInstant
    }

    private var entries: [Entry] = []
    /// Of their contents.
    private(set) var byteCount = 0

    init() {}

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }
    var first: DecodedUnit? { entries.first?.unit }
    var last: DecodedUnit? { entries.last?.unit }

    /// The unit at this place, counted from the first; nil behind the last.
    func unit(at place: Int) -> DecodedUnit? { place < entries.count ? entries[place].unit : nil }

    /// When the one that has waited longest came.
    var since: MonotonicInstant? {
        guard let first = entries.first else { return nil }
        return entries.reduce(first.since) { min($0, $1.since) }
    }

    /// When the first record behind the hole was made, by the sender's clock; nil if only control items wait.
    var firstSourceTime: UnixMilliseconds? { entries.lazy.compactMap(\.unit.sourceTime).first }

    /// Whether one of them has a block of this range.
    func overlap(firstBlock: UInt64, lastBlock: UInt64) -> Bool {
        let index = indexOfUnit(from: firstBlock)
        return index < entries.count && entries[index].unit.firstBlock <= lastBlock
    }

    /// Whether a unit's numbers fit between those of its neighbours (W-24): consecutive blocks carry consecutive sequences. Blocks that
    /// are missing in between may carry no sequence at all, so there the order of the numbers is all that can be checked.
    /// - Parameter frontier: the neighbour in front of all that wait.
    func hasRoom(for unit: DecodedUnit, behind frontier: EpochTrack.Mark) -> Bool {
        let index = indexOfUnit(from: unit.firstBlock)
        let before =
            index == 0
            ? frontier
            : EpochTrack.Mark(block: entries[index - 1].unit.lastBlock, sequence: entries[index - 1].unit.lastSequence)
        let touches = before.block + 1 == unit.firstBlock
        guard touches ? unit.firstSequence == before.sequence + 1 : unit.firstSequence > before.sequence else {
            return false
        }
        return index == entries.count || Self.fits(unit, before: entries[index].unit)
    }

    /// Whether a unit that begins in front of the frontier and ends behind it leaves what waits in its place.
    func hasRoom(forEndOf unit: DecodedUnit) -> Bool {
        guard let next = first else { return true }
        return unit.lastBlock < next.firstBlock && Self.fits(unit, before: next)
    }

    mutating func insert(_ unit: DecodedUnit, since now: MonotonicInstant) {
        entries.insert(Entry(unit: unit, since: now), at: indexOfUnit(from: unit.firstBlock))
        byteCount += unit.content.count
    }

    /// Removes the first ones, which were released.
    mutating func removeFirst(_ count: Int) {
        guard count > 0 else { return }
        for entry in entries[..<count] { byteCount -= entry.unit.content.count }
        entries.removeFirst(count)
    }

    /// Removes those that end behind a block: they became void.
    mutating func removeAll(endingBehind block: UInt64) {
        while let last, last.lastBlock > block {
            byteCount -= last.content.count
            entries.removeLast()
        }
    }

    private static func fits(_ unit: DecodedUnit, before next: DecodedUnit) -> Bool {
        unit.lastBlock + 1 == next.firstBlock
            ? next.firstSequence == unit.endSequence : next.firstSequence >= unit.endSequence
    }

    /// Index of the first unit whose last block is `block` or later.
    private func indexOfUnit(from block: UInt64) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].unit.lastBlock < block { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
