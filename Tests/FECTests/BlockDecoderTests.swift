import FEC
import TestKit
import Testing

@Suite("BlockDecoder")
struct BlockDecoderTests {
    @Test("W-13 every choice of K symbols out of K + M restores the block, for every K up to 5 and M up to 4")
    func everyErasurePattern() {
        var generator = SeededGenerator(seed: Code.seed)
        var decoder = BlockDecoder(sourceSymbols: 1, symbolBytes: 1)
        for sourceSymbols in 1...5 {
            // M lowest repair symbols, and M highest.
            for repair in (0...4).flatMap({ [sourceSymbols..<sourceSymbols + $0, 255 - $0..<255] }) {
                let source = Code.randomBytes(sourceSymbols * 9, using: &generator)
                let esis = Array(0..<sourceSymbols) + Array(repair)
                let all = Code.encode(source, sourceSymbols: sourceSymbols, symbolBytes: 9, esis: 0..<255)
                for choice in 0..<1 << esis.count where choice.nonzeroBitCount == sourceSymbols {
                    let received = esis.indices.filter { choice >> $0 & 1 == 1 }.map { (esis[$0], all[esis[$0]]) }
                    let restored = Code.decode(
                        received.shuffled(using: &generator), sourceSymbols: sourceSymbols, symbolBytes: 9,
                        with: &decoder)
                    #expect(restored == source, "K \(sourceSymbols), ESIs \(received.map(\.0)), seed \(Code.seed)")
                }
            }
        }
    }

    @Test("W-13 every K from 1 to 255 restores any K symbols in any order, at every kind of length")
    func everyK() {
        var generator = SeededGenerator(seed: Code.seed)
        var encoder = SymbolEncoder()
        var decoder = BlockDecoder(sourceSymbols: 1, symbolBytes: 1)
        for sourceSymbols in 1...255 {
            let symbolBytes = [1, 2, 63, 64, 65][sourceSymbols % 5]
            let source = Code.randomBytes(sourceSymbols * symbolBytes, using: &generator)
            let all = Code.encode(
                source, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, esis: 0..<255, with: &encoder)
            let esis = (0..<255).shuffled(using: &generator).prefix(sourceSymbols)
            let restored = Code.decode(
                esis.map { ($0, all[$0]) }, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, with: &decoder)
            #expect(restored == source, "K \(sourceSymbols), ESIs \(Array(esis)), seed \(Code.seed)")
        }
    }

    @Test(
        "W-13 large blocks survive the loss of as many symbols as they have repair",
        arguments: [(32, 4, 1183), (100, 10, 1183), (104, 21, 65), (200, 55, 64), (127, 128, 2), (254, 1, 63)])
    func worstLoss(sourceSymbols: Int, repairSymbols: Int, symbolBytes: Int) {
        var generator = SeededGenerator(seed: Code.seed)
        let source = Code.randomBytes(sourceSymbols * symbolBytes, using: &generator)
        let esis = 0..<sourceSymbols + repairSymbols
        let all = Code.encode(source, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, esis: esis)
        let lostSources = (0..<sourceSymbols).shuffled(using: &generator).prefix(repairSymbols)
        let received = esis.filter { !lostSources.contains($0) }.suffix(sourceSymbols).map { ($0, all[$0]) }
        let restored = Code.decode(received, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes)
        #expect(restored == source, "seed \(Code.seed)")
    }

    @Test("a block whose source symbols are all in needs no repair and is decoded as it is")
    func nothingLost() {
        var decoder = BlockDecoder(sourceSymbols: 2, symbolBytes: 2)
        let source: [UInt8] = [1, 2, 3, 4]
        let last = insert([3, 4], esi: 1, into: &decoder)
        #expect(last == .stored)
        #expect(progress(of: decoder) == [1, 1])
        let first = insert([1, 2], esi: 0, into: &decoder)
        #expect(first == .complete)
        #expect(progress(of: decoder) == [2, 0])
        decoder.decode()
        decoder.decode()
        #expect(Code.bytes(of: decoder) == source)
    }

    @Test("a repeated symbol is a duplicate and does not count, even with other bytes")
    func duplicates() {
        var decoder = BlockDecoder(sourceSymbols: 3, symbolBytes: 1)
        let symbols = Code.encode([7, 8, 9], sourceSymbols: 3, symbolBytes: 1, esis: 0..<255)
        var insertions = [
            insert(symbols[1], esi: 1, into: &decoder), insert(symbols[254], esi: 254, into: &decoder),
        ]
        #expect(insertions == [.stored, .stored])
        insertions = [insert([99], esi: 1, into: &decoder), insert([99], esi: 254, into: &decoder)]
        #expect(insertions == [.duplicate, .duplicate])
        #expect(progress(of: decoder) == [2, 2])
        let isComplete = decoder.isComplete
        #expect(!isComplete)
        let last = insert(symbols[63], esi: 63, into: &decoder)
        #expect(last == .complete)
        decoder.decode()
        #expect(Code.bytes(of: decoder) == [7, 8, 9])
    }

    @Test("what comes after K symbols is surplus and changes nothing, before and after decoding")
    func surplus() {
        var decoder = BlockDecoder(sourceSymbols: 2, symbolBytes: 1)
        let symbols = Code.encode([7, 8], sourceSymbols: 2, symbolBytes: 1, esis: 0..<6)
        _ = insert(symbols[4], esi: 4, into: &decoder)
        _ = insert(symbols[5], esi: 5, into: &decoder)
        let before = [insert([99], esi: 0, into: &decoder), insert([99], esi: 4, into: &decoder)]
        #expect(before == [.surplus, .surplus])
        #expect(progress(of: decoder) == [2, 2])
        decoder.decode()
        let after = insert([99], esi: 1, into: &decoder)
        #expect(after == .surplus)
        #expect(Code.bytes(of: decoder) == [7, 8])
    }

    @Test("reset forgets an unfinished block and takes another of any shape")
    func reset() {
        var generator = SeededGenerator(seed: Code.seed)
        var decoder = BlockDecoder(sourceSymbols: 200, symbolBytes: 100)
        for esi in 150..<250 { _ = insert(Code.randomBytes(100, using: &generator), esi: esi, into: &decoder) }
        for (sourceSymbols, symbolBytes) in [(3, 1), (40, 500), (255, 2), (1, 65_535), (1, 1)] {
            let source = Code.randomBytes(sourceSymbols * symbolBytes, using: &generator)
            let esis = max(0, 250 - sourceSymbols)..<max(sourceSymbols, 250)
            let symbols = Code.encode(source, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, esis: esis)
            decoder.reset(sourceSymbols: sourceSymbols, symbolBytes: symbolBytes)
            #expect(progress(of: decoder) == [0, sourceSymbols])
            let restored = Code.decode(
                Array(zip(esis, symbols)), sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, with: &decoder)
            #expect(restored == source, "K \(sourceSymbols), seed \(Code.seed)")
        }
    }

    @Test("the padding of the last symbol comes back as it was sent")
    func padding() throws {
        let packed = Array(1...100) as [UInt8]
        let partition = try #require(SymbolPartition(packedBytes: packed.count, maximumSymbolBytes: 33))
        let (sourceSymbols, symbolBytes) = (partition.sourceSymbols, partition.symbolBytes)
        #expect(sourceSymbols * symbolBytes > packed.count - 1)
        let source = packed + [UInt8](repeating: 0, count: sourceSymbols * symbolBytes - packed.count)
        let symbols = Code.encode(source, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, esis: 0..<8)
        let received = (4..<8).map { ($0, symbols[$0]) }
        #expect(Code.decode(received, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes) == source)
    }

    @Test("decoding before K symbols are in is the caller's mistake")
    func tooEarly() async {
        await #expect(processExitsWith: .failure) {
            var decoder = BlockDecoder(sourceSymbols: 2, symbolBytes: 1)
            decoder.decode()
        }
    }

    @Test("a symbol of the wrong size is the caller's mistake")
    func wrongSize() async {
        await #expect(processExitsWith: .failure) {
            var decoder = BlockDecoder(sourceSymbols: 2, symbolBytes: 3)
            let symbol: [UInt8] = [1, 2]
            _ = decoder.insert(esi: 0, symbol: symbol.span.bytes)
        }
    }

    /// Symbols received, source symbols missing.
    private func progress(of decoder: borrowing BlockDecoder) -> [Int] { [decoder.received, decoder.missingSource] }

    private func insert(_ symbol: [UInt8], esi: Int, into decoder: inout BlockDecoder) -> BlockDecoder.Insertion {
        decoder.insert(esi: esi, symbol: symbol.span.bytes)
    }
}
