internal import DiodeProtocol

/// Notices when slices have covered everything once: then the replica is whole; and once since anything was last missing: then the link
/// is settled (ADR 0013).
///
/// ```text
/// gap opens ──▶ unsettled ── all gaps closed ─▶ a round begins ─▶ each slice joins the one before ─▶ its last ─▶ settled
///                   ▲                                 │  a slice is missing, or a gap opens
///                   └─────────────────────────────────┘
/// ```
package struct RoundWatch: Sendable, Equatable {
    /// A complete round was applied since this replica began.
    package private(set) var isWhole = false
    /// One was since the last gap closed, and none is open.
    package private(set) var isSettled = false
    /// The round that is complete so far, and where its next slice has to begin.
    private var epoch = Epoch(rawValue: 0)
    private var round: UInt64?
    private var next = TopicHash(rawValue: 0)
    /// Of its first slice: the others were captured later.
    private var begun = Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0))
    /// Something was missing while it was applied, or after it was captured.
    private var isDisturbed = false
    /// What was decided when something was last missing.
    private var disturbedAt: Stamp?

    init() {}

    /// As it was stored.
    package init(isWhole: Bool, isSettled: Bool) {
        self.isWhole = isWhole
        self.isSettled = isSettled
    }

    /// A gap opened or closed, or records became void.
    /// - Parameter frontier: what is decided.
    mutating func disturb(_ frontier: Stamp?) {
        isSettled = false
        isDisturbed = true
        disturbedAt = frontier
    }

    /// A slice was applied.
    /// - Parameter isMissing: whether a gap is open.
    /// - Returns: up to which record the round that is complete with it has said everything.
    mutating func note(_ heading: SliceHeading, isMissing: Bool) -> Stamp? {
        if heading.from.rawValue == 0 {
            (epoch, round, begun) = (heading.capture.epoch, heading.round, heading.capture)
            isDisturbed = disturbedAt.map { heading.capture < $0 } ?? false
        } else if heading.capture.epoch != epoch || heading.round != round || heading.from != next {
            round = nil
        }
        if isMissing { isDisturbed = true }
        guard round != nil else { return nil }
        guard heading.isLast else {
            next = TopicHash(rawValue: heading.to.rawValue &+ 1)
            return nil
        }
        round = nil
        isWhole = true
        if !isDisturbed { isSettled = true }
        return begun
    }
}
