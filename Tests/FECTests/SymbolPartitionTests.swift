import FEC
import Testing

@Suite("Partition and repair")
struct SymbolPartitionTests {
    @Test("a partition holds the block in the fewest symbols, with less padding than K and than T")
    func invariants() throws {
        for maximumSymbolBytes in [1, 2, 63, 1183] {
            for packedBytes in Array(1...400) + [1182, 1183, 1184, 50_000, 123_031, 123_032] {
                let fewest = (packedBytes + maximumSymbolBytes - 1) / maximumSymbolBytes
                let partition = SymbolPartition(packedBytes: packedBytes, maximumSymbolBytes: maximumSymbolBytes)
                guard fewest <= 104 else {
                    #expect(partition == nil, "\(packedBytes) bytes in symbols of \(maximumSymbolBytes)")
                    continue
                }
                let padding = (partition?.sourceSymbols ?? 0) * (partition?.symbolBytes ?? 0) - packedBytes
                #expect(partition?.sourceSymbols == fewest)
                #expect((1...maximumSymbolBytes).contains(partition?.symbolBytes ?? 0))
                #expect((0..<fewest).contains(padding))
                #expect(padding < (partition?.symbolBytes ?? 0))
            }
        }
    }

    @Test("symbols are as even in size as possible", arguments: [(1184, 2, 592), (2367, 3, 789), (1183, 1, 1183)])
    func evenSymbols(packedBytes: Int, sourceSymbols: Int, symbolBytes: Int) {
        let partition = SymbolPartition(packedBytes: packedBytes, maximumSymbolBytes: 1183)
        #expect(partition?.sourceSymbols == sourceSymbols)
        #expect(partition?.symbolBytes == symbolBytes)
    }

    @Test("the largest K is a limit of the caller, up to 255")
    func limits() {
        #expect(SymbolPartition(packedBytes: 105, maximumSymbolBytes: 1) == nil)
        #expect(
            SymbolPartition(packedBytes: 255, maximumSymbolBytes: 1, maximumSourceSymbols: 255)?.sourceSymbols == 255)
        #expect(SymbolPartition(packedBytes: 256, maximumSymbolBytes: 1, maximumSourceSymbols: 255) == nil)
        #expect(SymbolPartition(packedBytes: .max, maximumSymbolBytes: 65_535) == nil)
    }

    @Test(
        "repair follows K: two for one symbol, then the larger of share and minimum, within 255",
        arguments: [
            (1, 2), (2, 4), (10, 4), (20, 4), (21, 5), (100, 20), (104, 21), (212, 43), (213, 42), (254, 1), (255, 0),
        ])
    func repair(sourceSymbols: Int, repairSymbols: Int) {
        let ratio = RepairRatio(share: 0.2, minimum: 4)
        #expect(ratio.repairSymbols(sourceSymbols: sourceSymbols) == repairSymbols)
    }

    @Test("a share that is no binary fraction does not round up past its decimal value")
    func decimalShares() {
        for percent in 0...300 {
            let ratio = RepairRatio(share: Double(percent) / 100, minimum: 0)
            for sourceSymbols in 2...255 {
                let exact = min((percent * sourceSymbols + 99) / 100, 255 - sourceSymbols)
                #expect(ratio.repairSymbols(sourceSymbols: sourceSymbols) == exact, "\(percent) % of \(sourceSymbols)")
            }
        }
    }

    @Test("a share or minimum beyond all bounds is capped at 255 symbols in all")
    func cap() {
        #expect(RepairRatio(share: 1e300, minimum: 0).repairSymbols(sourceSymbols: 3) == 252)
        #expect(RepairRatio(share: 0, minimum: 254).repairSymbols(sourceSymbols: 3) == 252)
        #expect(RepairRatio(share: 0, minimum: 0).repairSymbols(sourceSymbols: 1) == 2)
    }

    @Test("two transmissions of the largest default block have no symbol in common")
    func disjointTransmissions() {
        let sent = 104 + RepairRatio(share: 0.2, minimum: 4).repairSymbols(sourceSymbols: 104)
        #expect(2 * sent <= 255)
    }
}
