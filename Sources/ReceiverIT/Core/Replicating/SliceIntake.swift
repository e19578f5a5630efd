internal import Crypto
internal import DiodeProtocol
internal import Time

/// What the sender says of its whole state: slices make the replica equal to it, checkpoints show whether that is so (ADR 0013).
///
/// ```text
///  slice ──▶ WaitingSlices ── live has come as far ──▶ takeReady ─▶ SliceApplier ──▶ RoundWatch: whole, settled
///  checkpoint, in its place in live ──▶ Replica.agrees ──▶ DigestWatch
/// ```
struct SliceIntake: ~Copyable {
    /// What a decoded unit of the channel comes to.
    enum Verdict {
        case accepted
        /// A newer one was accepted before.
        case surplus
        /// It comes from another sender lifetime than its epoch.
        case equivocation
        case unreadable(ContentError)
    }

    /// The newest accepted block of slices.
    private(set) var frontier: ChannelFrontier
    private var waiting = WaitingSlices()
    /// The place of the card whose sender's slices wait.
    private var sender: Int?
    private var rounds: RoundWatch
    private(set) var digest: DigestWatch

    /// - Parameter stored: what an earlier process left, to go on from.
    init(restoring stored: StoredLink?) {
        frontier = stored?.link.snapshot ?? ChannelFrontier()
        rounds = stored?.link.rounds ?? RoundWatch()
        digest = stored?.link.digest ?? DigestWatch()
    }

    // MARK: Questions

    /// Whether frames of this block are still wanted (W-20, W-22).
    /// - Parameter lowestEpoch: that the sender's card vouches for.
    func isOpen(_ id: BlockID, from lowestEpoch: Epoch) -> Bool { frontier.isOpen(id, from: lowestEpoch) }

    /// The carousel has said everything once, so that the replica is whole.
    var isWhole: Bool { rounds.isWhole }

    /// What is stored of its rounds: nothing of the one that is under way.
    var storedRounds: RoundWatch { RoundWatch(isWhole: rounds.isWhole, isSettled: rounds.isSettled) }

    // MARK: Slices

    /// Lets a slice wait until live has come as far as it was captured.
    mutating func accept(_ unit: DecodedUnit, with hasher: inout SymbolHasher) -> Verdict {
        guard frontier.isBeyond(unit.id) else { return .surplus }
        guard frontier.agrees(with: unit.id) else { return .equivocation }
        let heading: SliceHeading
        do throws(ContentError) {
            heading = try SliceContent(decoding: unit.content.span.bytes, with: &hasher).heading
        } catch { return .unreadable(error) }
        frontier.accept(unit)
        // Another sender has the lease: what the one before captured may include records that it never said, and would hold up everything.
        if sender != unit.sender { waiting.removeAll() }
        sender = unit.sender
        waiting.append(WaitingSlices.Slice(heading: heading, content: unit.content))
        return .accepted
    }

    /// Moves out the oldest slice, if all records that it includes are decided.
    /// - Parameter beat: the epoch of the newest beat of a sender, by the place of its card.
    mutating func takeReady(_ tracker: borrowing GapTracker, beat: (Int) -> Epoch) -> WaitingSlices.Slice? {
        waiting.takeReady(tracker, beat: beat)
    }

    /// A slice was applied.
    /// - Parameter isMissing: whether a gap is open.
    /// - Returns: up to which record the round that is complete with it has said everything.
    mutating func noteApplied(_ heading: SliceHeading, isMissing: Bool) -> Stamp? {
        rounds.note(heading, isMissing: isMissing)
    }

    // MARK: Checkpoints

    /// A checkpoint was passed in its place.
    /// - Parameter isComparable: nothing is missing before it, and every topic found room.
    /// - Returns: whether the answer is news: the first difference, or the end of it.
    mutating func note(_ comparison: DigestComparison, isComparable: Bool, time: UnixMilliseconds) -> Bool {
        digest.note(comparison, isComparable: isComparable, isSettled: rounds.isSettled, time: time)
    }

    /// A gap opened or closed, or records became void: what the replica lacks is not known.
    /// - Parameter frontier: what is decided.
    mutating func disturb(_ frontier: Stamp?) {
        rounds.disturb(frontier)
        digest.disturb()
    }
}
