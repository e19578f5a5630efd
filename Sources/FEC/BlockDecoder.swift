/// Collects encoding symbols of one source block, any K of them, and restores the source.
///
/// ```text
///            insert                      insert of the K-th            decode
/// reset ──▶ collecting (received < K) ─────────────▶ complete ─────────────▶ decoded
/// ```
///
/// Symbols must be authentic: one false symbol falsifies all that are restored with it. Memory: K × T bytes, and as
/// many again at most for repair symbols; ``reset(sourceSymbols:symbolBytes:)`` keeps it for the next block.
public struct BlockDecoder: ~Copyable {
    /// What became of a symbol.
    public enum Insertion: Sendable {
        /// It counts; more are needed.
        case stored
        /// It counts, and K symbols are in.
        case complete
        /// This ESI is in already; the symbol was ignored.
        case duplicate
        /// K symbols were in already; the symbol was ignored.
        case surplus
    }

    /// K, 1…255.
    public private(set) var sourceSymbols: Int
    /// T, 1…65535.
    public private(set) var symbolBytes: Int
    /// Distinct encoding symbols that are in, 0…K.
    public private(set) var received = 0
    /// Source symbols that are not in: those that ``decode()`` will restore once the block is complete.
    public private(set) var missingSource: Int

    /// K slots of T bytes for the source symbols, then a slot for each repair symbol in order of arrival.
    private var slots: [UInt8] = []
    private var symbols = SymbolSet()
    private var repair: [UInt8] = []
    private var isDecoded = false

    // What decode() works with, kept for the next block.
    private var restoration = RestorationMatrix()
    private var product = SymbolProduct()
    private var lost: [UInt8] = []
    private var columns: [UInt8] = []
    private var inputSlots: [Int] = []
    private var outputSlots: [Int] = []

    /// Starts a block.
    ///
    /// - Parameters:
    ///   - sourceSymbols: K, 1…255.
    ///   - symbolBytes: T, 1…65535.
    public init(sourceSymbols: Int, symbolBytes: Int) {
        self.sourceSymbols = sourceSymbols
        self.symbolBytes = symbolBytes
        missingSource = sourceSymbols
        reset(sourceSymbols: sourceSymbols, symbolBytes: symbolBytes)
    }

    /// Forgets the block and starts another in the same memory, which grows if it must.
    public mutating func reset(sourceSymbols: Int, symbolBytes: Int) {
        precondition((1...CodeLimits.symbols).contains(sourceSymbols), "a block has 1…255 source symbols")
        precondition((1...CodeLimits.symbolBytes).contains(symbolBytes), "a symbol has 1…65535 bytes")
        self.sourceSymbols = sourceSymbols
        self.symbolBytes = symbolBytes
        missingSource = sourceSymbols
        received = 0
        symbols = SymbolSet()
        repair.removeAll(keepingCapacity: true)
        isDecoded = false
        grow(toSlots: sourceSymbols)
    }

    /// Whether K symbols are in, so that ``decode()`` may be called.
    public var isComplete: Bool { received == sourceSymbols }

    /// Takes a copy of an encoding symbol.
    ///
    /// - Parameters:
    ///   - esi: 0…254.
    ///   - symbol: exactly T bytes.
    public mutating func insert(esi: Int, symbol: RawSpan) -> Insertion {
        precondition((0..<CodeLimits.symbols).contains(esi), "an ESI is 0…254")
        precondition(symbol.byteCount == symbolBytes, "a symbol has T bytes")
        if isComplete { return .surplus }
        guard symbols.insert(esi) else { return .duplicate }
        received += 1
        if esi < sourceSymbols {
            missingSource -= 1
            store(symbol, inSlot: esi)
        } else {
            store(symbol, inSlot: slotForRepair())
            repair.append(UInt8(esi))
        }
        return isComplete ? .complete : .stored
    }

    /// Restores the source symbols that are missing. The block must be complete; a second call does nothing.
    ///
    /// Cost: one product of a matrix of `missingSource` rows and K columns with the received symbols, and its
    /// coefficients in closed form; nothing if no source symbol is missing.
    public mutating func decode() {
        precondition(isComplete, "decoding needs K symbols")
        if isDecoded { return }
        isDecoded = true
        if missingSource == 0 { return }
        listSymbols()
        restoration.fill(lost: lost, repair: repair, received: columns)
        product.multiply(
            restoration.coefficients, rows: 0..<lost.count, symbolBytes: symbolBytes,
            within: &slots, inputSlots: inputSlots, outputSlots: outputSlots)
    }

    /// The source symbols in order, K × T bytes, the padding of the last one included. The block must be decoded.
    public var source: RawSpan {
        @_lifetime(borrow self)
        get {
            precondition(isDecoded, "the source is there once the block is decoded")
            return slots.span.bytes.extracting(0..<sourceSymbols * symbolBytes)
        }
    }

    /// Lists what is lost and what is in, by ESI and by slot.
    private mutating func listSymbols() {
        lost.removeAll(keepingCapacity: true)
        columns.removeAll(keepingCapacity: true)
        inputSlots.removeAll(keepingCapacity: true)
        outputSlots.removeAll(keepingCapacity: true)
        for esi in 0..<sourceSymbols {
            if symbols.contains(esi) {
                columns.append(UInt8(esi))
                inputSlots.append(esi)
            } else {
                lost.append(UInt8(esi))
                outputSlots.append(esi)
            }
        }
        columns.append(contentsOf: repair)
        inputSlots.append(contentsOf: sourceSymbols..<sourceSymbols + repair.count)
    }

    /// The slot for the next repair symbol. Slots are added in growing steps, up to as many as can ever be used.
    private mutating func slotForRepair() -> Int {
        let slot = sourceSymbols + repair.count
        if slots.count < (slot + 1) * symbolBytes {
            let most = min(sourceSymbols, CodeLimits.symbols - sourceSymbols)
            grow(toSlots: sourceSymbols + min(most, 2 * repair.count + sourceSymbols / 4 + 1))
        }
        return slot
    }

    private mutating func grow(toSlots count: Int) {
        let missing = count * symbolBytes - slots.count
        if missing <= 0 { return }
        slots.reserveCapacity(count * symbolBytes)
        slots.append(contentsOf: repeatElement(0, count: missing))
    }

    private mutating func store(_ symbol: RawSpan, inSlot slot: Int) {
        let byteOffset = slot * symbolBytes
        var span = slots.mutableSpan
        var bytes = span.mutableBytes
        bytes.copy(symbol, toByteOffset: byteOffset)
    }
}
