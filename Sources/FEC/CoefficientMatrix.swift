/// Coefficients of GF(2⁸), one row for each symbol to compute, one column for each symbol it is computed from.
///
/// Row `r` begins at byte `256 * r` of `elements`; columns beyond those in use hold anything.
struct CoefficientMatrix: Sendable {
    static let rowStride = 256

    private(set) var elements: [UInt8] = []

    /// Makes room for `rows` rows. Keeps its memory when there are fewer than before.
    mutating func grow(toRows rows: Int) {
        let missing = rows * Self.rowStride - elements.count
        if missing > 0 { elements.append(contentsOf: repeatElement(0, count: missing)) }
    }

    subscript(row: Int, column: Int) -> UInt8 {
        get { elements[row * Self.rowStride + column] }
        set { elements[row * Self.rowStride + column] = newValue }
    }

    /// The generator of the code: the repair symbol with ESI e is the sum over all sources j of
    /// `inverse(e XOR j)` × source j.
    ///
    /// A Cauchy matrix over the points e and j, which are distinct because e ≥ K > j: therefore every square part
    /// of it is invertible, and any K encoding symbols restore the block. K decides only how many columns of a row
    /// are used. Column e of row e is 0 and never used.
    static let generator: CoefficientMatrix = {
        var matrix = CoefficientMatrix()
        matrix.grow(toRows: CodeLimits.symbols)
        for esi in 0..<CodeLimits.symbols {
            for source in 0..<CodeLimits.symbols where source != esi {
                matrix[esi, source] = GaloisField.inverse(UInt8(esi ^ source))
            }
        }
        return matrix
    }()
}
