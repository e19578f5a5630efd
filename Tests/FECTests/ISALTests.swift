import CISAL
import FEC
import TestKit
import Testing

/// The same code from Intel's library: what one encodes the other decodes.
@Suite("ISA-L")
struct ISALTests {
    static let shapes = [
        (1, 2, 100), (2, 4, 1183), (5, 4, 1), (10, 4, 63), (32, 7, 1280), (100, 20, 64), (104, 151, 65), (200, 55, 33),
    ]

    @Test("W-12 ISA-L's Cauchy matrix gives the same repair symbols", arguments: shapes)
    func encode(sourceSymbols: Int, repairSymbols: Int, symbolBytes: Int) {
        var generator = SeededGenerator(seed: Code.seed)
        let source = Code.randomBytes(sourceSymbols * symbolBytes, using: &generator)
        let matrix = ISAL.generator(sourceSymbols: sourceSymbols, repairSymbols: repairSymbols)
        let theirs = ISAL.multiply(
            Array(matrix[(sourceSymbols * sourceSymbols)...]), by: Code.symbols(of: source, symbolBytes: symbolBytes))
        let ours = Code.encode(
            source, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes,
            esis: sourceSymbols..<sourceSymbols + repairSymbols)
        #expect(ours == theirs, "seed \(Code.seed)")
    }

    @Test("W-13 symbols that ISA-L encoded decode here, and ours decode there, with the same loss", arguments: shapes)
    func decode(sourceSymbols: Int, repairSymbols: Int, symbolBytes: Int) throws {
        var generator = SeededGenerator(seed: Code.seed)
        let source = Code.randomBytes(sourceSymbols * symbolBytes, using: &generator)
        let sources = Code.symbols(of: source, symbolBytes: symbolBytes)
        let matrix = ISAL.generator(sourceSymbols: sourceSymbols, repairSymbols: repairSymbols)
        let theirs = sources + ISAL.multiply(Array(matrix[(sourceSymbols * sourceSymbols)...]), by: sources)
        let ours = Code.encode(
            source, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, esis: 0..<sourceSymbols + repairSymbols)

        let esis = theirs.indices.shuffled(using: &generator).prefix(sourceSymbols).sorted()
        let here = Code.decode(
            esis.map { ($0, theirs[$0]) }, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes)
        #expect(here == source, "seed \(Code.seed)")

        let rows = esis.flatMap { matrix[$0 * sourceSymbols..<($0 + 1) * sourceSymbols] }
        let inverse = try #require(ISAL.invert(rows, size: sourceSymbols), "seed \(Code.seed)")
        #expect(ISAL.multiply(inverse, by: esis.map { ours[$0] }) == sources, "seed \(Code.seed)")
    }
}

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
