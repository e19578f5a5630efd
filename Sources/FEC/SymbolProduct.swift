/// Matrix times symbols: all arithmetic on symbol bytes goes through here.
///
/// Symbols lie in slots of T bytes: slot s of a buffer begins at byte `s * T`. Each row of the matrix makes one output
/// symbol, the sum over the columns of coefficient × input symbol.
struct SymbolProduct: ~Copyable {
    private var portable = BitHornerKernel()
    private let vector: VectorKernel?

    /// - Parameter vector: one that this processor has; nil: the portable kernel. They give the same bytes.
    init(_ vector: VectorKernel? = VectorKernel.present.last) { self.vector = vector }

    /// Computes symbols of one buffer from those of another.
    ///
    /// - Parameters:
    ///   - rows: the rows of `coefficients` to use.
    ///   - inputSlots: the slot of `source` that belongs to each column, 1…255 columns.
    ///   - outputSlots: the slot of `destination` that each row writes, as many as `rows`.
    mutating func multiply(
        _ coefficients: CoefficientMatrix, rows: Range<Int>, symbolBytes: Int,
        from source: RawSpan, inputSlots: [Int], into destination: inout MutableRawSpan, outputSlots: [Int]
    ) {
        source.withUnsafeBytes { inputs in
            destination.withUnsafeMutableBytes { outputs in
                // Safe: `destination` is exclusive, so the two do not overlap; `compute` checks every slot against its
                // buffer; no pointer leaves the closures.
                compute(
                    DotProducts(
                        coefficients: coefficients, rows: rows, symbolBytes: symbolBytes,
                        inputs: inputs, inputSlots: inputSlots, outputs: outputs, outputSlots: outputSlots))
            }
        }
    }

    /// Computes symbols of one buffer from others of the same. No slot may be input and output.
    mutating func multiply(
        _ coefficients: CoefficientMatrix, rows: Range<Int>, symbolBytes: Int,
        within buffer: inout [UInt8], inputSlots: [Int], outputSlots: [Int]
    ) {
        buffer.withUnsafeMutableBytes { symbols in
            // Safe: `compute` checks every slot against the buffer; no pointer leaves the closure. The caller keeps
            // inputs and outputs apart.
            compute(
                DotProducts(
                    coefficients: coefficients, rows: rows, symbolBytes: symbolBytes,
                    inputs: UnsafeRawBufferPointer(symbols), inputSlots: inputSlots,
                    outputs: symbols, outputSlots: outputSlots))
        }
    }

    /// Checks the contract of ``DotProducts`` and hands the work to a kernel.
    private mutating func compute(_ products: DotProducts) {
        products.checkContract()
        if products.rows.isEmpty { return }
        if let vector { vector.compute(products) } else { portable.compute(products) }
    }
}

/// What a kernel computes: for each row i and each byte position b < T
///
/// ```text
/// outputs[outputSlots[i] * T + b] = Σ coefficients[rows.lowerBound + i, j] × inputs[inputSlots[j] * T + b]
///                                   j < inputSlots.count
/// ```
///
/// A kernel may rely on: 1…255 columns; row r of the coefficients at byte `256 * r` of `coefficients.elements`, 256
/// bytes long, those beyond the columns in use undefined; every slot inside its buffer; no output slot overlapping an
/// input slot or another output slot. T is any number from 1 up, buffers have no alignment, and nothing outside the
/// output slots may be written. The pointers are valid during the call only.
struct DotProducts {
    let coefficients: CoefficientMatrix
    let rows: Range<Int>
    let symbolBytes: Int
    let inputs: UnsafeRawBufferPointer
    let inputSlots: [Int]
    let outputs: UnsafeMutableRawBufferPointer
    let outputSlots: [Int]

    fileprivate func checkContract() {
        precondition((1...CodeLimits.symbols).contains(inputSlots.count), "a matrix has 1…255 columns")
        precondition(rows.count == outputSlots.count, "each row has its output")
        precondition(
            rows.lowerBound >= 0 && rows.upperBound * CoefficientMatrix.rowStride <= coefficients.elements.count,
            "the matrix has the rows asked for")
        for slot in inputSlots {
            precondition(slot >= 0 && (slot + 1) * symbolBytes <= inputs.count, "an input lies in its buffer")
        }
        for slot in outputSlots {
            precondition(slot >= 0 && (slot + 1) * symbolBytes <= outputs.count, "an output lies in its buffer")
        }
    }
}
