internal import DiodeProtocol

/// A decoded content with its numbers: one block, or all the parts of one content, which are accepted together or not at
/// all.
struct DecodedUnit: Sendable {
    let channel: Channel
    let epoch: Epoch
    let incarnation: Incarnation
    /// Consecutive block numbers: one, or as many as there are parts.
    let firstBlock, lastBlock: UInt64
    /// `lastSequence = firstSequence − 1` for a unit that takes no sequence. Both 0 outside of live.
    let firstSequence, lastSequence: UInt64
    /// One for each block, in order.
    let contentHashes: [ContentHash]
    /// The newest transmission that a symbol of it came from: 0 is the first.
    let transmission: TransmissionNumber
    /// The plain content.
    let content: [UInt8]
    /// Of a beat in one part: what the sender signed, as it was packed. Else empty.
    var packed: [UInt8] = []
    /// How it came.
    var form: WireForm?
    /// The place of its sender's card.
    var sender = 0
    /// What completed it came by a path that is not first as a rule.
    var isBySlowerPath = false

    var records: UInt64 { channel == .live ? lastSequence + 1 - firstSequence : 0 }
    var endSequence: UInt64 { lastSequence + 1 }
    /// The name of its first block.
    var id: BlockID {
        BlockID(channel: channel, epoch: epoch, incarnation: incarnation, block: BlockNumber(rawValue: firstBlock))
    }
}

/// A unit that was accepted, in the order in which its effects are to be applied.
struct ReleasedUnit: Sendable {
    let unit: DecodedUnit
    /// It filled a gap, or came after a newer epoch had begun.
    let isLate: Bool
    /// Sequences of records that came without it, ascending: they are not delivered again.
    var duplicates: [UInt64] = []
    /// The gap that it came out of; 0: none.
    var gap: UInt64 = 0
}
