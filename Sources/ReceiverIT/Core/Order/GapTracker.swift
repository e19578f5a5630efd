internal import Account
internal import DiodeProtocol
internal import Time

/// Decides whether a live block is accepted (W-20, W-24), puts blocks in order, and keeps the account of what is missing.
///
/// ```text
///  unit ─▶ above the frontier, next in order ──▶ released at once, and what waited behind it
///       ─▶ above the frontier, after a hole ───▶ waits, at most the reorder window, then the hole opens a gap
///       ─▶ inside a hole of any epoch ─────────▶ released late; its gap shrinks, splits or heals
///       ─▶ anything else ──────────────────────▶ replayed
/// ```
///
/// Each epoch has a track of its own (`EpochTracks`), so that the tail of an older epoch still comes in order, and so that two senders of one
/// link are accounted for one beside the other; a track knows the holes. The gaps, which people are told of, stand in one table for all epochs (`GapTable`). The tracker joins the two: whatever a track does to the
/// records of a hole, the tracker does to those of its gap.
///
/// A plain value that is stored and restored as it is, except for units that wait: nothing was released of them, and an echo brings them
/// again.
struct GapTracker: Sendable {
    private let limits: Limits
    /// By the place of the card.
    private(set) var senders: [SenderEpochs]
    private var epochs = EpochTracks()
    private var gaps = GapTable()
    /// The first record that this receiver accounts for; nil until it has heard anything.
    private(set) var beginsAt: Stamp?
    /// Records that were given up because there were too many holes or epochs, and then forgotten.
    private var forgottenRecords: UInt64 = 0
    /// How often a beat ended an epoch, or moved an end.
    private(set) var endings: UInt64 = 0
    /// What the newest beats said against what is decided; in words.
    private var contradiction: String?
    /// What `takeReleased` and `takeEvents` have not handed over yet.
    private var (released, events): ([ReleasedUnit], [Event]) = ([], [])

    /// - Parameters:
    ///   - lowestEpochs: what each card vouches for; a receiver without state refuses older ones (W-22).
    ///   - stored: what an earlier process left, to go on from.
    init(limits: Limits, lowestEpochs: [Epoch], restoring stored: StoredLink? = nil, now: MonotonicInstant) {
        self.limits = limits
        senders = lowestEpochs.enumerated().map {
            SenderEpochs(lowest: $1, restoring: stored?.sender($0))
        }
        guard let stored else { return }
        let row = stored.link.tracker
        beginsAt = row.beginsAt
        forgottenRecords = row.forgottenRecords
        epochs = EpochTracks(restoring: stored, now: now)
        // A gap without a hole was forgotten: it stays in the database, as lost.
        let alive = Set(stored.holes.values.map(\.gap))
        gaps = GapTable(restoring: stored.gaps.lazy.filter { alive.contains($0.id) }, next: row.nextGap)
    }

    // MARK: Questions

    func standing(of id: BlockID, from sender: Int) -> Standing {
        guard let index = epochs.index(of: id.epoch) else {
            return senders[sender].accepts(new: id.epoch, newest: epochs.newest(of: sender)) ? .open : .unknownEpoch
        }
        guard epochs[index].sender == sender else { return .unknownEpoch }
        return epochs[index].standing(of: id.block.rawValue)
    }

    /// The newest epoch that is known to live, of the sender of one card.
    func newestEpoch(of sender: Int) -> Epoch? { epochs.newest(of: sender) }

    /// The place of the card whose sender began an epoch; nil: it is not followed.
    func sender(of epoch: Epoch) -> Int? { epochs.sender(of: epoch) }

    /// The newest block of an epoch that was decided, waits or was announced; 0 if the epoch is not followed.
    func newestBlock(of epoch: Epoch) -> UInt64 { epochs.index(of: epoch).map { epochs[$0].newestBlock } ?? 0 }

    /// The newest record that is decided, of the newest epoch.
    var frontier: Stamp? { epochs.frontier }

    /// The double entry of all epochs together.
    var account: EpochAccount { epochs.account }

    /// Announced and not decided yet.
    var pending: UInt64 { epochs.pending }

    /// Each epoch that is followed, oldest first.
    var reports: [EpochReport] { epochs.reports }

    /// Gaps that are open or lost, by number.
    var openAndLost: [Gap] { gaps.sorted }
    var gapCount: Int { gaps.count }
    func knowsGap(_ id: UInt64) -> Bool { gaps.contains(id) }

    /// What its tables hold.
    var waitingCount: Int { epochs.waitingCount }
    var holeCount: Int { epochs.holeCount }

    /// When `advance` has something to do.
    var nextDeadline: MonotonicInstant? { epochs.nextHoleSince?.advanced(by: limits.reorderWindow) }

    /// See `EpochTracks`.
    func hasDecided(upTo stamp: Stamp) -> Bool { epochs.hasDecided(upTo: stamp) }
    func neverDecides(upTo stamp: Stamp) -> Bool { epochs.neverDecides(upTo: stamp) }

    /// Whether the record of a stamp lies in a gap. Of any other that `hasDecided` covers, the record was released, or filled its
    /// sequence already, or lies where nothing is accounted for any more.
    func isMissing(_ stamp: Stamp) -> Bool { epochs.isMissing(stamp) }

    /// The first gap with a hole between two stamps; it is open or lost. nil: there is none.
    func firstGap(after: Stamp, before: Stamp) -> UInt64? {
        var found: UInt64?
        epochs.forEachGap(after: after, before: before) { gap in
            if gaps.contains(gap) { found = gap }
            return found == nil
        }
        return found
    }

    // MARK: Records

    /// Decides on a unit; what is released because of it lies in `takeReleased`.
    mutating func accept(_ unit: DecodedUnit, now: MonotonicInstant, time: UnixMilliseconds) -> Verdict {
        let index: Int
        if let known = epochs.index(of: unit.epoch) {
            index = known
            guard epochs[known].sender == unit.sender, epochs[known].agrees(with: unit.incarnation) else {
                return .equivocation
            }
            if epochs[known].correctBeginning(by: unit), known == 0, epochs.foldedCount == 0 { noteBeginning() }
        } else {
            let newest = epochs.newest(of: unit.sender)
            guard senders[unit.sender].accepts(new: unit.epoch, newest: newest) else { return .replayed }
            guard EpochTrack(epoch: unit.epoch, sender: unit.sender, startedAt: time).fitsAhead(unit) else {
                return .inconsistent
            }
            index = insertTrack(unit.epoch, of: unit.sender, time: time)
        }
        switch epochs[index].accept(unit, isLate: epochs.isOutlived(index), now: now, into: &released) {
        case .replayed: return .replayed
        case .inconsistent: return .inconsistent
        case .released: boundGap(track: index)
        case .waits: openHolesForRoom(track: index, now: now, time: time)
        case .filled(let filling):
            tell(
                gaps.heal(
                    filling.hole, records: filling.records, grown: filling.grown, by: Gap.Healing(unit),
                    at: time))
            shedHoles(track: index, time: time)
        }
        epochs[index].hear(unit)
        note(unit.incarnation, ofTrack: index)
        foldOldEpochs(time: time)
        return .accepted
    }

    /// The record of a missing stamp came as a slot of the carousel. A slot is the record that it holds, so it fills that record's sequence
    /// (ADR 0013). The record's block stays open: an echo still brings the block's other records, and this one is a duplicate there.
    mutating func fill(_ stamp: Stamp, time: UnixMilliseconds) {
        guard let index = epochs.index(of: stamp.epoch), let hole = epochs[index].fill(stamp.sequence.rawValue) else {
            preconditionFailure("only what is missing is filled")
        }
        tell(gaps.heal(hole, records: 1, by: .snapshot, at: time))
        shedFilled(time: time)
    }

    /// Counts records of a released unit as lost: the sender shed what they stand for, so it never comes.
    mutating func countShed(_ records: UInt64, of unit: DecodedUnit, isLate: Bool) {
        guard let index = epochs.index(of: unit.epoch) else { return }
        epochs[index].countShed(records, from: unit.firstSequence, isLate: isLate)
    }

    // MARK: What the sender says

    /// A verified beat that is newer than all before it of its sender. One that stands by says nothing of its own epoch (W-52).
    /// - Parameter unit: that brought it.
    /// - Returns: the epochs that the sender has no memory of, by this beat; the next beat returns them again.
    mutating func accept(
        _ beat: Beat, of unit: DecodedUnit, now: MonotonicInstant, time: UnixMilliseconds
    ) -> [Epoch] {
        let (epoch, sender) = (unit.epoch, unit.sender)
        let known = epochs.believed(beat, of: epoch, from: sender)
        for summary in known where summary.epoch < epoch || !beat.standsBy {
            let isOver = summary.epoch < epoch
            // For the epoch that lives, the summary says what was sent. A loss of power may still take that back.
            if isOver, let index = epochs.index(of: summary.epoch), epochs[index].sender == sender {
                epochs[index].noteCommitted(upTo: summary.lastCommitted)
            }
            announce(
                summary, from: sender, isFinal: isOver, clock: beat.clock, now: now, time: time)
        }
        if !beat.standsBy {
            let newest = Beat.EpochSummary(beat, of: unit)
            announce(newest, from: sender, isFinal: false, clock: beat.clock, now: now, time: time)
            if let index = epochs.index(of: epoch), epochs[index].sender == sender { epochs[index].note(beat) }
        }
        let superseded = supersede(by: epoch, beat, of: sender, remembered: Set(known.map(\.epoch)), time: time)
        if let floor = beat.floor { raiseFloor(floor, of: sender, time: time) }
        senders[sender].note(beat)
        return superseded
    }

    /// A sender's signed statement of how far one of its epochs got.
    /// - Parameters:
    ///   - clock: what the sender's clock showed when it said so.
    ///   - isFinal: the epoch is over; nothing comes after this.
    mutating func announce(
        _ summary: Beat.EpochSummary, from sender: Int, isFinal: Bool, clock: UnixMilliseconds, now: MonotonicInstant,
        time: UnixMilliseconds
    ) {
        let epoch = summary.epoch
        let index: Int
        if let known = epochs.index(of: epoch) {
            index = known
        } else {
            // In which a sender stood by: nothing is to be accounted for, and it may be newer than that of the one who speaks.
            if senders.count > 1, isFinal, summary.lastBlock.rawValue == 0 { return }
            guard
                senders[sender].accepts(new: epoch, newest: epochs.newest(of: sender))
                    || senders[sender].accepts(
                        listed: epoch, oldest: epochs.oldest, hasFolded: epochs.foldedCount > 0)
            else { return }
            index = insertTrack(epoch, of: sender, time: time)
        }
        guard epochs[index].sender == sender else {
            return contradiction = "epoch \(epoch.rawValue), which another sender of this link has begun"
        }
        guard epochs[index].agrees(with: summary.incarnation) else { return }
        note(summary.incarnation, ofTrack: index)
        let mark = EpochTrack.Mark(block: summary.lastBlock.rawValue, sequence: summary.lastCommitted.rawValue)
        guard !epochs[index].contradicts(mark) else { return contradiction = epochs[index].contradiction(of: mark) }
        epochs[index].announce(mark, clock: clock, isFinal: isFinal, now: now)
        boundGap(track: index)
        if isFinal {
            if epochs[index].end(at: time) { endings += 1 }
            void(track: index, behind: mark, time: time)
        }
        foldOldEpochs(time: time)
    }

    /// Applies the void rule to an epoch that is over (ADR 0009).
    private mutating func void(track index: Int, behind mark: EpochTrack.Mark, time: UnixMilliseconds) {
        guard let voided = epochs[index].void(behind: mark) else { return }
        endings += 1
        for (hole, records) in voided.holes where records > 0 {
            tell(gaps.withdraw(records, wereLost: hole.isLost, of: hole.gap, at: time))
        }
        guard voided.delivered > 0 || voided.absent > 0 else { return }
        events.append(
            .voided(
                epochs[index].epoch, behind: SequenceNumber(rawValue: mark.sequence), delivered: voided.delivered,
                absent: voided.absent))
    }

    /// Gives up what the sender has no memory of: its database was lost or an older one was put back, so that no journal holds these
    /// epochs any more and nothing will fill their holes (D9).
    ///
    /// ```text
    ///  known here     5   7   8   9
    ///  beat of 12     5   7          12       8 and 9 are superseded
    /// ```
    /// The first beat that says so also ends the interval of which nobody can tell what was acknowledged in it.
    /// - Returns: the epochs that are superseded.
    private mutating func supersede(
        by newest: Epoch, _ beat: Beat, of sender: Int, remembered: Set<Epoch>, time: UnixMilliseconds
    ) -> [Epoch] {
        // A sender that does not know its epochs yet says nothing about them.
        guard let oldestListed = beat.epochs.map(\.epoch).min() else { return [] }
        let isWhole = (beat.older?.first ?? 0) == 0
        var superseded: [Epoch] = []
        for index in epochs.indices where epochs[index].sender == sender {
            let epoch = epochs[index].epoch
            guard epoch < newest, !remembered.contains(epoch), isWhole || epoch >= oldestListed else { continue }
            superseded.append(epoch)
            if epochs[index].end(at: time) {
                endings += 1
                // Of a receiver that was ended before it could store a beat, it is the last word of the epochs before.
                let word = senders[sender].newestBeat ?? epochs.lastWord(before: epoch, from: sender)
                tell(.unsaid(epochs[index].unsaid(since: word, before: newest, clock: beat.clock)))
            }
            loseHoles(track: index, before: .max, time: time)
        }
        return superseded
    }

    /// The journal of a sender holds nothing before `floor` any more: gaps that end before it are lost. What lay below the first
    /// floor that this receiver ever hears of it was never promised to it.
    private mutating func raiseFloor(_ floor: Stamp, of sender: Int, time: UnixMilliseconds) {
        if !senders[sender].heardFloor {
            senders[sender].noteFloor()
            if let first = epochs.first(of: sender), epochs[first].epoch == floor.epoch {
                let (gap, records) = epochs[first].begin(at: floor.sequence.rawValue)
                if records > 0 { tell(gaps.withdraw(records, wereLost: false, of: gap, at: time)) }
                if first == 0 { noteBeginning() }
            }
        }
        for index in epochs.indices where epochs[index].sender == sender && epochs[index].epoch <= floor.epoch {
            let isWholeEpoch = epochs[index].epoch < floor.epoch
            loseHoles(track: index, before: isWholeEpoch ? .max : floor.sequence.rawValue, time: time)
        }
    }

    // MARK: Time

    /// Opens the holes whose reorder window is over.
    /// - Parameter cause: asked for the cause of each.
    mutating func advance(now: MonotonicInstant, time: UnixMilliseconds, cause: (MissingBlocks) -> Gap.Cause) {
        for index in epochs.indices {
            while let since = epochs[index].nextHoleSince, since.advanced(by: limits.reorderWindow) <= now,
                let missing = epochs[index].nextHole(isOver: epochs.isSucceeded(index))
            {
                openHole(track: index, cause: cause(missing), now: now, time: time)
            }
        }
        foldOldEpochs(time: time)
    }

    // MARK: Out

    /// Moves out what was released, in order, into `units`, which is emptied first and keeps its memory.
    mutating func takeReleased(into units: inout [ReleasedUnit]) {
        units.removeAll(keepingCapacity: true)
        swap(&units, &released)
    }

    mutating func takeEvents() -> [Event] {
        guard !events.isEmpty else { return [] }
        defer { events = [] }
        return events
    }

    /// Moves out what beats said against what is decided.
    mutating func takeContradiction() -> String? { contradiction.take() }

    /// What is stored of the tracker beside epochs, holes and gaps.
    var row: TrackerRow {
        TrackerRow(
            nextGap: gaps.next, beginsAt: beginsAt, foldedAccount: epochs.foldedAccount,
            foldedEpochs: epochs.foldedCount, forgottenRecords: forgottenRecords)
    }

    /// Moves out what changed since the last call.
    mutating func takeChanges() -> TrackerChanges {
        var changes = TrackerChanges()
        changes.gaps = gaps.takeChanges()
        epochs.takeChanges(into: &changes)
        return changes
    }

    /// Everything, as changes to an empty database. Healed gaps are not among it: they are history.
    mutating func wholeState() -> TrackerChanges {
        _ = takeChanges()
        var whole = TrackerChanges()
        whole.gaps = gaps.all
        epochs.addAll(to: &whole)
        return whole
    }

    // MARK: Epochs

    private mutating func insertTrack(_ epoch: Epoch, of sender: Int, time: UnixMilliseconds) -> Int {
        let index = epochs.insert(
            EpochTrack(
                epoch: epoch, sender: sender, startedAt: time, beganBefore: !senders[sender].hasHeardBeat))
        if index == 0, epochs.foldedCount == 0 { noteBeginning() }
        return index
    }

    /// Notes that the account begins with the first sequence of the oldest epoch.
    private mutating func noteBeginning() {
        beginsAt = Stamp(
            epoch: epochs[0].epoch, sequence: SequenceNumber(rawValue: epochs[0].firstSequence))
    }

    private mutating func note(_ incarnation: Incarnation, ofTrack index: Int) {
        guard epochs[index].note(incarnation) else { return }
        events.append(.epochBegan(epochs[index].epoch, incarnation, sender: epochs[index].sender))
    }

    private mutating func foldOldEpochs(time: UnixMilliseconds) {
        while epochs.count > limits.epochs {
            loseHoles(track: 0, before: .max, time: time)
            epochs.foldOldest().forEachHole { gap, absent in
                forgottenRecords.add(records: absent)
                gaps.forget(gap)
            }
        }
    }

    // MARK: Holes and gaps

    /// More waits than there is room for: holes open before their time.
    private mutating func openHolesForRoom(track index: Int, now: MonotonicInstant, time: UnixMilliseconds) {
        while epochs[index].waitingCount > limits.waitingUnits || epochs[index].waitingBytes > limits.waitingBytes,
            let missing = epochs[index].nextHole(isOver: false)
        {
            openHole(track: index, cause: missing.isUnheard ? .receiverDown : .link, now: now, time: time)
        }
    }

    /// Opens the next hole of a track, which has one.
    private mutating func openHole(
        track index: Int, cause: Gap.Cause, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        let sourceFrom = epochs.sourceBehindFrontier(of: index)
        let isLastHealed = epochs[index].lastGap.map { !gaps.contains($0) } ?? false
        guard
            let opening = epochs[index].openHole(
                gap: gaps.next, isLastHealed: isLastHealed, isLate: epochs.isOutlived(index), now: now, into: &released)
        else { preconditionFailure("a hole that is known can be opened") }
        if opening.isNewGap {
            let source = (from: sourceFrom, to: opening.sourceTo)
            tell(gaps.open(opening.growth, of: epochs[index].epoch, source: source, cause: cause, at: time))
        } else if opening.records > 0 {
            tell(gaps.grow(opening.hole, by: opening.records, sourceTo: opening.sourceTo))
        }
        boundGap(track: index)
        shedHoles(track: index, time: time)
    }

    /// Passes on when a gap ended by the sender's clock, if what came now has told.
    private mutating func boundGap(track index: Int) {
        if let (gap, end) = epochs[index].takeBound() { gaps.bound(gap, at: end) }
    }

    /// Gives up the holes of a track that end before a sequence.
    private mutating func loseHoles(track index: Int, before end: UInt64, time: UnixMilliseconds) {
        for (gap, records) in epochs[index].loseHoles(before: end) { tell(gaps.lose(records, of: gap, at: time)) }
    }

    /// Keeps the table of holes within its limit.
    private mutating func shedHoles(track index: Int, time: UnixMilliseconds) {
        while epochs[index].holeCount > limits.holes { shedOldestHole(track: index, time: time) }
    }

    /// Keeps the table of filled sequences within its limit.
    private mutating func shedFilled(time: UnixMilliseconds) {
        while epochs.filledWords > limits.filledWords, let index = epochs.firstWithFilled {
            shedOldestHole(track: index, time: time)
        }
    }

    /// The oldest hole of a track is lost and forgotten; nothing is accepted there any more.
    private mutating func shedOldestHole(track index: Int, time: UnixMilliseconds) {
        let (hole, absent, isGapLeft) = epochs[index].shedOldestHole()
        if !hole.isLost { tell(gaps.lose(absent, of: hole.gap, at: time)) }
        forgottenRecords.add(records: absent)
        if !isGapLeft { gaps.forget(hole.gap) }
    }

    private mutating func tell(_ event: Event?) {
        if let event { events.append(event) }
    }
}
