import DiodeProtocol
import Time

/// The live channel of one epoch: what is decided, what is missing, and what waits for its turn.
///
/// ```text
///  block    1 ─────────────────── frontier            waiting               announced
///           ████████░░███████░████│░░░░░░░░░░░░│██████│░░░│███│░░░░░░░░░░░░░░│
///                   hole    hole   the next hole, open after the reorder window
/// ```
///
/// Decided is everything up to the frontier: it was released or lies in a hole. Invariants: holes ascend, do not touch the
/// frontier's far side and do not overlap; `account.sent = frontierSequence − firstSequence + 1`; waiting units ascend
/// beyond the frontier and leave room for the numbers between them.
struct EpochTrack: Sendable {
    struct Waiting: Sendable {
        let unit: DecodedUnit
        let since: MonotonicInstant
    }

    /// A newest block and sequence that the sender signed.
    struct Mark: Sendable, Equatable {
        var block: UInt64
        var sequence: UInt64
    }

    /// Records that the sender shed, of one unit that was released.
    struct ShedMark: Sendable, Equatable {
        /// The unit's first.
        var sequence: UInt64
        var records: UInt64
    }

    /// Units with shed records that are remembered: those behind the sender's last commit, so there are few.
    static let shedRunLimit = 1_024

    let epoch: Epoch
    /// Known once a block of the epoch was verified.
    var incarnation: Incarnation?
    /// The first sequence that this receiver accounts for.
    private(set) var firstSequence: UInt64 = 1
    var frontierBlock: UInt64 = 0
    var frontierSequence: UInt64 = 0
    var account = EpochAccount()
    /// What the sender shed of what was released here, as far as it may still become void; see `shedRunLimit`.
    var shedRuns: [ShedMark] = []
    var holes = HoleTable()
    /// Of the records in holes, those that came without their block.
    var filled = FilledSequences()
    var waiting: [Waiting] = []
    var waitingBytes = 0
    var announced: Mark?
    var source = SourceClock()
    /// When something last arrived in order or was announced: the tail waits a reorder window from here.
    private(set) var tailSince = MonotonicInstant(nanoseconds: 0)
    /// The sender said that nothing comes after `announced`.
    var isFinal = false
    /// The sender said that it could not journal: what it acknowledged then is not void, whatever its journal says later.
    var wasUndurable = false
    var startedAt: UnixMilliseconds
    var endedAt: UnixMilliseconds?

    /// Whether blocks of it may have passed before this process listened, and the first that it then heard as it was first sent.
    private let beganBefore: Bool
    private var heardFrom: UInt64?

    /// - Parameter beganBefore: whether blocks of it may have passed before this process listened.
    init(epoch: Epoch, startedAt: UnixMilliseconds, beganBefore: Bool = false) {
        self.epoch = epoch
        self.startedAt = startedAt
        self.beganBefore = beganBefore
    }

    /// As it was stored. What is announced and not here waits a reorder window from `now` on.
    init(restoring row: TrackRow, holes: [Hole], filled: [UInt64: UInt64], now: MonotonicInstant) {
        epoch = row.epoch
        incarnation = row.incarnation
        firstSequence = row.firstSequence
        frontierBlock = row.frontier.block
        frontierSequence = row.frontier.sequence
        beganBefore = true
        account = row.account
        self.holes = HoleTable(restoring: holes)
        self.filled = FilledSequences(restoring: filled)
        announced = row.announced
        source = row.source
        tailSince = now
        shedRuns = row.shedRuns
        isFinal = row.isFinal
        startedAt = row.startedAt
        endedAt = row.endedAt
        wasUndurable = row.wasUndurable
    }

    /// What is stored of it.
    var row: TrackRow {
        TrackRow(
            epoch: epoch, incarnation: incarnation, firstSequence: firstSequence,
            frontier: Mark(block: frontierBlock, sequence: frontierSequence), account: account, announced: announced,
            source: source, shedRuns: shedRuns, isFinal: isFinal, startedAt: startedAt, endedAt: endedAt,
            wasUndurable: wasUndurable)
    }

    /// Moves out which holes changed since the last call, by their first block.
    mutating func takeHoleChanges() -> [UInt64: Hole?] { holes.takeChanges() }

    /// The newest block that came, waits, or was announced.
    var newestBlock: UInt64 {
        max(frontierBlock, announced?.block ?? 0, waiting.last?.unit.lastBlock ?? 0)
    }

    /// Whether a block lies behind the end of an epoch that is over, so that nothing can come of it.
    func isBehindEnd(_ block: UInt64) -> Bool {
        isFinal && announced.map { block > $0.block } ?? false
    }

    /// Where a run of blocks lies.
    enum Place: Equatable {
        case ahead
        /// Inside hole `index`, or across its end and the frontier at once.
        case hole(Int)
        case taken
    }

    func place(firstBlock: UInt64, lastBlock: UInt64) -> Place {
        if firstBlock > frontierBlock {
            let index = indexOfWaiting(from: firstBlock)
            return index < waiting.count && waiting[index].unit.firstBlock <= lastBlock ? .taken : .ahead
        }
        let index = indexOfHole(endingAtOrAfter: firstBlock)
        guard index < holes.count, holes[index].firstBlock <= firstBlock else { return .taken }
        if lastBlock <= holes[index].lastBlock { return .hole(index) }
        // Parts of one content, of which a beat announced only some: the rest lies beyond the frontier.
        return holes[index].lastBlock == frontierBlock ? .hole(index) : .taken
    }

    /// Index of the first hole whose last block is `block` or later.
    func indexOfHole(endingAtOrAfter block: UInt64) -> Int {
        var low = 0
        var high = holes.count
        while low < high {
            let middle = (low + high) / 2
            if holes[middle].lastBlock < block { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Index of the first waiting unit whose last block is `block` or later.
    private func indexOfWaiting(from block: UInt64) -> Int {
        var low = 0
        var high = waiting.count
        while low < high {
            let middle = (low + high) / 2
            if waiting[middle].unit.lastBlock < block { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: Ahead of the frontier

    /// Whether a unit's numbers fit between its neighbours (W-24): consecutive blocks carry consecutive sequences, and a
    /// block in between may take none, so a larger distance only bounds them.
    func fitsAhead(_ unit: DecodedUnit) -> Bool {
        if isFinal, let announced, unit.lastBlock > announced.block || unit.lastSequence > announced.sequence {
            return false
        }
        let index = indexOfWaiting(from: unit.firstBlock)
        let before =
            index == 0
            ? (block: frontierBlock, sequence: frontierSequence)
            : (block: waiting[index - 1].unit.lastBlock, sequence: waiting[index - 1].unit.lastSequence)
        let touches = before.block + 1 == unit.firstBlock
        guard touches ? unit.firstSequence == before.sequence + 1 : unit.firstSequence > before.sequence else {
            return false
        }
        guard index < waiting.count else { return true }
        let after = waiting[index].unit
        let touchesNext = unit.lastBlock + 1 == after.firstBlock
        return touchesNext ? after.firstSequence == unit.endSequence : after.firstSequence >= unit.endSequence
    }

    mutating func wait(_ unit: DecodedUnit, since now: MonotonicInstant) {
        waiting.insert(Waiting(unit: unit, since: now), at: indexOfWaiting(from: unit.firstBlock))
        waitingBytes += unit.content.count
    }

    /// Moves the units that are next in order to `released`; the frontier moves behind them.
    mutating func release(into released: inout [ReleasedUnit], isLate: Bool, now: MonotonicInstant) {
        var count = 0
        while count < waiting.count, waiting[count].unit.firstBlock == frontierBlock + 1 {
            let unit = waiting[count].unit
            advance(behind: unit, isLate: isLate, now: now)
            released.append(ReleasedUnit(unit: unit, isLate: isLate))
            waitingBytes -= unit.content.count
            count += 1
        }
        if count > 0 { waiting.removeFirst(count) }
    }

    /// Moves the frontier behind a unit that begins right there.
    mutating func advance(behind unit: DecodedUnit, isLate: Bool, now: MonotonicInstant) {
        frontierBlock = unit.lastBlock
        frontierSequence = unit.lastSequence
        if isLate { account.late += unit.records } else { account.delivered += unit.records }
        source.release(unit)
        tailSince = max(tailSince, now)
    }

    // MARK: Holes

    /// The sender signed that it got as far as this, when its clock showed `clock`.
    mutating func announce(_ mark: Mark, clock: UnixMilliseconds, isFinal: Bool, now: MonotonicInstant) {
        let known = announced ?? Mark(block: 0, sequence: 0)
        guard mark.block >= known.block, mark.sequence >= known.sequence else { return }
        let isNew = mark != announced
        source.announce(
            at: clock, isNew: isNew, wasQuiet: known.sequence == frontierSequence,
            isBehind: mark.sequence >= frontierSequence, isFinal: isFinal || self.isFinal)
        guard isNew else { return }
        announced = mark
        tailSince = max(tailSince, now)
    }

    /// Whether the sender is ahead of everything that came.
    var hasTail: Bool {
        guard let announced else { return false }
        return waiting.isEmpty && announced.block > frontierBlock && announced.sequence >= frontierSequence
    }

    /// A unit was accepted. Only what comes for the first time shows that the receiver listens where the sender is; an echo comes later.
    mutating func hear(_ unit: DecodedUnit) {
        guard unit.transmission == .first else { return }
        heardFrom = min(heardFrom ?? unit.firstBlock, unit.firstBlock)
    }

    /// Whether the next hole was sent before this process listened.
    private var isNextHoleUnheard: Bool { beganBefore && heardFrom.map { frontierBlock + 1 < $0 } ?? true }

    /// Since when the next hole is known: the frontier's, or else the tail.
    var nextHoleSince: MonotonicInstant? {
        if !waiting.isEmpty { return waiting.reduce(waiting[0].since) { min($0, $1.since) } }
        return hasTail ? tailSince : nil
    }

    /// The blocks that are given up next.
    func nextHole(isOver: Bool) -> MissingBlocks? {
        nextHoleEnd.map {
            MissingBlocks(
                epoch: epoch, incarnation: incarnation, blocks: frontierBlock + 1...$0.block, isOver: isOver,
                isUnheard: isNextHoleUnheard)
        }
    }

    private var nextHoleEnd: Mark? {
        let next = waiting.first.map { Mark(block: $0.unit.firstBlock - 1, sequence: $0.unit.firstSequence - 1) }
        guard let end = next ?? (hasTail ? announced : nil), end.block > frontierBlock else { return nil }
        return end
    }

    /// What giving up waiting came to.
    struct Opening {
        /// The hole, new or grown.
        let hole: Hole
        /// Records that are missing since now.
        let records: UInt64
        /// None of the hole's records was missing before, so that it begins a gap.
        let isNewGap: Bool

        /// What the hole grew by.
        var growth: Hole {
            var growth = hole
            growth.firstSequence = hole.endSequence - records
            growth.records = records
            return growth
        }
    }

    /// Gives up waiting: what lies between the frontier and the next unit (or the announced end) becomes a hole, or makes
    /// the one right before it larger: parts of one content may lie on both sides of a beat.
    /// - Parameters:
    ///   - gap: the name of a new gap.
    ///   - isLastHealed: whether the last hole's gap healed: all its records came without their blocks.
    /// - Returns: nil if there is nothing to give up.
    mutating func openHole(gap: UInt64, isLastHealed: Bool) -> Opening? {
        guard let end = nextHoleEnd else { return nil }
        let records = end.sequence - frontierSequence
        var hole = Hole(
            gap: 0, firstBlock: frontierBlock + 1, lastBlock: end.block, firstSequence: frontierSequence + 1,
            records: records)
        if let last = holes.last, last.lastBlock == frontierBlock, !last.isLost {
            hole.gap = records > 0 && isLastHealed ? 0 : last.gap
            hole.firstBlock = last.firstBlock
            hole.firstSequence = last.firstSequence
            hole.records += last.records
            holes.remove(at: holes.count - 1)
        }
        let isNewGap = hole.gap == 0 && records > 0
        if isNewGap { hole.gap = gap }
        holes.append(hole)
        account.missing += records
        frontierBlock = end.block
        frontierSequence = end.sequence
        return Opening(hole: hole, records: records, isNewGap: isNewGap)
    }

    /// Whether a unit's numbers fit the hole that its blocks lie in (W-24).
    func fits(_ unit: DecodedUnit, inHole index: Int) -> Bool {
        let hole = holes[index]
        let crossesFrontier = unit.lastBlock > hole.lastBlock
        guard unit.firstSequence >= hole.firstSequence else { return false }
        if crossesFrontier {
            guard fitsBeyondFrontier(unit), unit.endSequence >= hole.endSequence else { return false }
        } else if unit.endSequence > hole.endSequence {
            return false
        }
        if unit.firstBlock == hole.firstBlock, unit.firstSequence != hole.firstSequence { return false }
        return unit.lastBlock != hole.lastBlock || unit.endSequence == hole.endSequence
    }

    /// Whether the end of a unit that crosses the frontier leaves what waits behind it in place.
    private func fitsBeyondFrontier(_ unit: DecodedUnit) -> Bool {
        guard let next = waiting.first?.unit else { return true }
        guard unit.lastBlock < next.firstBlock else { return false }
        return unit.lastBlock + 1 == next.firstBlock
            ? next.firstSequence == unit.endSequence : next.firstSequence >= unit.endSequence
    }

    /// Takes a unit's blocks out of the hole that they lie in; what is left of it on either side stays.
    /// - Returns: the hole as it was, by how many records it first grew beyond the frontier, and which of the unit's records
    ///   had come without it.
    mutating func fill(hole index: Int, with unit: DecodedUnit) -> (hole: Hole, grown: UInt64, duplicates: [UInt64]) {
        let grown = extendToFrontier(hole: index, for: unit)
        let hole = holes[index]
        var remaining: [Hole] = []
        if unit.firstBlock > hole.firstBlock {
            var left = hole
            left.lastBlock = unit.firstBlock - 1
            left.records = unit.firstSequence - hole.firstSequence
            if left.records == 0 { left.gap = 0 }
            remaining.append(left)
        }
        if unit.lastBlock < hole.lastBlock {
            var right = hole
            right.firstBlock = unit.lastBlock + 1
            right.firstSequence = unit.endSequence
            right.records = hole.endSequence - unit.endSequence
            if right.records == 0 { right.gap = 0 }
            remaining.append(right)
        }
        holes.replace(index, with: remaining)
        let duplicates = filled.sequences(in: unit.firstSequence..<unit.endSequence)
        filled.remove(in: unit.firstSequence..<unit.endSequence)
        let records = unit.records - UInt64(duplicates.count)
        if hole.isLost { account.lost -= records } else { account.missing -= records }
        account.late += records
        return (hole, grown, duplicates)
    }

    /// Records of a hole that did not come: all of them but those that came without their block.
    func absentRecords(of hole: Hole) -> UInt64 {
        hole.records - filled.count(in: hole.firstSequence..<hole.endSequence)
    }

    /// The hole that holds a sequence whose record has not come.
    func hole(missing sequence: UInt64) -> Int? {
        let index = holes.indexOfHole(endingAfter: sequence)
        guard index < holes.count, holes[index].firstSequence <= sequence, !filled.contains(sequence) else {
            return nil
        }
        return index
    }

    /// The record of one sequence of a hole came without its block.
    mutating func fill(hole index: Int, sequence: UInt64) {
        filled.insert(sequence)
        if holes[index].isLost { account.lost -= 1 } else { account.missing -= 1 }
        account.late += 1
    }

    /// Where a unit ends beyond the frontier, the hole and the frontier first grow to its end.
    private mutating func extendToFrontier(hole index: Int, for unit: DecodedUnit) -> UInt64 {
        guard unit.lastBlock > holes[index].lastBlock else { return 0 }
        let grown = unit.lastSequence - frontierSequence
        holes.change(index) {
            $0.lastBlock = unit.lastBlock
            $0.records += grown
        }
        if holes[index].isLost { account.lost += grown } else { account.missing += grown }
        frontierBlock = unit.lastBlock
        frontierSequence = unit.lastSequence
        source.release(unit)
        return grown
    }

    /// Gives a hole up: its records count as lost.
    mutating func lose(hole index: Int) {
        guard !holes[index].isLost else { return }
        holes.change(index) { $0.isLost = true }
        let records = absentRecords(of: holes[index])
        account.missing -= records
        account.lost += records
    }

    /// Forgets a hole that was given up: nothing is accepted there any more.
    /// - Returns: the hole, and how many records of it never came.
    mutating func forget(hole index: Int) -> (hole: Hole, absent: UInt64) {
        precondition(holes[index].isLost, "only a hole that was given up is forgotten")
        let hole = holes.remove(at: index)
        let absent = absentRecords(of: hole)
        filled.remove(in: hole.firstSequence..<hole.endSequence)
        return (hole, absent)
    }

    /// Records that were released turned out to stand for records that the sender shed.
    mutating func countShed(_ records: UInt64, from sequence: UInt64, isLate: Bool) {
        if isLate { account.late -= records } else { account.delivered -= records }
        account.lost += records
        guard !isFinal else { return }
        if shedRuns.count == Self.shedRunLimit { shedRuns.removeFirst() }
        shedRuns.append(ShedMark(sequence: sequence, records: records))
    }

    /// Moves the beginning of the account up to a sequence, as far as nothing before it was released.
    /// - Returns: how many missing records of hole 0 are not ours to count.
    mutating func begin(at sequence: UInt64) -> UInt64 {
        guard sequence > firstSequence else { return 0 }
        if frontierBlock == 0 {
            if let next = waiting.first?.unit, next.firstSequence < sequence { return 0 }
            firstSequence = sequence
            frontierSequence = sequence - 1
            return 0
        }
        guard let first = holes.first, first.firstSequence == firstSequence, !first.isLost else { return 0 }
        let dropped = min(sequence - firstSequence, first.records)
        guard filled.count(in: firstSequence..<firstSequence + dropped) == 0 else { return 0 }
        firstSequence += dropped
        holes.change(0) {
            $0.firstSequence += dropped
            $0.records -= dropped
        }
        account.missing -= dropped
        return dropped
    }
}
