/// Computes the encoding symbols of source blocks.
///
/// Systematic: the encoding symbol with ESI < K is that source symbol. ESI K…254 are repair symbols: row ESI of
/// ``CoefficientMatrix/generator`` times the source. One encoder serves any number of blocks of any shape; once it
/// has seen its largest block it allocates nothing.
public struct SymbolEncoder: ~Copyable {
    private var product = SymbolProduct()
    private var inputSlots: [Int] = []
    private var outputSlots: [Int] = []

    /// An encoder with empty buffers.
    public init() {}

    /// Writes the encoding symbols `esis` of one block, in order.
    ///
    /// - Parameters:
    ///   - source: the source symbols in order, `sourceSymbols * symbolBytes` bytes, the last one padded by the caller.
    ///   - sourceSymbols: K, 1…255.
    ///   - symbolBytes: T, 1…65535.
    ///   - esis: what to compute, within 0…254. Source symbols among them are copied.
    ///   - output: exactly `esis.count * symbolBytes` bytes; the symbol with ESI e begins at byte
    ///     `(e - esis.lowerBound) * symbolBytes`.
    public mutating func encode(
        source: RawSpan, sourceSymbols: Int, symbolBytes: Int, esis: Range<Int>, into output: inout MutableRawSpan
    ) {
        precondition((1...CodeLimits.symbols).contains(sourceSymbols), "a block has 1…255 source symbols")
        precondition((1...CodeLimits.symbolBytes).contains(symbolBytes), "a symbol has 1…65535 bytes")
        precondition(esis.lowerBound >= 0 && esis.upperBound <= CodeLimits.symbols, "an ESI is 0…254")
        precondition(source.byteCount == sourceSymbols * symbolBytes, "the source has K × T bytes")
        precondition(output.byteCount == esis.count * symbolBytes, "the output has T bytes for each ESI")
        let copied = esis.clamped(to: 0..<sourceSymbols)
        if !copied.isEmpty {
            let bytes = copied.lowerBound * symbolBytes..<copied.upperBound * symbolBytes
            output.copy(source.extracting(bytes), toByteOffset: 0)
        }
        let computed = esis.clamped(to: sourceSymbols..<CodeLimits.symbols)
        inputSlots.removeAll(keepingCapacity: true)
        inputSlots.append(contentsOf: 0..<sourceSymbols)
        outputSlots.removeAll(keepingCapacity: true)
        outputSlots.append(contentsOf: copied.count..<esis.count)
        product.multiply(
            .generator, rows: computed, symbolBytes: symbolBytes,
            from: source, inputSlots: inputSlots, into: &output, outputSlots: outputSlots)
    }
}
