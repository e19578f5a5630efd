internal import Account
internal import DiodeProtocol
internal import Time

/// The live channel of one epoch: what is decided, what is missing, and what waits for its turn.
///
/// ```text
///  block    1 ─────────────────── frontier            waiting               announced
///           ████████░░███████░████│░░░░░░░░░░░░│██████│░░░│███│░░░░░░░░░░░░░░│
///                   hole    hole   the next hole, open after the reorder window
/// ```
///
/// Everything up to the frontier is decided: it was released, or it lies in a hole. Invariants: no hole ends beyond the frontier;
/// `account.sent = frontier.sequence − firstSequence + 1`; all that waits lies beyond the frontier.
///
/// The account and the holes change together, in the methods of this type. A gap has one hole or several. What follows for the gaps is
/// returned to the `GapTracker`, which keeps them.
package struct EpochTrack: Sendable {
    let epoch: Epoch
    /// The place of its sender's card.
    let sender: Int
    /// Known once a block or a beat of the epoch was verified.
    private(set) var incarnation: Incarnation?
    /// The first sequence that this receiver accounts for.
    private(set) var firstSequence: UInt64 = 1
    /// The newest block and sequence that are decided.
    private(set) var frontier = Mark(block: 0, sequence: 0)
    private(set) var account = EpochAccount()
    private(set) var startedAt: UnixMilliseconds
    private(set) var endedAt: UnixMilliseconds?
    private var holes = HoleTable()
    private var tail = EpochTail()
    private var source = SourceClock()
    private var voidRule = VoidRule()
    /// Whether blocks of the epoch may have passed before this process listened.
    private let beganBefore: Bool
    /// The first block that this process heard as it was first sent.
    private var heardFrom: UInt64?

    /// - Parameter beganBefore: whether blocks of the epoch may have passed before this process listened.
    init(epoch: Epoch, sender: Int, startedAt: UnixMilliseconds, beganBefore: Bool = false) {
        self.epoch = epoch
        self.sender = sender
        self.startedAt = startedAt
        self.beganBefore = beganBefore
    }

    /// Restores a stored track. Blocks that were announced and have not come get a reorder window from `now` on.
    init(restoring row: TrackRow, holes: [Hole], filled: [UInt64: UInt64], now: MonotonicInstant) {
        epoch = row.epoch
        sender = row.sender
        incarnation = row.incarnation
        firstSequence = row.firstSequence
        frontier = row.frontier
        beganBefore = true
        account = row.account
        self.holes = HoleTable(restoring: holes, filled: filled)
        tail = EpochTail(restoring: row.announced, isFinal: row.isFinal, now: now)
        source = row.source
        voidRule = VoidRule(restoring: row)
        startedAt = row.startedAt
        endedAt = row.endedAt
    }

    // MARK: Questions

    /// Whether frames of a block are of any use.
    func standing(of block: UInt64) -> GapTracker.Standing {
        guard !tail.isBehindEnd(block) else { return .accepted }
        switch place(firstBlock: block, lastBlock: block) {
        case .ahead, .hole: return .open
        case .occupied: return block > frontier.block ? .waiting : .accepted
        }
    }

    /// Whether a unit or a beat may come from the sender that began the epoch.
    func agrees(with other: Incarnation) -> Bool { incarnation == nil || incarnation == other }

    /// Records that are announced or here, and not decided yet.
    var pending: UInt64 { tail.pending(beyond: frontier) }

    /// The newest block that was decided, waits or was announced.
    var newestBlock: UInt64 { max(frontier.block, tail.newestBlock) }

    /// Whether nothing waits and nothing more is announced.
    var isDecided: Bool { tail.waiting.isEmpty && !tail.isAnnounced(beyond: frontier) }

    /// Whether the epoch is over and ended before this sequence.
    func ends(before sequence: UInt64) -> Bool { tail.ends(before: sequence, from: frontier) }

    /// Whether the record of a sequence lies in a hole and has not come.
    func isMissing(_ sequence: UInt64) -> Bool { holes.index(missing: sequence) != nil }

    /// Goes over the holes between two sequences, with the gap of each; 0 for one without a gap.
    func forEachGap(after from: UInt64, before end: UInt64, _ body: (UInt64) -> Bool) {
        holes.forEachGap(after: from, before: end, body)
    }

    /// Goes over all holes, with the gap of each and how many of its records did not come.
    func forEachHole(_ body: (_ gap: UInt64, _ absent: UInt64) -> Void) {
        for index in holes.indices { body(holes[index].gap, holes.absentRecords(of: holes[index])) }
    }

    /// Units that wait, and their bytes.
    var waitingCount: Int { tail.waiting.count }
    var waitingBytes: Int { tail.waiting.byteCount }
    var holeCount: Int { holes.count }
    /// The gap of the last hole.
    var lastGap: UInt64? { holes.last?.gap }
    /// What `FilledSequences` holds for it.
    var filledWords: Int { holes.filledWords }

    /// Since when the next hole is known: since a unit waits behind the hole, or else since the beat that announced it.
    var nextHoleSince: MonotonicInstant? { tail.nextHoleSince(beyond: frontier) }

    /// The blocks that are given up next.
    func nextHole(isOver: Bool) -> MissingBlocks? {
        tail.nextHoleEnd(beyond: frontier).map {
            MissingBlocks(
                epoch: epoch, sender: sender, incarnation: incarnation, blocks: frontier.block + 1...$0.block,
                isOver: isOver, isUnheard: isNextHoleUnheard)
        }
    }

    /// No record beyond the frontier was made before this time, by the sender's clock.
    var sourceBehindFrontier: UnixMilliseconds? {
        source.behindFrontier(isQuiet: tail.announced?.sequence == frontier.sequence)
    }

    // MARK: Units

    /// Decides on a unit.
    /// - Parameters:
    ///   - isLate: whether a newer epoch has decided something already.
    ///   - released: what is released because of it is added here.
    mutating func accept(
        _ unit: DecodedUnit, isLate: Bool, now: MonotonicInstant, into released: inout [ReleasedUnit]
    ) -> Acceptance {
        switch place(firstBlock: unit.firstBlock, lastBlock: unit.lastBlock) {
        case .occupied: return .replayed
        case .hole(let index):
            let crossesFrontier = unit.lastBlock > holes[index].lastBlock
            guard holes.fits(unit, at: index), !crossesFrontier || tail.waiting.hasRoom(forEndOf: unit) else {
                return .inconsistent
            }
            return .filled(fill(index, with: unit, into: &released))
        case .ahead:
            guard fitsAhead(unit) else { return .inconsistent }
            guard unit.firstBlock == frontier.block + 1 else {
                tail.insert(unit, since: now)
                return .waits
            }
            release(unit, isLate: isLate, now: now, into: &released)
            releaseWaiting(isLate: isLate, now: now, into: &released)
            return .released
        }
    }

    /// Whether the numbers of a unit that lies ahead of the frontier fit between its neighbours (W-24).
    func fitsAhead(_ unit: DecodedUnit) -> Bool { tail.hasRoom(for: unit, behind: frontier) }

    /// Notes that a unit was accepted. Only a first transmission shows which block was sent while this process listened; an echo comes later.
    mutating func hear(_ unit: DecodedUnit) {
        guard unit.transmission == .first else { return }
        heardFrom = min(heardFrom ?? unit.firstBlock, unit.firstBlock)
    }

    /// Notes the incarnation of a block or beat that was verified.
    /// - Returns: whether the epoch's incarnation was unknown until now.
    mutating func note(_ incarnation: Incarnation) -> Bool {
        guard self.incarnation == nil else { return false }
        self.incarnation = incarnation
        return true
    }

    /// Counts records of a released unit as lost, because they stand for records that the sender shed.
    mutating func countShed(_ records: UInt64, from sequence: UInt64, isLate: Bool) {
        account.shed(records, wereLate: isLate)
        if !tail.isFinal { voidRule.noteShed(records, from: sequence) }
    }

    private mutating func release(
        _ unit: DecodedUnit, isLate: Bool, now: MonotonicInstant, into released: inout [ReleasedUnit]
    ) {
        frontier = Mark(block: unit.lastBlock, sequence: unit.lastSequence)
        if isLate { account.late += unit.records } else { account.delivered += unit.records }
        source.release(unit)
        tail.noteRelease(now: now)
        released.append(ReleasedUnit(unit: unit, isLate: isLate))
    }

    /// Releases the units that waited and are next in order.
    private mutating func releaseWaiting(isLate: Bool, now: MonotonicInstant, into released: inout [ReleasedUnit]) {
        var count = 0
        while let unit = tail.waiting.unit(at: count), unit.firstBlock == frontier.block + 1 {
            release(unit, isLate: isLate, now: now, into: &released)
            count += 1
        }
        tail.removeFirst(count)
    }

    /// Where a run of blocks lies.
    private enum Place {
        case ahead
        /// Inside the hole with this index, or across its end and the frontier at once.
        case hole(Int)
        /// Some of the blocks came before, or nothing is accepted there any more.
        case occupied
    }

    private func place(firstBlock: UInt64, lastBlock: UInt64) -> Place {
        if firstBlock > frontier.block {
            return tail.waiting.overlap(firstBlock: firstBlock, lastBlock: lastBlock) ? .occupied : .ahead
        }
        let index = holes.index(endingAtOrAfter: firstBlock)
        guard index < holes.count, holes[index].firstBlock <= firstBlock else { return .occupied }
        if lastBlock <= holes[index].lastBlock { return .hole(index) }
        // Parts of one content, of which a beat announced only some: the rest lies beyond the frontier.
        return holes[index].lastBlock == frontier.block ? .hole(index) : .occupied
    }

    // MARK: What the sender announces

    /// Whether what is decided contradicts a mark: earlier blocks cannot have taken later sequences, nor later blocks earlier ones. As long as
    /// nothing was decided, the frontier says no more than where the account begins.
    func contradicts(_ mark: Mark) -> Bool {
        guard frontier.block > 0 else { return false }
        return mark.block > frontier.block
            ? mark.sequence < frontier.sequence : mark.sequence > max(frontier.sequence, firstSequence - 1)
    }

    /// The journal's floor that the account begins with was none: a block that was made after it has an earlier sequence. The account
    /// begins behind what was announced: what lies between that and the block is missing, and can still come.
    /// - Returns: whether the account begins earlier now; then the unit fits.
    mutating func correctBeginning(by unit: DecodedUnit) -> Bool {
        guard frontier.block == 0, unit.firstSequence < firstSequence, tail.waiting.isEmpty,
            let announced = tail.announced, unit.firstBlock > announced.block
        else { return false }
        let before = min(announced.sequence, unit.firstSequence.minus(1))
        let beginning = Mark(block: 0, sequence: before)
        guard tail.hasRoom(for: unit, behind: beginning) else { return false }
        firstSequence = before + 1
        frontier = beginning
        return true
    }

    /// Takes the sender's signed statement that it got as far as `mark` when its clock showed `clock`.
    mutating func announce(_ mark: Mark, clock: UnixMilliseconds, isFinal: Bool, now: MonotonicInstant) {
        if isFinal { voidRule.noteHeld(through: mark.sequence) }
        let known = tail.announced ?? Mark(block: 0, sequence: 0)
        guard mark.block >= known.block, mark.sequence >= known.sequence else { return }
        source.announce(
            at: clock, isNew: mark != tail.announced, wasQuiet: known.sequence == frontier.sequence,
            isBehind: mark.sequence >= frontier.sequence, isFinal: isFinal || tail.isFinal)
        tail.announce(mark, now: now)
    }

    /// The epoch is over.
    /// - Returns: false if that was known.
    mutating func end(at time: UnixMilliseconds) -> Bool {
        guard tail.end() else { return false }
        endedAt = time
        return true
    }

    /// Notes up to which sequence the sender's journal holds this epoch.
    mutating func noteCommitted(upTo last: SequenceNumber) {
        if !tail.isFinal { voidRule.noteCommitted(upTo: last.rawValue) }
    }

    /// What a beat of this epoch says of the sender's journal.
    mutating func note(_ beat: Beat) { voidRule.note(beat) }

    /// Whether the sender's journal once had more of this epoch, for good, than it says now.
    func hasForgotten(behind last: SequenceNumber) -> Bool { last.rawValue < voidRule.journalled }

    /// The epoch is over, and the sender does not know it any more: what it acknowledged since its last signed word nobody can tell.
    /// - Parameters:
    ///   - beat: the sender's clock at its newest word before, whatever the epoch.
    ///   - successor: the epoch that follows.
    ///   - clock: what the sender's clock showed when it said so.
    func unsaid(since beat: UnixMilliseconds?, before successor: Epoch, clock: UnixMilliseconds) -> UnsaidEnding {
        let heard = max(frontier.sequence, tail.announced?.sequence ?? 0)
        let from = lastWord ?? startedAt
        return UnsaidEnding(
            last: Stamp(epoch: epoch, sequence: SequenceNumber(rawValue: heard)), successor: successor,
            from: min(from, beat ?? from, clock), to: clock)
    }

    /// The sender's clock at the newest record or beat of this epoch; nil: none was heard that told, or another epoch alone told of this one.
    var lastWord: UnixMilliseconds? { source.announcedUntil ?? source.decided }

    /// Moves out when a gap ended, once that is known; it was unknown when the gap opened.
    mutating func takeBound() -> (gap: UInt64, end: UnixMilliseconds)? { source.takeBound() }

    // MARK: Holes

    /// Gives up waiting: what lies between the frontier and the next unit (or the announced end) becomes a hole, and what waited
    /// right behind it is released. If the last hole ends at the frontier, that hole grows instead: parts of one content may lie on both
    /// sides of a beat.
    /// - Parameters:
    ///   - gap: the number that a new gap gets.
    ///   - isLastHealed: whether the last hole's gap healed: all its records came without their blocks.
    ///   - isLate: whether a newer epoch has decided something already.
    /// - Returns: nil if there is nothing to give up.
    mutating func openHole(
        gap: UInt64, isLastHealed: Bool, isLate: Bool, now: MonotonicInstant, into released: inout [ReleasedUnit]
    ) -> Opening? {
        guard let end = tail.nextHoleEnd(beyond: frontier) else { return nil }
        let sourceTo = tail.sourceBehindNextHole(from: frontier, source)
        let records = end.sequence - frontier.sequence
        var hole = Hole(
            gap: 0, firstBlock: frontier.block + 1, lastBlock: end.block, firstSequence: frontier.sequence + 1,
            records: records)
        if let last = holes.last, last.lastBlock == frontier.block, !last.isLost {
            hole.gap = records > 0 && isLastHealed ? 0 : last.gap
            hole.firstBlock = last.firstBlock
            hole.firstSequence = last.firstSequence
            hole.records += last.records
            holes.removeLast()
        }
        let isNewGap = hole.gap == 0 && records > 0
        if isNewGap { hole.gap = gap }
        holes.append(hole)
        account.missing += records
        frontier = end
        if records > 0, sourceTo == nil { source.leaveUnbounded(hole.gap) }
        releaseWaiting(isLate: isLate, now: now, into: &released)
        return Opening(hole: hole, records: records, isNewGap: isNewGap, sourceTo: sourceTo)
    }

    /// A missing record came without its block.
    /// - Returns: the hole that it lies in.
    mutating func fill(_ sequence: UInt64) -> Hole? {
        guard let index = holes.index(missing: sequence) else { return nil }
        holes.fill(sequence)
        account.heal(1, wereLost: holes[index].isLost)
        return holes[index]
    }

    /// Gives up the holes that end before a sequence, as far as they are not given up already.
    /// - Returns: the gap of each and how many of its records are lost with it; 0 for a hole without a gap.
    mutating func loseHoles(before end: UInt64) -> [(gap: UInt64, records: UInt64)] {
        var lost: [(gap: UInt64, records: UInt64)] = []
        for index in holes.indices {
            let hole = holes[index]
            guard hole.endSequence <= end else { break }
            if !hole.isLost { lost.append((hole.gap, lose(index))) }
        }
        return lost
    }

    /// Gives up the oldest hole and forgets it: nothing is accepted there any more.
    /// - Returns: the hole as it was, how many of its records never came, and whether another hole of its gap is left.
    mutating func shedOldestHole() -> (hole: Hole, absent: UInt64, isGapLeft: Bool) {
        let hole = holes[0]
        if !hole.isLost { _ = lose(0) }
        let (_, absent) = holes.forgetFirst()
        // The holes of one gap lie side by side.
        return (hole, absent, holes.first?.gap == hole.gap)
    }

    /// Moves the beginning of the account up to a sequence, as far as nothing before it was released.
    /// - Returns: the gap of the first hole, and how many of its missing records are not ours to count.
    mutating func begin(at sequence: UInt64) -> (gap: UInt64, records: UInt64) {
        guard sequence > firstSequence else { return (0, 0) }
        if frontier.block == 0 {
            if let next = tail.waiting.first, next.firstSequence < sequence { return (0, 0) }
            firstSequence = sequence
            frontier.sequence = sequence - 1
            return (0, 0)
        }
        guard let first = holes.first, first.firstSequence == firstSequence, !first.isLost else { return (0, 0) }
        let dropped = min(sequence - firstSequence, first.records)
        guard holes.filledRecords(in: firstSequence..<firstSequence + dropped) == 0 else { return (0, 0) }
        firstSequence += dropped
        holes.shortenFirst(by: dropped)
        account.missing -= dropped
        return (first.gap, dropped)
    }

    /// Applies the void rule: what came or was announced behind a mark is taken back. Holes there close without loss, records that were
    /// released there count as repeated, and the account ends at the mark.
    /// - Parameter mark: how far the sender's journal holds the epoch, which is over.
    /// - Returns: nil if the rule does not apply.
    mutating func void(behind mark: Mark) -> VoidRule.Voided? {
        guard max(frontier.block, tail.newestBlock) > mark.block, !voidRule.wasUndurable else { return nil }
        var voided = VoidRule.Voided()
        tail.cut(behind: mark)
        guard frontier.block > mark.block else { return voided }
        voided.holes = holes.cut(behind: mark)
        voided.absent = voided.holes.reduce(UInt64(0)) { $0.plus($1.records) }
        let lost = voided.holes.reduce(UInt64(0)) { $1.hole.isLost ? $0.plus($1.records) : $0 }
        voided.delivered = account.void(
            frontier.sequence - min(frontier.sequence, max(mark.sequence, firstSequence - 1)),
            missing: voided.absent - lost, lost: lost.plus(voidRule.takeShed(behind: mark.sequence)))
        frontier = Mark(block: mark.block, sequence: max(mark.sequence, firstSequence - 1))
        return voided
    }

    /// Takes a unit's blocks out of the hole that they lie in, and releases the unit late.
    private mutating func fill(
        _ index: Int, with unit: DecodedUnit, into released: inout [ReleasedUnit]
    ) -> Filling {
        let grown = extendToFrontier(index, for: unit)
        let hole = holes[index]
        let duplicates = holes.remove(unit, from: index)
        let records = unit.records - UInt64(duplicates.count)
        account.heal(records, wereLost: hole.isLost)
        released.append(ReleasedUnit(unit: unit, isLate: true, duplicates: duplicates, gap: hole.gap))
        return Filling(hole: hole, grown: grown, records: records)
    }

    /// Where a unit ends beyond the frontier, the hole and the frontier first grow to its end.
    private mutating func extendToFrontier(_ index: Int, for unit: DecodedUnit) -> UInt64 {
        guard unit.lastBlock > holes[index].lastBlock else { return 0 }
        let grown = unit.lastSequence - frontier.sequence
        holes.extend(index, to: unit.lastBlock, by: grown)
        if holes[index].isLost { account.lost += grown } else { account.missing += grown }
        frontier = Mark(block: unit.lastBlock, sequence: unit.lastSequence)
        source.release(unit)
        return grown
    }

    private mutating func lose(_ index: Int) -> UInt64 {
        let records = holes.lose(index)
        account.lose(records)
        return records
    }

    /// Whether the next hole was sent before this process listened.
    private var isNextHoleUnheard: Bool { beganBefore && heardFrom.map { frontier.block + 1 < $0 } ?? true }

    // MARK: Storage

    /// What is stored of the track beside holes and waiting units.
    var row: TrackRow {
        TrackRow(
            epoch: epoch, sender: sender, incarnation: incarnation, firstSequence: firstSequence, frontier: frontier,
            account: account, announced: tail.announced,
            source: source, shedRuns: voidRule.shed, isFinal: tail.isFinal, startedAt: startedAt, endedAt: endedAt,
            wasUndurable: voidRule.wasUndurable, journalled: voidRule.journalled)
    }

    /// Moves out which holes changed since the last call.
    mutating func takeHoleChanges(into changes: inout TrackerChanges) { holes.takeChanges(of: epoch, into: &changes) }

    /// Adds all of its holes.
    func addHoles(to changes: inout TrackerChanges) { holes.addAll(of: epoch, to: &changes) }
}
