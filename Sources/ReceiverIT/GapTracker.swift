import DiodeProtocol
import Time

/// Decides whether a live block is accepted (W-20, W-24), puts blocks in order, and keeps the account of what is missing.
///
/// ```text
///  unit ─▶ above the frontier, next in order ──▶ released at once, and what waited behind it
///       ─▶ above the frontier, after a hole ───▶ waits, at most the reorder window, then the hole opens a gap
///       ─▶ inside a hole of any epoch ─────────▶ released late; its gap shrinks, splits or heals
///       ─▶ anything else ──────────────────────▶ replayed
/// ```
///
/// Each epoch has a track of its own, so that the tail of an older epoch still comes in order. A plain value: saved and
/// restored as it is, but for units that wait (nobody was told that they came; an echo brings them again).
struct GapTracker: Sendable {
    struct Limits: Sendable {
        /// How long a block waits for those before it.
        var reorderWindow = Duration.milliseconds(50)
        /// Units that wait, and their bytes; beyond either the oldest hole opens at once.
        var waitingUnits = 4_096
        var waitingBytes = 64 << 20
        /// Holes of one epoch; beyond, the oldest become lost and are forgotten.
        var holes = 16_384
        /// Words of 64 sequences with records that came without their block, 40 bytes each; beyond, the oldest holes become lost and
        /// are forgotten. There is room for two slots of each of a million topics.
        var filledWords = 1 << 21
        /// Epochs with a track; beyond, the oldest are folded into a sum, what they miss becomes lost.
        var epochs = 64

        init() {}
    }

    /// Whether frames of a block are of any use.
    enum Standing: Equatable { case open, waiting, accepted, unknownEpoch }

    enum Verdict: Equatable {
        case accepted
        /// Accepted before, or outside of everything that is open (W-20).
        case replayed
        /// Its numbers contradict its neighbours' (W-24).
        case inconsistent
        /// Another incarnation of an epoch that is known.
        case equivocation
    }

    /// What changed, for the ledger and the link's status.
    enum Event: Sendable, Equatable {
        case opened(Gap)
        /// More of the same is missing.
        case grew(Gap)
        /// Healed, or given up; a gap that was given up may heal later and is then closed again.
        case closed(Gap)
        case epochBegan(Epoch, Incarnation)
        /// The sender lost its power: records behind this one had been released or were absent.
        case voided(Epoch, behind: SequenceNumber, delivered: UInt64, absent: UInt64)
    }

    let limits: Limits
    /// Oldest first; never empty once something was accepted or announced.
    var tracks: [EpochTrack] = []
    /// Open and lost gaps by id.
    var gaps: [UInt64: Gap] = [:]
    /// Epochs that no longer have a track.
    var foldedAccount = EpochAccount()
    var foldedEpochs: UInt64 = 0
    /// What this receiver accounts for begins here; nil until it has heard anything.
    var beginsAt: Stamp?
    /// Records that were given up because there were too many holes or epochs, and then forgotten.
    var forgottenRecords: UInt64 = 0
    let lowestEpoch: Epoch
    var nextGap: UInt64 = 1
    /// How often a beat ended an epoch, or moved an end.
    var endings: UInt64 = 0
    var heardFloor = false
    /// Since the start: an epoch that is new from now on can be heard from its first block.
    var hasHeardBeat = false
    /// What `takeChanges` has not handed over yet.
    var changes = TrackerChanges()
    var takenTracks: [Epoch: TrackRow] = [:]
    private var released: [ReleasedUnit] = []
    var events: [Event] = []

    /// - Parameter lowestEpoch: the card's: a receiver without state refuses older ones (W-22).
    init(limits: Limits, lowestEpoch: Epoch) {
        self.limits = limits
        self.lowestEpoch = lowestEpoch
    }

    // MARK: Questions

    /// The newest epoch that is known to live.
    var newestEpoch: Epoch? { tracks.last?.epoch }

    func standing(of id: BlockID) -> Standing {
        guard let index = indexOfTrack(id.epoch) else {
            return isAcceptable(newEpoch: id.epoch) ? .open : .unknownEpoch
        }
        let block = id.block.rawValue
        guard !tracks[index].isBehindEnd(block) else { return .accepted }
        switch tracks[index].place(firstBlock: block, lastBlock: block) {
        case .ahead, .hole: return .open
        case .taken: return block > tracks[index].frontierBlock ? .waiting : .accepted
        }
    }

    /// The frontier of the newest epoch, or of `epoch` if it has one.
    func frontierBlock(of epoch: Epoch) -> UInt64 {
        indexOfTrack(epoch).map { tracks[$0].frontierBlock } ?? 0
    }

    /// All epochs together.
    var account: EpochAccount { tracks.reduce(foldedAccount) { $0 + $1.account } }

    /// Announced and not decided yet.
    var pending: UInt64 {
        tracks.reduce(into: 0) { sum, track in
            let newest = max(track.announced?.sequence ?? 0, track.waiting.last?.unit.lastSequence ?? 0)
            sum.add(records: newest - min(newest, track.frontierSequence))
        }
    }

    /// When `advance` has something to do.
    var nextDeadline: MonotonicInstant? {
        var earliest: MonotonicInstant?
        for track in tracks {
            guard let deadline = track.nextHoleSince?.advanced(by: limits.reorderWindow) else { continue }
            earliest = earliest.map { min($0, deadline) } ?? deadline
        }
        return earliest
    }

    // MARK: Decisions

    /// Decides on a unit; what is released because of it lies in `takeReleased`.
    mutating func accept(_ unit: DecodedUnit, now: MonotonicInstant, time: UnixMilliseconds) -> Verdict {
        let index: Int
        if let known = indexOfTrack(unit.epoch) {
            index = known
            if let incarnation = tracks[known].incarnation, incarnation != unit.incarnation { return .equivocation }
        } else {
            guard isAcceptable(newEpoch: unit.epoch) else { return .replayed }
            guard EpochTrack(epoch: unit.epoch, startedAt: time).fitsAhead(unit) else { return .inconsistent }
            index = insertTrack(unit.epoch, time: time)
        }
        let verdict: Verdict
        switch tracks[index].place(firstBlock: unit.firstBlock, lastBlock: unit.lastBlock) {
        case .taken: return .replayed
        case .hole(let hole): verdict = fill(track: index, hole: hole, with: unit, time: time)
        case .ahead: verdict = takeAhead(track: index, unit, now: now, time: time)
        }
        if verdict == .accepted {
            tracks[index].hear(unit)
            noteIncarnation(unit.incarnation, ofTrack: index)
        }
        foldOldEpochs(time: time)
        return verdict
    }

    /// A verified beat, or a signed list of epochs: the sender got as far as this.
    /// - Parameters:
    ///   - clock: the sender's, as of then.
    ///   - isFinal: the epoch is over; nothing comes after this.
    mutating func announce(
        epoch: Epoch, incarnation: Incarnation, block: BlockNumber, sequence: SequenceNumber, isFinal: Bool,
        clock: UnixMilliseconds, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        let index: Int
        if let known = indexOfTrack(epoch) {
            index = known
        } else {
            guard isAcceptable(newEpoch: epoch) || isAcceptable(listedEpoch: epoch) else { return }
            index = insertTrack(epoch, time: time)
        }
        if let known = tracks[index].incarnation, known != incarnation { return }
        noteIncarnation(incarnation, ofTrack: index)
        let mark = EpochTrack.Mark(block: block.rawValue, sequence: sequence.rawValue)
        tracks[index].announce(mark, clock: clock, isFinal: isFinal, now: now)
        boundGap(track: index)
        if isFinal {
            if !tracks[index].isFinal {
                tracks[index].isFinal = true
                tracks[index].endedAt = time
                endings += 1
            }
            if tracks[index].newestBlock > mark.block, !tracks[index].wasUndurable {
                void(track: index, behind: mark, time: time)
            }
        }
        foldOldEpochs(time: time)
    }

    /// The journal holds nothing before `floor` any more: gaps that end before it are lost. What lay below the first
    /// floor that this receiver ever hears was never promised to it.
    mutating func raiseFloor(_ floor: Stamp, time: UnixMilliseconds) {
        if !heardFloor {
            heardFloor = true
            if let index = indexOfTrack(floor.epoch), index == 0 { begin(at: floor.sequence.rawValue, time: time) }
        }
        for index in tracks.indices where tracks[index].epoch <= floor.epoch {
            let isWholeEpoch = tracks[index].epoch < floor.epoch
            for hole in tracks[index].holes.indices {
                let run = tracks[index].holes[hole]
                guard isWholeEpoch || run.endSequence <= floor.sequence.rawValue else { break }
                if !run.isLost { lose(track: index, hole: hole, time: time) }
            }
        }
    }

    /// Opens the holes whose reorder window is over.
    /// - Parameter cause: asked for the cause of each.
    mutating func advance(now: MonotonicInstant, time: UnixMilliseconds, cause: (MissingBlocks) -> Gap.Cause) {
        for index in tracks.indices {
            while let since = tracks[index].nextHoleSince, since.advanced(by: limits.reorderWindow) <= now,
                let missing = tracks[index].nextHole(isOver: index + 1 < tracks.count),
                openHole(track: index, cause: cause(missing), now: now, time: time)
            {}
        }
        foldOldEpochs(time: time)
    }

    /// Records of a released unit stand for records that the sender shed: they never come.
    mutating func countShed(_ records: UInt64, of unit: DecodedUnit, isLate: Bool) {
        guard let index = indexOfTrack(unit.epoch) else { return }
        tracks[index].countShed(records, from: unit.firstSequence, isLate: isLate)
    }

    /// Moves out what was released, in order, into `units` (emptied first; its memory is kept).
    mutating func takeReleased(into units: inout [ReleasedUnit]) {
        units.removeAll(keepingCapacity: true)
        swap(&units, &released)
    }

    mutating func takeEvents() -> [Event] {
        guard !events.isEmpty else { return [] }
        defer { events = [] }
        return events
    }

    // MARK: Epochs

    func indexOfTrack(_ epoch: Epoch) -> Int? {
        // Nearly always the newest.
        if let last = tracks.last, last.epoch == epoch { return tracks.count - 1 }
        return tracks.firstIndex { $0.epoch == epoch }
    }

    private func isAcceptable(newEpoch epoch: Epoch) -> Bool {
        guard let newest = tracks.last?.epoch else { return epoch >= lowestEpoch }
        return epoch > newest
    }

    /// An epoch that a newer one's beat still lists: ours if the card vouches for it and its account was not folded.
    private func isAcceptable(listedEpoch epoch: Epoch) -> Bool {
        guard epoch >= lowestEpoch, let oldest = tracks.first?.epoch else { return false }
        return epoch > oldest || foldedEpochs == 0 && !heardFloor
    }

    private mutating func insertTrack(_ epoch: Epoch, time: UnixMilliseconds) -> Int {
        let index = tracks.firstIndex { $0.epoch > epoch } ?? tracks.count
        tracks.insert(EpochTrack(epoch: epoch, startedAt: time, beganBefore: !hasHeardBeat), at: index)
        if index == 0, foldedEpochs == 0 {
            beginsAt = Stamp(epoch: epoch, sequence: SequenceNumber(rawValue: tracks[0].firstSequence))
        }
        return index
    }

    private mutating func noteIncarnation(_ incarnation: Incarnation, ofTrack index: Int) {
        guard tracks[index].incarnation == nil else { return }
        tracks[index].incarnation = incarnation
        events.append(.epochBegan(tracks[index].epoch, incarnation))
    }

    private mutating func begin(at sequence: UInt64, time: UnixMilliseconds) {
        let gap = tracks[0].holes.first?.gap ?? 0
        let dropped = tracks[0].begin(at: sequence)
        if dropped > 0, gap != 0 { changeGap(gap, time: time) { $0.missing -= dropped } }
        beginsAt = Stamp(epoch: tracks[0].epoch, sequence: SequenceNumber(rawValue: tracks[0].firstSequence))
    }

    private mutating func foldOldEpochs(time: UnixMilliseconds) {
        while tracks.count > limits.epochs {
            for index in tracks[0].holes.indices {
                lose(track: 0, hole: index, time: time)
                let hole = tracks[0].holes[index]
                forgottenRecords += tracks[0].absentRecords(of: hole)
                gaps[hole.gap] = nil
            }
            foldedAccount = foldedAccount + tracks[0].account
            foldedEpochs += 1
            changes.foldedEpochs.insert(tracks[0].epoch)
            tracks.removeFirst()
        }
    }

    // MARK: Order

    private mutating func takeAhead(
        track index: Int, _ unit: DecodedUnit, now: MonotonicInstant, time: UnixMilliseconds
    ) -> Verdict {
        guard tracks[index].fitsAhead(unit) else { return .inconsistent }
        let isLate = isOutlived(track: index)
        if unit.firstBlock == tracks[index].frontierBlock + 1 {
            tracks[index].advance(behind: unit, isLate: isLate, now: now)
            released.append(ReleasedUnit(unit: unit, isLate: isLate))
            tracks[index].release(into: &released, isLate: isLate, now: now)
            boundGap(track: index)
        } else {
            tracks[index].wait(unit, since: now)
            while tracks[index].waiting.count > limits.waitingUnits || tracks[index].waitingBytes > limits.waitingBytes,
                let missing = tracks[index].nextHole(isOver: false),
                openHole(track: index, cause: missing.isUnheard ? .receiverDown : .link, now: now, time: time)
            {}
        }
        return .accepted
    }

    /// Whether a newer epoch has decided something already.
    private func isOutlived(track index: Int) -> Bool {
        tracks[(index + 1)...].contains { $0.frontierBlock > 0 }
    }

    // MARK: Gaps

    private mutating func openHole(
        track index: Int, cause: Gap.Cause, now: MonotonicInstant, time: UnixMilliseconds
    ) -> Bool {
        let source = sourceOfNextHole(track: index)
        let isLastHealed = tracks[index].holes.last.map { gaps[$0.gap] == nil } ?? false
        guard let opening = tracks[index].openHole(gap: nextGap, isLastHealed: isLastHealed) else { return false }
        if opening.isNewGap {
            nextGap += 1
            var gap = Gap(opening.growth, epoch: tracks[index].epoch, openedAt: time, cause: cause)
            gap.setSource(from: source.from, to: source.to)
            put(gap)
            events.append(.opened(gap))
        } else if opening.records > 0, var gap = gaps[opening.hole.gap] {
            gap.grow(to: opening.hole, by: opening.records, sourceTo: source.to)
            put(gap)
            events.append(.grew(gap))
        }
        if opening.records > 0, source.to == nil { tracks[index].source.leaveUnbounded(opening.hole.gap) }
        tracks[index].release(into: &released, isLate: isOutlived(track: index), now: now)
        boundGap(track: index)
        shedHoles(track: index, time: time)
        return true
    }

    private mutating func fill(
        track index: Int, hole: Int, with unit: DecodedUnit, time: UnixMilliseconds
    ) -> Verdict {
        guard tracks[index].fits(unit, inHole: hole) else { return .inconsistent }
        let (run, grown, duplicates) = tracks[index].fill(hole: hole, with: unit)
        released.append(ReleasedUnit(unit: unit, isLate: true, duplicates: duplicates, gap: run.gap))
        let records = unit.records - UInt64(duplicates.count)
        if run.gap != 0 {
            changeGap(run.gap, time: time, healing: Gap.Healing(unit.transmission)) { gap in
                if run.isLost { gap.lost += grown } else { gap.missing += grown }
                if run.isLost { gap.lost -= records } else { gap.missing -= records }
            }
        }
        shedHoles(track: index, time: time)
        return .accepted
    }

    mutating func lose(track index: Int, hole: Int, time: UnixMilliseconds) {
        let run = tracks[index].holes[hole]
        guard !run.isLost else { return }
        tracks[index].lose(hole: hole)
        guard run.gap != 0 else { return }
        let records = tracks[index].absentRecords(of: run)
        changeGap(run.gap, time: time) { gap in
            gap.missing -= records
            gap.lost += records
        }
    }

    /// Applies a change to a gap and says so when that closed it.
    mutating func changeGap(
        _ id: UInt64, time: UnixMilliseconds, healing: Gap.Healing? = nil, _ change: (inout Gap) -> Void
    ) {
        guard var gap = gaps[id] else { return }
        let before = gap.state
        change(&gap)
        if gap.state == .open || gap.state == before {
            put(gap)
            return
        }
        gap.closedAt = time
        gap.healedBy = gap.state == .healed ? healing : nil
        put(gap)
        events.append(.closed(gap))
    }

    /// Healed gaps leave the table; as they were last, they stay in the database.
    mutating func put(_ gap: Gap) {
        gaps[gap.id] = gap.state == .healed ? nil : gap
        changes.gaps[gap.id] = gap
    }

    /// Keeps the table of holes within its limit: the oldest one is lost and forgotten.
    private mutating func shedHoles(track index: Int, time: UnixMilliseconds) {
        while tracks[index].holes.count > limits.holes {
            giveUpOldestHole(track: index, time: time)
        }
    }

    /// The oldest hole is lost, and nothing is accepted there any more.
    mutating func giveUpOldestHole(track index: Int, time: UnixMilliseconds) {
        lose(track: index, hole: 0, time: time)
        let (run, absent) = tracks[index].forget(hole: 0)
        forgottenRecords += absent
        // The holes of one gap lie side by side.
        if tracks[index].holes.first?.gap != run.gap { gaps[run.gap] = nil }
    }
}
