import Account
import Foundation
import ReceiverIT
import ReceiverITCore
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
        private static let usual = 5_000
    #endif
    private static let histories = environment["HISTORIES"].flatMap(Int.init) ?? usual
    /// `make test` lives through the same histories each time, so that what fails is what was changed; `make soak`, which sets HISTORIES,
    /// draws new ones, unless FIRST_SEED says where they begin.
    private static let usualFirst: UInt64 = 62_678_585_305_184
    /// So many histories leave no combination of fault and condition out.
    private static let enoughToCover = 5_000

    @Test("P1 P2 P3 P4 P6 P8 P9 hold at every step of thousands of random histories with three faults or more each")
    func randomHistories() async throws {
        if let seed = Self.environment["SEED"].flatMap(UInt64.init) {
            return print(try Self.live(.random(seed: seed)))
        }
        let drawn = Self.environment["HISTORIES"] == nil ? Self.usualFirst : .random(in: 0..<1 << 48)
        let first = Self.environment["FIRST_SEED"].flatMap(UInt64.init) ?? drawn
        let hands = max(ProcessInfo.processInfo.activeProcessorCount, 1)
        let sum = try await withThrowingTaskGroup(of: Sum.self) { group in
            for hand in 0..<hands {
                group.addTask {
                    var sum = Sum()
                    for index in stride(from: hand, to: Self.histories, by: hands) {
                        // One broken promise ends the run.
                        try Task.checkCancellation()
                        sum.add(try Self.live(.random(seed: first + UInt64(index))))
                    }
                    return sum
                }
            }
            return try await group.reduce(into: Sum()) { $0.add($1) }
        }
        print("\(Self.histories) histories from seed \(first): \(sum)")
        print(sum.coverage)
        #expect(sum.coverage.faults >= 3 * Self.histories)
        guard Self.histories >= Self.enoughToCover else { return }
        // The faults did happen, or the promises were not tested.
        #expect(sum.coverage.empty == [])
        #expect(sum.restored > 0 && sum.missing > 0 && sum.late > 0 && sum.restarts > 0 && sum.void > 0)
        #expect(
            sum.receiverRestarts > 0 && sum.forgotten > 0 && sum.shed > 0 && sum.slices > 0 && sum.settled > 0
                && sum.rotations > 0 && sum.firstBySecondPath > 0 && sum.firstVersion > 0)
        #expect(sum.refreshed > 0 && sum.badSignature > 0 && sum.replayed > 0 && sum.malformed > 0)
    }

    @Test("P1 over a link without faults every record arrives once, in order, and nothing is rejected")
    func quietHistory() throws {
        for seed in 0..<50 as Range<UInt64> {
            var scenario = PairScenario(seed: seed)
            scenario.longestPayload = 3_000
            let outcome = try Self.live(scenario)
            #expect(outcome.delivered == outcome.published && outcome.missing == 0, "seed \(seed)")
            #expect(outcome.late == 0 && outcome.receiver.rejected == 0, "seed \(seed)")
        }
    }

    @Test("P4 forged, damaged and replayed frames change nothing but counters")
    func hostileHistory() throws {
        for seed in 0..<50 as Range<UInt64> {
            var quiet = PairScenario(seed: seed)
            quiet.messages = 100
            var hostile = quiet
            hostile.link.forge = 0.9
            hostile.link.replay = 0.9
            hostile.link.duplicate = 0.5
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
            scenario.link.loss = 0.02
            let outcome = try Self.live(scenario)
            #expect(outcome.missing == 0 && outcome.link.lost > 0, "seed \(seed)")
        }
    }

    @Test("P9 D16 on a link in slow motion nothing is called online for long, and it is online again once it is whole")
    func slowLink() throws {
        for seed in 0..<3 as Range<UInt64> {
            var scenario = PairScenario(seed: seed)
            scenario.meanPauseNanoseconds = 400_000_000
            // A second of the plant takes one and a half.
            scenario.slowness = 0.5
            let outcome = try Self.live(scenario)
            #expect(outcome.states.prefix(3) == [.online, .degraded, .stale], "seed \(seed): \(outcome.states)")
            #expect(outcome.states.last == .online, "seed \(seed): \(outcome.states)")
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
        var published = 0, delivered = 0, restarts = 0, receiverRestarts = 0, forgotten = 0
        var shed = 0, void = 0, refreshed = 0, settled = 0, rotations = 0
        /// Histories that a sender of the release before lived through to their end.
        var firstVersion = 0
        var missing: UInt64 = 0, late: UInt64 = 0, restored: UInt64 = 0, slices: UInt64 = 0
        var badSignature: UInt64 = 0, replayed: UInt64 = 0, malformed: UInt64 = 0
        var firstBySecondPath: UInt64 = 0
        var coverage = FaultCoverage()

        mutating func add(_ outcome: PairSimulation.Outcome) {
            published += outcome.published
            delivered += outcome.delivered
            restarts += outcome.restarts
            receiverRestarts += outcome.receiverRestarts
            forgotten += outcome.forgotten
            shed += outcome.shed
            void += outcome.void
            refreshed += outcome.refreshed
            settled += outcome.isSettled ? 1 : 0
            rotations += outcome.rotations
            if outcome.version == 1 { firstVersion += 1 }
            firstBySecondPath += outcome.firstBySecondPath
            missing += outcome.missing
            late += outcome.late
            slices += outcome.slices
            restored += outcome.receiver.restoredSymbols
            badSignature += outcome.receiver.badSignature
            replayed += outcome.receiver.replayed
            malformed += outcome.receiver.malformed
            coverage.add(outcome.coverage)
        }

        mutating func add(_ other: Sum) {
            for field in [
                \Sum.published, \.delivered, \.restarts, \.receiverRestarts, \.forgotten, \.shed, \.void, \.refreshed,
                \.settled, \.rotations, \.firstVersion,
            ] { self[keyPath: field] += other[keyPath: field] }
            for field in [
                \Sum.missing, \.late, \.restored, \.slices, \.badSignature, \.replayed, \.malformed,
                \.firstBySecondPath,
            ] { self[keyPath: field] += other[keyPath: field] }
            coverage.add(other.coverage)
        }

        var description: String {
            "\(published) published, \(delivered) delivered (\(late) late), \(missing) missing, \(shed) shed, \(void) void, "
                + "\(refreshed) refreshed by \(slices) slices, \(restored) symbols restored, \(settled) settled; "
                + "\(firstBySecondPath) frames first by a second path, \(restarts) epochs, \(rotations) rotations followed, \(firstVersion) in version 1, \(receiverRestarts) restarts of the receiver (\(forgotten) records forgotten); "
                + "rejected: \(badSignature) forged, \(replayed) replayed, \(malformed) malformed"
        }
    }
}
