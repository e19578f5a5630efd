public import TestKit

/// One history for a pair to live through. Everything in it comes from the seed.
public struct PairScenario: Sendable {
    public var seed: UInt64
    public var faults = LinkFaults()
    /// Messages to publish, and the mean time between two, in nanoseconds of virtual time.
    public var messages = 300
    public var meanPauseNanoseconds: UInt64 = 400_000
    public var topics = 12
    public var longestPayload = 600
    /// Chance, per closed block, that it is repeated later as an echo, and the longest time until then.
    public var echo = 0.0
    public var longestEchoNanoseconds: UInt64 = 400_000_000
    /// Chance, per message, that the sender dies here and comes back with the next epoch.
    public var senderRestart = 0.0
    /// Chance, per message, that the receiver is killed here: what no transaction holds is gone, and it starts again from its
    /// database. With any, rounds are stored some at a time.
    public var receiverRestart = 0.0
    /// Chance, per message, that the link is cut for up to 300 ms.
    public var cut = 0.0
    public var mtuBytes = 576
    public var repairShare = 0.2
    public var minimumRepair = 4

    public init(seed: UInt64) { self.seed = seed }

    /// A scenario drawn at random: quiet, lossy, bursty, hostile and everything between.
    public static func random(seed: UInt64) -> PairScenario {
        var random = SeededGenerator(seed: seed ^ 0x5CE7_A210)
        var scenario = PairScenario(seed: seed)
        func sometimes(_ chance: Double, _ range: ClosedRange<Double>) -> Double {
            Double.random(in: 0..<1, using: &random) < chance ? Double.random(in: range, using: &random) : 0
        }
        scenario.messages = Int.random(in: 20...250, using: &random)
        scenario.meanPauseNanoseconds = [20_000, 200_000, 3_000_000].randomElement(using: &random) ?? 200_000
        scenario.topics = Int.random(in: 1...20, using: &random)
        scenario.longestPayload = [20, 300, 3_000].randomElement(using: &random) ?? 300
        scenario.faults.loss = sometimes(0.5, 0.001...0.5)
        scenario.faults.burstBegin = sometimes(0.3, 0.001...0.05)
        scenario.faults.burstEnd = Double.random(in: 0.05...0.5, using: &random)
        scenario.faults.duplicate = sometimes(0.3, 0.01...0.5)
        scenario.faults.reorder = sometimes(0.4, 0.01...0.8)
        scenario.faults.flip = sometimes(0.3, 0.01...0.3)
        scenario.faults.replay = sometimes(0.3, 0.01...0.5)
        scenario.faults.forge = sometimes(0.3, 0.01...0.5)
        scenario.faults.delayNanoseconds = [100_000, 5_000_000, 90_000_000].randomElement(using: &random) ?? 100_000
        scenario.echo = sometimes(0.4, 0.1...1)
        scenario.senderRestart = sometimes(0.2, 0.002...0.02)
        scenario.cut = sometimes(0.2, 0.002...0.02)
        scenario.repairShare = [0, 0.1, 0.2, 0.5].randomElement(using: &random) ?? 0.2
        scenario.minimumRepair = [0, 1, 4].randomElement(using: &random) ?? 4
        // Drawn last, so that older seeds live through what they did before, and then some.
        scenario.receiverRestart = sometimes(0.2, 0.002...0.03)
        return scenario
    }
}
