import Account
import DiodeProtocol
import TestKit
import Testing

@testable import ReceiverIT
import Time
@testable import ReceiverITCore

/// The live channel of one epoch told with sets of numbers instead of runs: slow, and simple enough to be believed.
private struct NaiveTrack {
    var delivered: Set<UInt64> = []
    var late: Set<UInt64> = []
    var missing: Set<UInt64> = []
    var accepted: Set<UInt64> = []
    /// Missing blocks, by the opening that they belong to.
    var holes: [UInt64: Int] = [:]
    var frontier: UInt64 = 0
    var frontierSequence: UInt64 = 0
    var waiting: [UInt64: (unit: DecodedUnit, since: UInt64)] = [:]
    var announced: (block: UInt64, sequence: UInt64) = (0, 0)
    var tailSince: UInt64 = 0
    var openings = 0
    let window: UInt64

    /// - Returns: whether it is accepted, and the sequences that are released because of it.
    mutating func accept(_ unit: DecodedUnit, now: UInt64) -> (Bool, [UInt64]) {
        let blocks = Array(unit.firstBlock...unit.lastBlock)
        guard accepted.isDisjoint(with: blocks) else { return (false, []) }
        if unit.firstBlock > frontier {
            accepted.formUnion(blocks)
            waiting[unit.firstBlock] = (unit, now)
            return (true, release(now))
        }
        guard blocks.allSatisfy({ holes[$0] != nil || $0 > frontier }) else { return (false, []) }
        accepted.formUnion(blocks)
        for block in blocks { holes[block] = nil }
        for sequence in unit.sequences {
            missing.remove(sequence)
            late.insert(sequence)
        }
        frontier = max(frontier, unit.lastBlock)
        frontierSequence = max(frontierSequence, unit.lastSequence)
        return (true, Array(unit.sequences))
    }

    private mutating func release(_ now: UInt64) -> [UInt64] {
        var sequences: [UInt64] = []
        while let next = waiting.removeValue(forKey: frontier + 1) {
            frontier = next.unit.lastBlock
            frontierSequence = next.unit.lastSequence
            delivered.formUnion(next.unit.sequences)
            sequences += next.unit.sequences
            tailSince = max(tailSince, now)
        }
        return sequences
    }

    mutating func announce(block: UInt64, sequence: UInt64, now: UInt64) {
        guard block >= announced.block, sequence >= announced.sequence, (block, sequence) != announced else { return }
        announced = (block, sequence)
        tailSince = max(tailSince, now)
    }

    mutating func advance(now: UInt64) -> [UInt64] {
        var sequences: [UInt64] = []
        while true {
            var end: (block: UInt64, sequence: UInt64)?
            if let since = waiting.values.map(\.since).min() {
                if since + window <= now, let first = waiting.keys.min(), let unit = waiting[first]?.unit {
                    end = (first - 1, unit.firstSequence - 1)
                }
            } else if announced.block > frontier, announced.sequence >= frontierSequence, tailSince + window <= now {
                end = announced
            }
            guard let end else { return sequences }
            openings += 1
            for block in frontier + 1...end.block { holes[block] = openings }
            if end.sequence > frontierSequence { missing.formUnion(frontierSequence + 1...end.sequence) }
            frontier = end.block
            frontierSequence = end.sequence
            sequences += release(now)
        }
    }
}

extension DecodedUnit {
    /// The sequences it takes.
    fileprivate var sequences: Range<UInt64> { firstSequence..<lastSequence + 1 }
}

@Suite("GapTracker against a naive model")
struct GapTrackerModelTests {
    private let epoch = Epoch(rawValue: 1_763_716_000_001)

    /// Blocks as a sender makes them: some with many records, some with none, some contents of several parts.
    private func units(_ count: Int, _ random: inout SeededGenerator) -> [DecodedUnit] {
        var units: [DecodedUnit] = []
        var block: UInt64 = 1
        var sequence: UInt64 = 1
        while units.count < count {
            let parts: UInt64 = Int.random(in: 0..<10, using: &random) == 0 ? .random(in: 2...4, using: &random) : 1
            let records = parts > 1 ? 1 : UInt64([0, 1, 1, 2, 5].randomElement(using: &random) ?? 1)
            units.append(
                DecodedUnit(
                    channel: .live, epoch: epoch, incarnation: Incarnation(rawValue: 5), firstBlock: block,
                    lastBlock: block + parts - 1, firstSequence: sequence, lastSequence: sequence + records - 1,
                    contentHashes: [], transmission: .first, content: []))
            block += parts
            sequence += records
        }
        return units
    }

    @Test("P1 W-20 W-24 whatever comes, in whatever order, both agree on every number", arguments: 0..<20)
    func agreement(_ round: Int) async {
        await withSeed("GapTrackerModelTests.agreement") { random in
            let units = units(120, &random)
            var tracker = GapTracker(
                limits: .init(), lowestEpochs: [Epoch(rawValue: 1)], now: MonotonicInstant(nanoseconds: 0))
            var model = NaiveTrack(window: 50_000_000)
            var now: UInt64 = 1_000_000_000
            var sent = 0
            var released: [ReleasedUnit] = []
            for step in 0..<600 {
                let instant = MonotonicInstant(nanoseconds: now)
                let time = UnixMilliseconds(rawValue: now / 1_000_000)
                var expected: [UInt64] = []
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<6:
                    // Something near the newest, or anything at all.
                    sent = min(sent + Int.random(in: 0...2, using: &random), units.count - 1)
                    let index = Bool.random(using: &random) ? sent : Int.random(in: 0...sent, using: &random)
                    let (isAccepted, sequences) = model.accept(units[index], now: now)
                    expected = sequences
                    let verdict = tracker.accept(units[index], now: instant, time: time)
                    #expect(verdict == (isAccepted ? .accepted : .replayed), "step \(step), unit \(index)")
                case 6:
                    let unit = units[Int.random(in: 0...sent, using: &random)]
                    let block = UInt64.random(in: unit.firstBlock...unit.lastBlock, using: &random)
                    model.announce(block: block, sequence: unit.lastSequence, now: now)
                    let said = Beat.EpochSummary(
                        epoch: epoch, incarnation: Incarnation(rawValue: 5),
                        firstSequence: SequenceNumber(rawValue: 1),
                        lastCommitted: SequenceNumber(rawValue: unit.lastSequence),
                        lastBlock: BlockNumber(rawValue: block))
                    tracker.announce(said, from: 0, isFinal: false, clock: time, now: instant, time: time)
                case 7..<9:
                    now += UInt64.random(in: 0...60_000_000, using: &random)
                    expected = model.advance(now: now)
                    tracker.advance(
                        now: MonotonicInstant(nanoseconds: now), time: UnixMilliseconds(rawValue: now / 1_000_000)
                    ) { _ in .link }
                default: break
                }
                tracker.takeReleased(into: &released)
                #expect(released.flatMap { Array($0.unit.sequences) } == expected, "step \(step)")
                check(tracker, model, step)
            }
        }
    }

    private func check(_ tracker: GapTracker, _ model: NaiveTrack, _ step: Int) {
        let account = tracker.account
        #expect(account.delivered == UInt64(model.delivered.count), "step \(step)")
        #expect(account.late == UInt64(model.late.count), "step \(step)")
        #expect(account.missing == UInt64(model.missing.count), "step \(step)")
        #expect(account.sent == model.frontierSequence, "step \(step)")
        #expect(tracker.openAndLost.reduce(0) { $0 + $1.missing } == account.missing, "step \(step)")
        var copy = tracker
        let whole = copy.wholeState()
        guard let track = whole.tracks[epoch] else { return }
        #expect(track.frontier.block == model.frontier, "step \(step)")
        let holes = whole.holes.values.compactMap { $0 }.sorted { $0.firstBlock < $1.firstBlock }
        let blocks = holes.flatMap { Array($0.firstBlock...$0.lastBlock) }
        #expect(blocks == model.holes.keys.sorted(), "step \(step)")
        let missing = holes.flatMap { Array($0.firstSequence..<$0.endSequence) }
        #expect(missing == model.missing.sorted(), "step \(step)")
    }
}
