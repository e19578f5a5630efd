/// Which encoding symbols of a block are in.
///
/// Bit i mod 64 of word i / 64 is set ⇔ the encoding symbol with ESI i is in.
struct SymbolSet: Sendable {
    private var words = SIMD4<UInt64>()

    func contains(_ esi: Int) -> Bool { words[esi >> 6] & (1 << UInt64(esi & 63)) != 0 }

    /// - Returns: false if the symbol was in already.
    mutating func insert(_ esi: Int) -> Bool {
        let isNew = !contains(esi)
        words[esi >> 6] |= 1 << UInt64(esi & 63)
        return isNew
    }
}
