internal import DiodeProtocol
internal import Time

/// The beat channel of a link: only a beat that is newer than all before it counts, and a beat of an older epoch may show a second sender.
struct BeatIntake: ~Copyable {
    /// What a decoded unit of the channel comes to.
    enum Verdict {
        case accepted(Beat)
        /// A newer one was accepted before.
        case surplus
        /// It is of an epoch that is over; a second sender still uses that epoch if `isRival` (W-21).
        case outlived(isRival: Bool)
        /// It comes from another sender lifetime than its epoch.
        case equivocation
        case unreadable(ContentError)
    }

    /// The newest accepted beat.
    private(set) var frontier: ChannelFrontier
    private var rivals: RivalWatch
    private let lowestEpoch: Epoch

    /// - Parameter stored: what an earlier process left, to go on from.
    init(lowestEpoch: Epoch, restoring stored: StoredLink?) {
        frontier = stored?.link.beat ?? ChannelFrontier()
        rivals = RivalWatch(heard: stored?.beat)
        self.lowestEpoch = lowestEpoch
    }

    /// Whether frames of this block are still wanted (W-20, W-22).
    func isOpen(_ id: BlockID) -> Bool { frontier.isOpen(id, from: lowestEpoch) }

    /// Whether a block is a beat of an epoch that is over: looked at for a second sender alone, and no sign of life.
    func isOutlived(_ id: BlockID) -> Bool { id.channel == .beat && id.epoch < frontier.epoch }

    /// Whether a block is a beat of an epoch that is over and worth a verification.
    func looksForRival(_ id: BlockID, now: MonotonicInstant) -> Bool {
        isOutlived(id) && rivals.looks(at: id.epoch, now: now)
    }

    mutating func accept(_ unit: DecodedUnit, now: MonotonicInstant) -> Verdict {
        let isNewer = frontier.isBeyond(unit.id)
        guard isNewer || isOutlived(unit.id) else { return .surplus }
        guard frontier.agrees(with: unit.id) else { return .equivocation }
        let beat: Beat
        do throws(ContentError) { beat = try Beat(decoding: unit.content.span.bytes) } catch {
            return .unreadable(error)
        }
        guard isNewer else { return .outlived(isRival: rivals.isRival(beat, of: unit.epoch, now: now)) }
        rivals.note(beat, after: frontier.epoch < unit.epoch ? frontier.epoch : nil)
        frontier.accept(unit)
        return .accepted(beat)
    }
}
