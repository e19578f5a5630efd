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
    private var storage: [UInt8] = []

    /// Starts a block of `sourceSymbols` (K, 1…255) symbols of `symbolBytes` (T, 1…65535) bytes.
    public init(sourceSymbols: Int, symbolBytes: Int) {
        self.sourceSymbols = sourceSymbols
        self.symbolBytes = symbolBytes
        missingSource = sourceSymbols
    }

    /// Forgets the block and starts another, in the same memory.
    public mutating func reset(sourceSymbols: Int, symbolBytes: Int) {
        self.sourceSymbols = sourceSymbols
        self.symbolBytes = symbolBytes
    }

    /// Whether K symbols are in, so that ``decode()`` may be called.
    public var isComplete: Bool { received == sourceSymbols }

    /// Takes a copy of an encoding symbol.
    ///
    /// - Parameters:
    ///   - esi: 0…254.
    ///   - symbol: exactly T bytes.
    public mutating func insert(esi: Int, symbol: RawSpan) -> Insertion {
        .stored
    }

    /// Restores the source symbols that are missing. The block must be complete; a second call does nothing.
    public mutating func decode() {
    }

    /// The source symbols in order, K × T bytes, the padding of the last one included. The block must be decoded.
    public var source: RawSpan {
        @_lifetime(borrow self)
        get {
            storage.span.bytes.extracting(0..<sourceSymbols * symbolBytes)
        }
    }
}
