/// How a packed block is cut into source symbols (RFC 5052 section 9.1, with a single source block).
///
/// ```text
/// packed block   |------------------ packedBytes ------------------|
/// symbols        |--- T ---|--- T ---|--- T ---|--- T ---|--- T ---|
/// ESI            0         1         2        …           K-1   ^^^ zeros
/// ```
///
/// Invariants: `sourceSymbols * symbolBytes >= packedBytes`, less than one symbol and fewer than `sourceSymbols`
/// bytes of padding, so no symbol consists of padding alone.
public struct SymbolPartition: Equatable, Sendable {
    /// K, the number of source symbols: 1…255.
    public let sourceSymbols: Int
    /// T, the bytes of every symbol: 1…65535.
    public let symbolBytes: Int

    /// The smallest K whose symbols hold the block, with symbols as short as that K allows.
    ///
    /// - Parameters:
    ///   - packedBytes: bytes of the packed block, at least 1.
    ///   - maximumSymbolBytes: the longest symbol that fits a frame, 1…65535.
    ///   - maximumSourceSymbols: the largest K allowed, 1…255. The default leaves room for two disjoint
    ///     transmissions with 20 % repair each.
    /// - Returns: nil if the block would need more than `maximumSourceSymbols` symbols.
    public init?(packedBytes: Int, maximumSymbolBytes: Int, maximumSourceSymbols: Int = 104) {
        precondition(packedBytes >= 1, "a block has at least one byte")
        precondition((1...CodeLimits.symbolBytes).contains(maximumSymbolBytes), "a symbol has 1…65535 bytes")
        precondition((1...CodeLimits.symbols).contains(maximumSourceSymbols), "a block has 1…255 source symbols")
        let (quotient, remainder) = packedBytes.quotientAndRemainder(dividingBy: maximumSymbolBytes)
        let sourceSymbols = quotient + (remainder > 0 ? 1 : 0)
        guard sourceSymbols <= maximumSourceSymbols else { return nil }
        self.sourceSymbols = sourceSymbols
        self.symbolBytes = (packedBytes + sourceSymbols - 1) / sourceSymbols
    }
}
