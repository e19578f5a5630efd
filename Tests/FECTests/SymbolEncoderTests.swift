import FEC
import TestKit
import Testing

@Suite("SymbolEncoder")
struct SymbolEncoderTests {
    @Test(
        "W-12 symbols of every length are those of the definition, tails and short symbols included",
        arguments: [1, 2, 3, 7, 8, 31, 63, 64, 65, 127, 128, 129, 1183])
    func lengths(symbolBytes: Int) {
        var generator = SeededGenerator(seed: Code.seed)
        for sourceSymbols in [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 32] {
            let source = Code.randomBytes(sourceSymbols * symbolBytes, using: &generator)
            let esis = 0..<sourceSymbols + 3
            let symbols = Code.encode(
                source, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, esis: esis)
            for (esi, symbol) in zip(esis, symbols) {
                let expected = NaiveCode.symbol(
                    source, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, esi: esi)
                #expect(symbol == expected, "K \(sourceSymbols), ESI \(esi), seed \(Code.seed)")
            }
        }
    }

    @Test("W-12 every K from 1 to 255 encodes all its ESIs by the definition")
    func everyK() {
        var generator = SeededGenerator(seed: Code.seed)
        var encoder = SymbolEncoder()
        for sourceSymbols in 1...255 {
            let source = Code.randomBytes(sourceSymbols * 2, using: &generator)
            let symbols = Code.encode(
                source, sourceSymbols: sourceSymbols, symbolBytes: 2, esis: 0..<255, with: &encoder)
            let wrong = (0..<255).filter { esi in
                symbols[esi] != NaiveCode.symbol(source, sourceSymbols: sourceSymbols, symbolBytes: 2, esi: esi)
            }
            #expect(wrong.isEmpty, "K \(sourceSymbols), seed \(Code.seed)")
        }
    }

    @Test("any range of ESIs gives the same symbols as the whole")
    func ranges() {
        var generator = SeededGenerator(seed: Code.seed)
        let source = Code.randomBytes(10 * 70, using: &generator)
        let all = Code.encode(source, sourceSymbols: 10, symbolBytes: 70, esis: 0..<255)
        for esis in [0..<1, 0..<10, 3..<9, 9..<11, 10..<10, 10..<12, 200..<255, 254..<255, 255..<255] {
            let symbols = Code.encode(source, sourceSymbols: 10, symbolBytes: 70, esis: esis)
            #expect(symbols == Array(all[esis]), "\(esis), seed \(Code.seed)")
        }
    }

    @Test("an encoder that served a larger block encodes a smaller one as a new encoder does")
    func reuse() {
        var generator = SeededGenerator(seed: Code.seed)
        var encoder = SymbolEncoder()
        for (sourceSymbols, symbolBytes) in [(200, 130), (1, 1), (7, 64), (9, 65), (104, 3), (2, 200), (1, 300)] {
            let source = Code.randomBytes(sourceSymbols * symbolBytes, using: &generator)
            let esis = sourceSymbols..<sourceSymbols + 9
            let reused = Code.encode(
                source, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, esis: esis, with: &encoder)
            let fresh = Code.encode(source, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, esis: esis)
            #expect(reused == fresh, "K \(sourceSymbols), seed \(Code.seed)")
        }
    }

    @Test("the first repair symbol of a lone source symbol is the symbol itself")
    func loneSymbol() {
        let symbols = Code.encode([1, 2, 3, 250], sourceSymbols: 1, symbolBytes: 4, esis: 0..<3)
        #expect(symbols[1] == symbols[0])
        #expect(symbols[2] != symbols[0])
    }

    @Test("a source of the wrong size is the caller's mistake")
    func wrongSource() async {
        await #expect(processExitsWith: .failure) {
            _ = Code.encode([1, 2, 3], sourceSymbols: 2, symbolBytes: 2, esis: 2..<3)
        }
    }

    @Test("ESI 255 does not exist")
    func wrongESI() async {
        await #expect(processExitsWith: .failure) {
            _ = Code.encode([1, 2], sourceSymbols: 2, symbolBytes: 1, esis: 254..<256)
        }
    }
}
