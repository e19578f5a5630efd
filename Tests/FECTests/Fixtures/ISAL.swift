import CISAL

/// The three calls of ISA-L's erasure code, on arrays.
enum ISAL {
    /// K + M rows of K coefficients: the identity, then Cauchy rows.
    static func generator(sourceSymbols: Int, repairSymbols: Int) -> [UInt8] {
        var matrix = [UInt8](repeating: 0, count: (sourceSymbols + repairSymbols) * sourceSymbols)
        gf_gen_cauchy1_matrix(&matrix, Int32(sourceSymbols + repairSymbols), Int32(sourceSymbols))
        return matrix
    }

    /// - Returns: nil if the matrix is singular.
    static func invert(_ matrix: [UInt8], size: Int) -> [UInt8]? {
        var matrix = matrix
        var inverse = [UInt8](repeating: 0, count: size * size)
        return gf_invert_matrix(&matrix, &inverse, Int32(size)) == 0 ? inverse : nil
    }

    static func multiply(_ coefficients: [UInt8], by inputs: [[UInt8]]) -> [[UInt8]] {
        let rows = coefficients.count / inputs.count
        let symbolBytes = inputs[0].count
        var coefficients = coefficients
        var tables = [UInt8](repeating: 0, count: 32 * coefficients.count)
        ec_init_tables(Int32(inputs.count), Int32(rows), &coefficients, &tables)
        var input = inputs.flatMap { $0 }
        var output = [UInt8](repeating: 0, count: rows * symbolBytes)
        input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                var from = inputs.indices.map { column in input.baseAddress.map { $0 + column * symbolBytes } }
                var to = (0..<rows).map { row in output.baseAddress.map { $0 + row * symbolBytes } }
                ec_encode_data(Int32(symbolBytes), Int32(inputs.count), Int32(rows), &tables, &from, &to)
            }
        }
        return Code.symbols(of: output, symbolBytes: symbolBytes)
    }
}
