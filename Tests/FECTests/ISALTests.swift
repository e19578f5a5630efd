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
