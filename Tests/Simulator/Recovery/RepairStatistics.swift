public import FEC

/// What a lossy link did to blocks of one shape: to be compared with the binomial, since a block is lost exactly if more than
/// N − K of its N frames are.
public struct RepairStatistics: Sendable {
    /// N: frames of a block.
    public internal(set) var symbols = 0
    public internal(set) var blocks = 0
    public internal(set) var blocksLost = 0
    public internal(set) var records = 0
    public internal(set) var recordsDelivered = 0
    /// What the receiver's books say is missing.
    public internal(set) var recordsMissing: UInt64 = 0
    /// Bytes of all symbols sent, and of source symbols alone.
    public internal(set) var symbolBytes = 0
    public internal(set) var sourceBytes = 0

    /// The probability that a block cannot be restored: P(X > N − K) for X of the binomial (N, p).
    public static func lossProbability(sourceSymbols: Int, symbols: Int, loss: Double) -> Double {
        // Terms C(N, i) pⁱ (1−p)^(N−i) by their ratio, from i = 0 on; N ≤ 255 keeps them representable.
        var term = 1.0
        for _ in 0..<symbols { term *= 1 - loss }
        var restored = 0.0
        for lost in 0...(symbols - sourceSymbols) {
            restored += term
            term *= Double(symbols - lost) / Double(lost + 1) * loss / (1 - loss)
        }
        return max(0, 1 - restored)
    }

    /// Sends `records` records in blocks of K symbols over a link that loses each frame with probability `loss`.
    public static func measure(
        sourceSymbols: Int, repair: RepairRatio, loss: Double, records: Int, recordsPerBlock: Int, seed: UInt64
    ) throws -> RepairStatistics {
        var link = try LossyBlockLink(sourceSymbols: sourceSymbols, repair: repair, loss: loss, seed: seed)
        while link.statistics.records < records { try link.sendBlock(records: recordsPerBlock) }
        try link.finish()
        return link.statistics
    }
}
