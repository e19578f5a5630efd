import FEC
import Simulator
import TestKit
import Testing

/// Over a million seeded records: what erasure coding must repair, by its own numbers, it repairs.
@Suite struct RepairStatisticsTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var sourceSymbols: Int
        var repair: Int
        var loss: Double
        var records: Int
        var recordsPerBlock: Int
        var testDescription: String { "K = \(sourceSymbols), M = \(repair), loss \(loss)" }
    }

    static let cases = [
        Case(sourceSymbols: 1, repair: 2, loss: 0.2, records: 40_000, recordsPerBlock: 2),
        Case(sourceSymbols: 2, repair: 4, loss: 0.4, records: 60_000, recordsPerBlock: 5),
        Case(sourceSymbols: 4, repair: 4, loss: 0.3, records: 100_000, recordsPerBlock: 20),
        Case(sourceSymbols: 10, repair: 4, loss: 0.15, records: 200_000, recordsPerBlock: 100),
        Case(sourceSymbols: 32, repair: 7, loss: 0.1, records: 250_000, recordsPerBlock: 200),
        Case(sourceSymbols: 104, repair: 21, loss: 0.12, records: 400_000, recordsPerBlock: 400),
    ]

    @Test(
        "The share of records lost lies within 3σ of the binomial, and every missing one is counted", arguments: cases)
    func binomial(_ each: Case) throws {
        let statistics = try RepairStatistics.measure(
            sourceSymbols: each.sourceSymbols, repair: RepairRatio(share: 0, minimum: each.repair), loss: each.loss,
            records: each.records, recordsPerBlock: each.recordsPerBlock, seed: 20_261_121)
        let expected = RepairStatistics.lossProbability(
            sourceSymbols: each.sourceSymbols, symbols: statistics.symbols, loss: each.loss)
        // Records of a block are lost together: blocks are the independent draws.
        let blocks = Double(statistics.blocks)
        let sigma = (expected * (1 - expected) / blocks).squareRoot()
        let lost = statistics.records - statistics.recordsDelivered
        let share = Double(lost) / Double(statistics.records)
        print(
            "\(each.testDescription): \(statistics.records) records in \(statistics.blocks) blocks, lost \(share),",
            "binomial \(expected) ± \(3 * sigma)")
        #expect(abs(share - expected) <= 3 * sigma)
        #expect(lost == statistics.blocksLost * each.recordsPerBlock)
        #expect(statistics.recordsMissing == UInt64(lost))
        // The wire carries what was configured: M repair symbols on K source symbols.
        #expect(statistics.symbols == each.sourceSymbols + each.repair)
        #expect(statistics.symbolBytes * each.sourceSymbols == statistics.sourceBytes * statistics.symbols)
    }

    @Test("Together the cases send more than a million records")
    func million() { #expect(Self.cases.map(\.records).reduce(0, +) > 1_000_000) }
}
