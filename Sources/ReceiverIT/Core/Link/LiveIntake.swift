internal import Account
internal import Collections
internal import DiodeProtocol
internal import Time

/// The live channel of a link: in which order its blocks are accepted, which contents they had, and which topics' records are missing.
struct LiveIntake: ~Copyable {
    /// Answers what is decided and what is missing; it changes only through this type.
    private(set) var tracker: GapTracker
    private var contents: AcceptedContents
    private var topics = GapTopics()

    /// - Parameters:
    ///   - lowestEpochs: what each card vouches for.
    ///   - stored: what an earlier process left, to go on from.
    init(limits: GapTracker.Limits, lowestEpochs: [Epoch], restoring stored: StoredLink?, now: MonotonicInstant) {
        let tracker = GapTracker(limits: limits, lowestEpochs: lowestEpochs, restoring: stored, now: now)
        self.tracker = tracker
        guard let stored else {
            contents = AcceptedContents()
            return
        }
        contents = AcceptedContents(restoring: stored.contents)
        let forgotten = GapOrder(stored.gaps.filter { !tracker.knowsGap($0.id) })
        for jump in stored.jumps {
            guard let home = tracker.firstGap(after: jump.after, before: jump.before) else { continue }
            let reachesForgotten = !forgotten.places(after: jump.after, before: jump.before).isEmpty
            topics.restore(jump, home: home, reachesForgotten: reachesForgotten)
        }
    }

    /// Whether frames of this block are still wanted (W-20, W-22).
    func isOpen(_ id: BlockID, from sender: Int) -> Bool { tracker.standing(of: id, from: sender) == .open }

    /// Whether a header names another content than the one that was accepted from that sender under its number (W-21).
    func contradicts(_ header: TransmissionHeader, from sender: Int) -> Bool {
        guard tracker.sender(of: header.id.epoch) ?? sender == sender else { return false }
        return contents.hash(of: header.id).map { $0 != header.contentHash } ?? false
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
        tracker.accept(beat, of: unit, now: now, time: time)
    }

    /// Opens the holes whose reorder window is over.
    /// - Parameter cause: asked for the cause of each.
    mutating func advance(now: MonotonicInstant, time: UnixMilliseconds, cause: (MissingBlocks) -> Gap.Cause) {
        tracker.advance(now: now, time: time, cause: cause)
    }

    /// The record of a missing stamp came as a slot of the carousel.
    /// - Parameter version: the record's, if the topic's later records had told that one of them is missing.
    mutating func fill(_ stamp: Stamp, of topic: RawSpan, version: TopicVersion?, time: UnixMilliseconds) {
        tracker.fill(stamp, time: time)
        guard let version else { return }
        topics.noteFound(
            FoundRecords(
                topic: [UInt8](copying: topic), versions: version.rawValue...version.rawValue, from: stamp,
                through: stamp))
    }

    /// What applying a released unit showed: records that stand for shed ones, and topics whose records were missed by name.
    mutating func note(_ applied: Committer.Applied, of released: ReleasedUnit) {
        if applied.shed > 0 {
            tracker.countShed(applied.shed, of: released.unit, isLate: released.isLate)
        }
        for found in applied.found { topics.noteFound(found) }
    }

    /// Versions that were passed over say which topics' records a gap swallowed.
    mutating func note(_ jumps: [VersionJump]) {
        for jump in jumps {
            // Each sender counts the versions of its own records.
            guard tracker.sender(of: jump.after.epoch) == tracker.sender(of: jump.before.epoch) else { continue }
            guard let home = tracker.firstGap(after: jump.after, before: jump.before) else { continue }
            topics.note(jump, home: home)
        }
    }

    /// Moves out what was released, in order, into `units` (emptied first; its memory is kept).
    mutating func takeReleased(into units: inout [ReleasedUnit]) { tracker.takeReleased(into: &units) }

    /// Moves out what happened to gaps and epochs.
    mutating func takeEvents() -> [GapTracker.Event] {
        let events = tracker.takeEvents()
        for case .closed(let gap) in events where gap.state == .healed { leave(gap.id, isForgotten: false) }
        return events
    }

    /// Moves out what beats said against what is decided.
    mutating func takeContradiction() -> String? { tracker.takeContradiction() }

    private mutating func leave(_ gap: UInt64, isForgotten: Bool) {
        let tracker = tracker
        topics.leave(gap, isForgotten: isForgotten) { tracker.firstGap(after: $0.after, before: $0.before) }
    }

    // MARK: Storage

    /// Moves out what changed since the last call.
    mutating func takeChanges(into changes: inout LinkChanges) {
        changes.tracker = tracker.takeChanges()
        if topics.homeCount > tracker.gapCount {
            for gap in topics.homes(except: { tracker.knowsGap($0) }) { leave(gap, isForgotten: true) }
        }
        changes.jumps = topics.takeChanges()
        changes.contents = contents.takeChanges()
    }

    /// Everything, as changes to an empty database.
    mutating func addAll(to changes: inout LinkChanges) {
        changes.tracker = tracker.wholeState()
        changes.jumps = topics.all.reduce(into: [:]) { $0[$1.key] = .some($1) }
        changes.contents = contents.all
    }
}
