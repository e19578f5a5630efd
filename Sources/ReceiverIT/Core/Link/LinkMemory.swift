import Account
import DiodeProtocol
import Time

/// What a link must not forget: which blocks it accepted, what is missing, which values are newest.
///
/// A plain value. `takeChanges` moves out what changed since it was last called, so that a round costs what it changed, and
/// `wholeState` everything, for a database that is empty or missed some.
struct LinkMemory: Sendable {
    var tracker: GapTracker
    var replica: Replica
    var gapTopics = GapTopics()
    var snapshot = ChannelFrontier()
    var beat = ChannelFrontier()
    var contents = AcceptedContents()
    var slices = WaitingSlices()
    var rounds = RoundWatch()
    var digest = DigestWatch()
    /// Whether the IT broker retains what the replica holds, as it was last read back; nil while nobody knows.
    var itMatches: Bool?
    /// The newest beat of this process, and whether `takeChanges` has handed it over.
    private var anchor: Anchors.Candidate?
    private var isAnchorTaken = true
    private var takenRow = LinkRow()
    private var nextCheckpoint: MonotonicInstant
    private var mayCheckpoint = false

    /// How often the stamps of changed topics are written.
    private static let checkpointPeriod = Duration.seconds(5)
    /// Topics that one round writes.
    private static let checkpointStep = 2_048

    /// - Parameter stored: what an earlier process left, to go on from.
    init(card: LinkCard, settings: ReceiverCore.Settings, restoring stored: StoredLink?, now: MonotonicInstant) {
        nextCheckpoint = now.advanced(by: Self.checkpointPeriod)
        var limits = GapTracker.Limits()
        limits.reorderWindow = settings.reorderWindow
        limits.waitingUnits = settings.reorderBlocks
        limits.waitingBytes = settings.reorderBytes
        limits.holes = settings.holes
        guard let stored else {
            tracker = GapTracker(limits: limits, lowestEpoch: card.lowestEpoch)
            replica = Replica(limits: Replica.Limits(settings))
            return
        }
        tracker = GapTracker(limits: limits, lowestEpoch: card.lowestEpoch, restoring: stored, now: now)
        replica = stored.replica
        gapTopics = GapTopics(restoring: stored.gapTopics)
        snapshot = stored.link.snapshot
        beat = stored.link.beat
        contents = AcceptedContents(restoring: stored.contents)
        rounds = stored.link.rounds
        digest = stored.link.digest
        itMatches = stored.link.itMatches
        takenRow = stored.link
    }

    private var row: LinkRow {
        // Of a round under way nothing is stored.
        let rounds = RoundWatch(isWhole: rounds.isWhole, isSettled: rounds.isSettled)
        return LinkRow(
            tracker: tracker.row, snapshot: snapshot, beat: beat, rounds: rounds, digest: digest, itMatches: itMatches)
    }

    /// What of the account a beat may end: epochs, and the hope for records.
    var ends: (epochs: UInt64, lost: UInt64) { (tracker.endings, tracker.account.lost) }

    /// A beat came that the ledger may keep.
    /// - Parameter before: what had ended before it came.
    mutating func note(
        _ signed: SignedBeat, saying beat: Beat, isFirstOfEpoch: Bool, since before: (epochs: UInt64, lost: UInt64)
    ) {
        let isEnding = isFirstOfEpoch || ends.epochs != before.epochs
        let newer = Anchors.Candidate(
            beat: signed, said: beat,
            urgency: isEnding ? .now : ends.lost > before.lost ? .withinMinute : .withBalance)
        if isAnchorTaken { anchor = newer } else { anchor?.merge(newer) }
        isAnchorTaken = false
    }

    /// Lets the next checkpoint begin when it is due.
    mutating func advance(now: MonotonicInstant) {
        guard nextCheckpoint <= now else { return }
        nextCheckpoint = now.advanced(by: Self.checkpointPeriod)
        mayCheckpoint = true
    }

    /// Moves out what changed since the last call.
    mutating func takeChanges(with hasher: inout SymbolHasher) -> LinkChanges {
        var changes = LinkChanges()
        changes.tracker = tracker.takeChanges()
        changes.gapTopics = gapTopics.takeChanges()
        if gapTopics.named.count > tracker.gapCount { gapTopics.keep { tracker.knowsGap($0) } }
        changes.contents = contents.takeChanges()
        if !isAnchorTaken { changes.anchor = anchor }
        isAnchorTaken = true
        (changes.checkpoint, changes.topics) = replica.stepCheckpoint(
            mayBegin: mayCheckpoint, limit: Self.checkpointStep, with: &hasher)
        if changes.checkpoint.begins { mayCheckpoint = false }
        if row != takenRow {
            takenRow = row
            changes.link = takenRow
        }
        return changes
    }

    /// Everything, as changes to an empty database.
    mutating func wholeState(with hasher: inout SymbolHasher) -> LinkChanges {
        _ = takeChanges(with: &hasher)
        replica.prepareWhole(with: &hasher)
        // It may tell of what no transaction has held.
        anchor?.urgency = .now
        return LinkChanges(
            whole: replica, link: row, tracker: tracker.wholeState(), gapTopics: gapTopics.named,
            contents: contents.all,
            topics: [], checkpoint: .init(begins: true, ends: true), anchor: anchor)
    }
}

// MARK: Whether a frame is of any use

extension LinkMemory {
    /// Whether frames of this block are still wanted (W-20, W-22).
    func isOpen(_ id: BlockID) -> Bool {
        switch id.channel {
        case .live: tracker.standing(of: id) == .open
        case .snapshot: isBeyond(snapshot, id)
        case .beat: isBeyond(beat, id)
        }
    }

    private func isBeyond(_ frontier: ChannelFrontier, _ id: BlockID) -> Bool {
        // What the card does not vouch for is refused where nothing is known yet.
        frontier.isBeyond(id) && (frontier.epoch.rawValue > 0 || id.epoch >= tracker.lowestEpoch)
    }

    /// A beat of an epoch that is over: looked at for a second sender alone, and no sign of life.
    func isOutlivedBeat(_ id: BlockID) -> Bool { id.channel == .beat && id.epoch < beat.epoch }

    /// W-23: numbers that a healthy sender may use now.
    func isPlausible(_ id: BlockID, time: UnixMilliseconds) -> Bool {
        let newest = max(time.rawValue, tracker.newestEpoch?.rawValue ?? 0)
        guard id.epoch.rawValue <= newest.addingReportingOverflow(86_400_000).partialValue else { return false }
        let frontier =
            switch id.channel {
            case .live: tracker.frontierBlock(of: id.epoch)
            case .snapshot: snapshot.epoch == id.epoch ? snapshot.block : 0
            case .beat: beat.epoch == id.epoch ? beat.block : 0
            }
        return id.block.rawValue <= frontier || id.block.rawValue - frontier <= 1 << 32
    }
}
