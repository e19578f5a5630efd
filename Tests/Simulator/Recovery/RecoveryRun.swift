import TestKit

/// How much of what was published arrives without an operator, over one outage and a lossy link: the pair under virtual time, with the
/// default echo schedule, a record each ten seconds, and no carousel.
public struct RecoveryRun: Sendable {
    /// What heals.
    public enum Means: Sendable, CaseIterable {
        case correction, echo, bundle
    }

    /// How the link loses frames when it is not out.
    public struct Loss: Sendable {
        public var share: Double
        /// Losses come in bursts of eight frames on average.
        public var inBursts: Bool

        public init(share: Double, inBursts: Bool) {
            self.share = share
            self.inBursts = inBursts
        }
    }

    public static let schedule: [Duration] = [.seconds(1), .seconds(30), .seconds(600), .seconds(3_600)]
    private static let burstFrames = 8.0
    private static let second: UInt64 = 1_000_000_000

    public var outage: Duration
    public var loss: Loss
    public var means: Means

    public init(outage: Duration, loss: Loss, means: Means) {
        self.outage = outage
        self.loss = loss
        self.means = means
    }

    /// - Returns: the share of the records of one hour around the outage's beginning, and of the outage itself, that arrived.
    public func share(seed: UInt64) throws -> Double {
        var scenario = PairScenario(seed: seed)
        scenario.mtuBytes = 1_500
        scenario.meanPauseNanoseconds = 10 * Self.second
        scenario.messages = Int(outage.components.seconds / 10) + 360
        scenario.beatNanoseconds = 10 * Self.second
        scenario.echoes = means == .correction ? [] : Self.schedule.map { UInt64($0.components.seconds) * Self.second }
        scenario.resends = means == .bundle
        scenario.healsAtEnd = false
        if loss.inBursts {
            scenario.link.burstEnd = 1 / Self.burstFrames
            scenario.link.burstBegin = loss.share / (1 - loss.share) / Self.burstFrames
        } else {
            scenario.link.loss = loss.share
        }
        scenario.faults = [
            PlannedFault(
                .outage, patienceNanoseconds: 1_800 * Self.second,
                durationNanoseconds: UInt64(outage.components.seconds) * Self.second)
        ]
        var simulation = try PairSimulation(scenario)
        let outcome = try simulation.run()
        return Double(outcome.delivered) / Double(outcome.published)
    }
}
