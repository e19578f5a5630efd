internal import DiodeProtocol
internal import Time

/// The beat channel of one sender: only a beat that is newer than all before it counts, and a beat of an older epoch may show a second sender,
/// or a sender whose clock was set back.
struct BeatIntake: ~Copyable {
    /// What a decoded unit of the channel comes to.
    enum Verdict {
        case accepted(Beat)
        /// A newer one was accepted before.
        case surplus
        /// It is of an epoch that is over; a second sender still uses that epoch if `isRival` (W-21).
        case outlived(isRival: Bool)
        /// The card does not vouch for its epoch (W-22), and nothing else was ever heard.
        case belowCard
        /// It says what no sender can have; in words.
        case implausible(String)
        /// It comes from another sender lifetime than its epoch.
        case equivocation
        case unreadable(ContentError)
    }

    /// How often a beat of an epoch below the card's is worth a verification.
    private static let cardPause = Duration.seconds(5)

    /// The newest accepted beat.
    private(set) var frontier: ChannelFrontier
    /// Whether it says that its epoch brings nothing (W-52).
    private(set) var standsBy: Bool
    private var rivals: RivalWatch
    private let lowestEpoch: Epoch
    private let plausibility: Plausibility
    private var looksBelowCardFrom: MonotonicInstant?

    /// - Parameter stored: what an earlier process left, to go on from.
    init(lowestEpoch: Epoch, restoring stored: SenderRow?) {
        frontier = stored?.frontier ?? ChannelFrontier()
        standsBy = stored?.beat?.standsBy ?? false
        rivals = RivalWatch(heard: stored?.beat, since: stored?.rivalsSince)
        self.lowestEpoch = lowestEpoch
        plausibility = Plausibility(lowestEpoch: lowestEpoch)
    }

    /// From which clock on a beat of an older epoch shows a second sender, for the next process.
    var rivalsSince: UnixMilliseconds? { rivals.since }

    /// Whether a block brings records or slices of an epoch of which its sender has said that it stands by.
    func contradicts(_ id: BlockID) -> Bool { id.channel != .beat && standsBy && id.epoch == frontier.epoch }

    /// Whether frames of this block are still wanted (W-20, W-22).
    func isOpen(_ id: BlockID) -> Bool { frontier.isOpen(id, from: lowestEpoch) }

    /// Whether a block is a beat that says nothing of what is current: of an epoch that is over, or below the card's. It is no sign of life.
    func isOutdated(_ id: BlockID) -> Bool { isOutlived(id) || isBelowCard(id) }

    /// Whether a block is a beat of such an epoch and worth a verification all the same.
    func looks(at id: BlockID, now: MonotonicInstant) -> Bool {
        isOutlived(id) && rivals.looks(now: now)
            || isBelowCard(id) && looksBelowCardFrom.map { $0 <= now } ?? true
    }

    private func isOutlived(_ id: BlockID) -> Bool { id.channel == .beat && id.epoch < frontier.epoch }

    /// A receiver that has heard anything goes by that, not by the card.
    private func isBelowCard(_ id: BlockID) -> Bool {
        id.channel == .beat && frontier.epoch.rawValue == 0 && id.epoch < lowestEpoch
    }

    /// A beat came that may be below the card, whether it can be read or not.
    /// - Returns: whether it is; then no other is worth a verification for a while.
    mutating func noteBelowCard(_ id: BlockID, now: MonotonicInstant) -> Bool {
        guard isBelowCard(id) else { return false }
        looksBelowCardFrom = now.advanced(by: Self.cardPause)
        return true
    }

    mutating func accept(_ unit: DecodedUnit, now: MonotonicInstant) -> Verdict {
        if noteBelowCard(unit.id, now: now) { return .belowCard }
        let isNewer = frontier.isBeyond(unit.id)
        guard isNewer || isOutlived(unit.id) else { return .surplus }
        guard frontier.agrees(with: unit.id) else { return .equivocation }
        let beat: Beat
        do throws(ContentError) { beat = try Beat(decoding: unit.content.span.bytes) } catch {
            return .unreadable(error)
        }
        guard isNewer else { return .outlived(isRival: rivals.isRival(beat, now: now)) }
        if let defect = plausibility.defect(of: beat, epoch: unit.epoch) { return .implausible(defect) }
        rivals.note(beat, isFirst: frontier.epoch < unit.epoch)
        frontier.accept(unit)
        standsBy = beat.standsBy
        return .accepted(beat)
    }
}
