internal import Account
internal import Collections
internal import DiodeProtocol
internal import Time

/// The live channel of a link: in which order its blocks are accepted, which contents they had, and which topics' records are missing.
struct LiveIntake: ~Copyable {
    /// Answers what is decided and what is missing; it changes only through this type.
    private(set) var tracker: GapTracker
    private var contents: AcceptedContents
    private var topics: GapTopics

    /// - Parameter stored: what an earlier process left, to go on from.
    init(limits: GapTracker.Limits, lowestEpoch: Epoch, restoring stored: StoredLink?, now: MonotonicInstant) {
        guard let stored else {
            tracker = GapTracker(limits: limits, lowestEpoch: lowestEpoch)
            contents = AcceptedContents()
            topics = GapTopics()
            return
        }
        tracker = GapTracker(limits: limits, lowestEpoch: lowestEpoch, restoring: stored, now: now)
        contents = AcceptedContents(restoring: stored.contents)
        topics = GapTopics(restoring: stored.gapTopics)
    }

    /// Whether frames of this block are still wanted (W-20, W-22).
    func isOpen(_ id: BlockID) -> Bool { tracker.standing(of: id) == .open }

    /// Whether a header names another content than the one that was accepted under its number (W-21).
    func contradicts(_ header: TransmissionHeader) -> Bool {
        contents.hash(of: header.id).map { $0 != header.contentHash } ?? false
    }

    /// Decides on a unit, whose content was checked.
    mutating func accept(_ unit: DecodedUnit, now: MonotonicInstant, time: UnixMilliseconds) -> GapTracker.Verdict {
        let verdict = tracker.accept(unit, now: now, time: time)
        if verdict == .accepted {
            contents.insert(unit)
        }
        return verdict
    }

    /// What a beat says of the live channel.
    /// - Returns: the epochs that the sender has no memory of, whenever a beat says so.
    mutating func accept(
        _ beat: Beat, of unit: DecodedUnit, now: MonotonicInstant, time: UnixMilliseconds
    ) -> [Epoch] {
        tracker.accept(beat, epoch: unit.epoch, incarnation: unit.incarnation, now: now, time: time)
    }

    /// Opens the holes whose reorder window is over.
    /// - Parameter cause: asked for the cause of each.
    mutating func advance(now: MonotonicInstant, time: UnixMilliseconds, cause: (MissingBlocks) -> Gap.Cause) {
        tracker.advance(now: now, time: time, cause: cause)
    }

    /// The record of a missing stamp came as a slot of the carousel.
    /// - Parameter wasNamed: whether the topic's later records had told that one of them is missing.
    mutating func fill(_ stamp: Stamp, of topic: RawSpan, wasNamed: Bool, time: UnixMilliseconds) {
        let gap = tracker.fill(stamp, time: time)
        if wasNamed { topics.noteFound([UInt8](copying: topic), in: gap) }
    }

    /// What applying a released unit showed: records that stand for shed ones, and topics whose records were missed by name.
    mutating func note(_ applied: Committer.Applied, of released: ReleasedUnit) {
        if applied.shed > 0 {
            tracker.countShed(applied.shed, of: released.unit, isLate: released.isLate)
        }
        for topic in applied.found { topics.noteFound(topic, in: released.gap) }
    }

    /// Versions that were passed over say which topics' records a gap swallowed.
    mutating func note(_ jumps: [VersionJump]) {
        for jump in jumps {
            topics.note(jump.topic, records: jump.records, in: tracker.gaps(after: jump.after, before: jump.before))
        }
    }

    /// Moves out what was released, in order, into `units` (emptied first; its memory is kept).
    mutating func takeReleased(into units: inout [ReleasedUnit]) { tracker.takeReleased(into: &units) }

    /// Moves out what happened to gaps and epochs.
    mutating func takeEvents() -> [GapTracker.Event] {
        let events = tracker.takeEvents()
        for case .closed(let gap) in events where gap.state == .healed { topics.remove(gap.id) }
        return events
    }

    /// Moves out what beats said against what is decided.
    mutating func takeContradiction() -> String? { tracker.takeContradiction() }

    // MARK: Storage

    /// Moves out what changed since the last call.
    mutating func takeChanges(into changes: inout LinkChanges) {
        changes.tracker = tracker.takeChanges()
        changes.gapTopics = topics.takeChanges()
        if topics.gapCount > tracker.gapCount { topics.keep { tracker.knowsGap($0) } }
        changes.contents = contents.takeChanges()
    }

    /// Everything, as changes to an empty database.
    mutating func addAll(to changes: inout LinkChanges) {
        changes.tracker = tracker.wholeState()
        changes.gapTopics = topics.named
        changes.contents = contents.all
    }
}
