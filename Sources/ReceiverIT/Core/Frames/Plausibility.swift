internal import Account
internal import DiodeProtocol

/// Numbers that the wire allows and no sender can have: they are refused although they are signed, because an account that took them in
/// would never be one again. Whoever has the key can still say them; a fault in a sender's memory or database can, too.
///
/// ```text
///  a million records a second, for nine years without a restart     2⁴⁸ records, blocks of one epoch
///  milliseconds since 1970 in the year 287000                       2⁵³ epoch, unless the card names one as large
///  a block takes less than 2³² sequences (W-08), no block none      sequence ≤ block · 2³²
/// ```
/// The rules are on single statements and on what one statement says of itself. What contradicts the records that came is refused
/// where these are known (`EpochTrack`). Nothing that is refused moves a frontier, so that the next true statement is as good as before.
struct Plausibility: Sendable {
    private static let mostNumbers: UInt64 = 1 << 48
    private static let latestEpoch: UInt64 = 1 << 53
    private static let blockSequences: UInt64 = 1 << 32
    /// A journal that is full frees what the link has not sent yet, so that its floor may lie ahead of what a beat announces.
    private static let farthestFloor: UInt64 = 1 << 40

    /// The card may vouch for epochs that somebody chose (`--epoch`).
    private let latestEpoch: UInt64

    init(lowestEpoch: Epoch) {
        latestEpoch = max(Self.latestEpoch, lowestEpoch.rawValue.plus(lowestEpoch.rawValue))
    }

    /// What of a block's own numbers cannot be, in words; nil where they may be.
    func defect(of id: BlockID, lastSequence: UInt64 = 0) -> String? {
        if id.epoch.rawValue >= latestEpoch { return "epoch \(id.epoch.rawValue)" }
        if id.block.rawValue >= Self.mostNumbers { return "block \(id.block.rawValue)" }
        return defect(sequence: lastSequence, block: id.block.rawValue)
    }

    /// The same of what a beat says.
    func defect(of beat: Beat, epoch: Epoch) -> String? {
        if let defect = defect(sequence: beat.lastSequence, block: beat.lastLiveBlock) { return defect }
        if beat.lastSnapshotBlock >= Self.mostNumbers { return "snapshot block \(beat.lastSnapshotBlock)" }
        for summary in beat.epochs {
            if summary.epoch > epoch { return "epoch \(summary.epoch.rawValue) in a beat of epoch \(epoch.rawValue)" }
            if let defect = defect(sequence: summary.lastCommitted.rawValue, block: summary.lastBlock.rawValue) {
                return "\(defect) in epoch \(summary.epoch.rawValue)"
            }
        }
        guard let floor = beat.floor else { return nil }
        if floor.epoch > epoch { return "a floor in epoch \(floor.epoch.rawValue)" }
        let announced =
            floor.epoch == epoch
            ? beat.lastSequence : beat.epochs.first(where: { $0.epoch == floor.epoch })?.lastCommitted.rawValue ?? 0
        return floor.sequence.rawValue > announced + Self.farthestFloor
            ? "a floor at record \(floor.sequence.rawValue)" : nil
    }

    private func defect(sequence: UInt64, block: UInt64) -> String? {
        if block >= Self.mostNumbers { return "block \(block)" }
        guard sequence >= Self.mostNumbers || sequence.plus(Self.blockSequences - 1) / Self.blockSequences > block
        else {
            return nil
        }
        return "record \(sequence) by block \(block)"
    }
}
