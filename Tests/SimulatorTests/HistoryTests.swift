import Foundation
import ReceiverIT
import Simulator
import TestKit
import Testing

/// Whole histories of the pair under virtual time. A failure prints its seed; `SEED=… make test FILTER=HistoryTests`
/// lives through it again.
@Suite struct HistoryTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// How many random histories `make test` lives through; `make soak` asks for more, again and again.
    /// An unoptimised build is thirty times slower, and gets fewer.
    #if DEBUG
        private static let usual = 100
    #else
        private static let usual = 3_000
    #endif
    private static let histories = environment["HISTORIES"].flatMap(Int.init) ?? usual

    @Test("P1 P3 P4 P8 hold at every step of thousands of random histories")
    func randomHistories() throws {
        if let seed = Self.environment["SEED"].flatMap(UInt64.init) {
            return print(try Self.live(.random(seed: seed)))
        }
        let first = UInt64.random(in: 0..<1 << 48)
        var sum = Sum()
        for seed in first..<first + UInt64(Self.histories) { sum.add(try Self.live(.random(seed: seed))) }
        print("\(Self.histories) histories from seed \(first): \(sum)")
        // The faults did happen, or the promises were not tested.
        #expect(sum.restored > 0 && sum.missing > 0 && sum.late > 0 && sum.restarts > 0)
        #expect(sum.receiverRestarts > 0 && sum.forgotten > 0)
        #expect(sum.badSignature > 0 && sum.replayed > 0 && sum.malformed > 0)
    }

    @Test("P1 over a link without faults every record arrives once, in order, and nothing is rejected")
    func quietHistory() throws {
        for seed in 0..<50 as Range<UInt64> {
            var scenario = PairScenario(seed: seed)
            scenario.longestPayload = 3_000
            let outcome = try Self.live(scenario)
            #expect(outcome.delivered == outcome.published && outcome.missing == 0, "seed \(seed)")
        }
    }

    @Test("P4 forged, damaged and replayed frames change nothing but counters")
    func hostileHistory() throws {
        for seed in 0..<50 as Range<UInt64> {
            var quiet = PairScenario(seed: seed)
            quiet.messages = 100
            var hostile = quiet
            hostile.faults.forge = 0.9
            hostile.faults.replay = 0.9
            hostile.faults.duplicate = 0.5
            let outcome = try Self.live(hostile)
            let reference = try Self.live(quiet)
            #expect(outcome.delivered == reference.delivered && outcome.missing == 0, "seed \(seed)")
            #expect(outcome.receiver.badSignature + outcome.receiver.malformed > 0, "seed \(seed)")
            #expect(outcome.receiver.replayed > 0, "seed \(seed)")
        }
    }

    @Test("P6 a burst shorter than the repair symbols costs nothing")
    func lightLoss() throws {
        for seed in 0..<50 as Range<UInt64> {
            var scenario = PairScenario(seed: seed)
            scenario.repairShare = 1
            scenario.minimumRepair = 12
            scenario.faults.loss = 0.02
            let outcome = try Self.live(scenario)
            #expect(outcome.missing == 0 && outcome.link.lost > 0, "seed \(seed)")
        }
    }

    private static func live(_ scenario: PairScenario) throws -> PairSimulation.Outcome {
        do {
            var simulation = try PairSimulation(scenario)
            return try simulation.run()
        } catch {
            Issue.record("SEED=\(scenario.seed) replays this history: \(error) in \(scenario)")
            throw error
        }
    }

    /// What all histories together came to.
    private struct Sum: CustomStringConvertible {
        var histories = 0, published = 0, delivered = 0, restarts = 0, receiverRestarts = 0, forgotten = 0
        var missing: UInt64 = 0, late: UInt64 = 0, restored: UInt64 = 0
        var badSignature: UInt64 = 0, replayed: UInt64 = 0, malformed: UInt64 = 0

        mutating func add(_ outcome: PairSimulation.Outcome) {
            histories += 1
            published += outcome.published
            delivered += outcome.delivered
            restarts += outcome.restarts
            receiverRestarts += outcome.receiverRestarts
            forgotten += outcome.forgotten
            missing += outcome.missing
            late += outcome.late
            restored += outcome.receiver.restoredSymbols
            badSignature += outcome.receiver.badSignature
            replayed += outcome.receiver.replayed
            malformed += outcome.receiver.malformed
        }

        var description: String {
            "\(published) published, \(delivered) delivered (\(late) late), \(missing) missing, \(restored) symbols restored, "
                + "\(restarts) restarts, \(receiverRestarts) of the receiver (\(forgotten) records forgotten); rejected: \(badSignature) forged, \(replayed) replayed, \(malformed) malformed"
        }
    }
}
