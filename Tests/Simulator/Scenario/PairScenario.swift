public import TestKit

/// One history for a pair to live through. Everything in it comes from the seed.
public struct PairScenario: Sendable {
    public var seed: UInt64
    /// What the link does all the time, until everything heals.
    public var link = LinkFaults()
    /// What the second path does, where the link has two: each frame goes over both.
    public var secondPath: LinkFaults?
    /// What happens, one after the other.
    public var faults: [PlannedFault] = []
    /// Messages to publish, and the mean time between two, in nanoseconds of virtual time.
    public var messages = 300
    public var meanPauseNanoseconds: UInt64 = 400_000
    public var topics = 12
    public var longestPayload = 600
    /// Chance, per message, that it deletes its topic's retained value.
    public var deletion = 0.0
    /// When the journal's blocks are repeated, in nanoseconds after they were sent.
    public var echoes: [UInt64] = []
    public var beatNanoseconds: UInt64 = 1_000_000_000
    /// What a round of the carousel aims at; nil: the sender does not tell its state.
    public var snapshotNanoseconds: UInt64?
    /// Topics that the sender holds.
    public var topicLimit = 1_000
    public var mtuBytes = 576
    public var repairShare = 0.2
    public var minimumRepair = 4
    /// Blocks are sealed, each process of the sender with a key of its own.
    public var isSealed = false
    /// The sender is of the release before, up to its first restart: the receiver was upgraded first.
    public var beginsBefore = false
    /// Each start of the sender goes on under another key, which the one before has vouched for.
    public var rotates = false
    /// Time goes by more slowly on the link, until it heals: what leaves `t` after the beginning is later by this share of `t`.
    public var slowness = 0.0
    /// The link stays as it is to the end; otherwise it is whole once the last message was published.
    public var healsAtEnd = true
    /// What is still missing at the end is asked for by hand, once.
    public var resends = false

    public init(seed: UInt64) { self.seed = seed }

    /// Whether the receiver needs a database.
    var killsReceiver: Bool { faults.contains { $0.fault == .receiverKill || $0.fault == .receiverDown } }

    /// A scenario drawn at random: a small namespace, a link of any quality, and at least three faults.
    public static func random(seed: UInt64) -> PairScenario {
        var random = SeededGenerator(seed: seed ^ 0x5CE7_A210)
        var scenario = PairScenario(seed: seed)
        // Nothing is drawn for it: the rest of the history is what it would be without a seal.
        scenario.isSealed = seed % 3 == 0
        scenario.rotates = seed % 4 == 1
        scenario.beginsBefore = seed % 3 == 1
        if seed % 5 == 2 {
            var random = SeededGenerator(seed: ~seed)
            scenario.secondPath = .random(&random)
        }
        scenario.messages = Int.random(in: 8...30, using: &random)
        scenario.topics = Int.random(in: 1...10, using: &random)
        scenario.longestPayload = [20, 300, 300, 3_000].randomElement(using: &random) ?? 300
        scenario.deletion = [0, 0.2].randomElement(using: &random) ?? 0
        // Times keep their proportions: what an hour is to a beat of 3 minutes is what matters, not the hour.
        let unit: UInt64 = [200_000_000, 1_000_000_000, 60_000_000_000].randomElement(using: &random) ?? 1_000_000_000
        scenario.beatNanoseconds = 2 * unit
        let schedules: [[UInt64]] = [[], [1], [1, 12], [2, 6, 14], [1, 3, 8, 16]]
        scenario.echoes = (schedules.randomElement(using: &random) ?? []).map { $0 * unit }
        scenario.snapshotNanoseconds = unit * UInt64.random(in: 2...6, using: &random)
        scenario.meanPauseNanoseconds = [unit / 1_000, unit / 20, unit / 3].randomElement(using: &random) ?? unit
        scenario.topicLimit = [4, 12, 1_000].randomElement(using: &random) ?? 1_000
        scenario.repairShare = [0, 0.1, 0.2, 0.5].randomElement(using: &random) ?? 0.2
        scenario.minimumRepair = [0, 1, 4].randomElement(using: &random) ?? 4
        scenario.link = .random(&random)
        // A database costs as much as all the rest.
        let hasDatabase = Double.random(in: 0..<1, using: &random) < 0.35
        let faults = SimulatedFault.allCases.filter { hasDatabase || ($0 != .receiverKill && $0 != .receiverDown) }
        let conditions = ReceiverCondition.allCases.filter { hasDatabase || ($0 != .down && $0 != .restoring) }
        let count = Int.random(in: 3...5, using: &random)
        while scenario.faults.count < count {
            let wanted = conditions.randomElement(using: &random)
            // A receiver is fresh once.
            guard wanted != .fresh || scenario.faults.isEmpty else { continue }
            scenario.plan(faults.randomElement(using: &random) ?? .burst, in: wanted)
        }
        return scenario
    }

    /// Plans a fault, and before it what brings the receiver into the condition that it shall be in.
    private mutating func plan(_ fault: SimulatedFault, in wanted: ReceiverCondition?) {
        func prepare(_ fault: SimulatedFault, lasting beats: UInt64? = nil) {
            faults.append(
                PlannedFault(
                    fault, wanted: .settled, patienceNanoseconds: 2 * beatNanoseconds,
                    durationNanoseconds: beats.map { $0 * beatNanoseconds }))
        }
        switch wanted {
        case .down: prepare(.receiverDown)
        case .restoring: prepare(.receiverKill)
        case .stale: prepare(.outage, lasting: 5)
        case .epochPending:
            prepare(.outage, lasting: 2)
            faults.append(PlannedFault(.senderKill))
        case .echoPending, .gapOpen, .unsettled: prepare(.burst)
        case .fresh, .settled, nil: break
        }
        faults.append(PlannedFault(fault, wanted: wanted, patienceNanoseconds: 3 * beatNanoseconds))
    }
}

extension LinkFaults {
    /// Quiet, lossy, bursty, hostile and everything between.
    static func random(_ random: inout SeededGenerator) -> LinkFaults {
        var faults = LinkFaults()
        func sometimes(_ chance: Double, _ range: ClosedRange<Double>) -> Double {
            Double.random(in: 0..<1, using: &random) < chance ? Double.random(in: range, using: &random) : 0
        }
        faults.loss = sometimes(0.3, 0.001...0.4)
        faults.burstBegin = sometimes(0.2, 0.001...0.05)
        faults.burstEnd = Double.random(in: 0.05...0.5, using: &random)
        faults.duplicate = sometimes(0.2, 0.01...0.5)
        faults.reorder = sometimes(0.3, 0.01...0.8)
        faults.flip = sometimes(0.2, 0.01...0.3)
        faults.replay = sometimes(0.2, 0.01...0.5)
        faults.forge = sometimes(0.2, 0.01...0.5)
        faults.delayNanoseconds = [100_000, 5_000_000, 90_000_000].randomElement(using: &random) ?? 100_000
        return faults
    }
}
