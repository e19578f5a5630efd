internal import Account
internal import DiodeProtocol
internal import Time

/// A run of blocks that have not come: all of a gap at first, a part of it once some of its blocks have come.
///
/// A hole may hold no record, where its blocks carry only control items. Exactly then it belongs to no gap, and `gap` is 0.
package struct Hole: Sendable, Equatable {
    package var gap: UInt64
    package var firstBlock, lastBlock: UInt64
    package var firstSequence, records: UInt64
    /// Given up: its records count as lost.
    package var isLost = false

    package init(
        gap: UInt64, firstBlock: UInt64, lastBlock: UInt64, firstSequence: UInt64, records: UInt64, isLost: Bool = false
    ) {
        self.gap = gap
        self.firstBlock = firstBlock
        self.lastBlock = lastBlock
        self.firstSequence = firstSequence
        self.records = records
        self.isLost = isLost
    }

    /// One past its last sequence.
    var endSequence: UInt64 { firstSequence + records }
    /// Its sequences.
    var sequences: Range<UInt64> { firstSequence..<endSequence }
}

extension Gap {
    /// The gap that a new hole opens.
    init(_ hole: Hole, epoch: Epoch, openedAt: UnixMilliseconds, cause: Cause) {
        self.init(
            id: hole.gap, epoch: epoch, firstSequence: SequenceNumber(rawValue: hole.firstSequence),
            lastSequence: SequenceNumber(rawValue: hole.endSequence - 1),
            firstBlock: BlockNumber(rawValue: hole.firstBlock), lastBlock: BlockNumber(rawValue: hole.lastBlock),
            openedAt: openedAt, cause: cause, missing: hole.records, lost: 0)
    }
}

extension Gap.Healing {
    /// What a gap was healed by that this unit fills.
    init(_ unit: DecodedUnit) {
        self =
            unit.transmission == .first
            ? (unit.isBySlowerPath ? .path : .fec) : unit.transmission < .firstResend ? .echo : .resend
    }
}
