import DiodeProtocol
import TestKit
import Testing

@testable import SenderOT
import Time
@testable import SenderOTCore

/// When slices and checkpoints are due.
struct CarouselTests {
    private let start = MonotonicInstant(nanoseconds: 5_000_000_000)

    /// Turns rounds of `slices` even slices, each made `late` after it was due, until `rounds` are over.
    private func turn(_ carousel: inout Carousel, rounds: Int, slices: UInt64, late: Duration = .zero) -> [UInt64] {
        var made: [UInt64] = []
        var now = start
        let end = carousel.round + UInt64(rounds)
        while carousel.round < end, let due = carousel.deadline {
            now = max(now, due.advanced(by: late))
            made.append(now.nanoseconds)
            let isLast = carousel.slice == slices - 1
            let to = isLast ? UInt64.max : UInt64.max / slices * (carousel.slice + 1)
            carousel.made(through: TopicHash(rawValue: to), isLast: isLast, now: now)
        }
        return made
    }

    @Test("P2 a round takes one period, its slices spread evenly, whatever their number", arguments: [1, 2, 7, 1_000])
    func even(slices: UInt64) {
        var carousel = Carousel(period: .seconds(30))
        #expect(carousel.deadline == nil, "nothing is told before the state is known")
        carousel.begin(start)
        carousel.begin(start.advanced(by: .seconds(99)))
        let made = turn(&carousel, rounds: 3, slices: slices)
        #expect(made.first == start.nanoseconds)
        #expect(made.count == 3 * Int(slices))
        let gaps = zip(made, made.dropFirst()).map { $1 - $0 }
        let even = 30_000_000_000 / slices
        #expect(gaps.allSatisfy { $0 <= even + 2 && $0 + slices + 2 >= even })
        #expect(carousel.lastRound == .seconds(30))
        #expect(carousel.round == 4 && carousel.slice == 0)
    }

    @Test("a round whose slices leave too slowly takes longer, and says so")
    func slow() {
        var carousel = Carousel(period: .seconds(10))
        carousel.begin(start)
        var now = start
        for slice in 0..<100 as Range<UInt64> {
            // The link takes one each second.
            now = now.advanced(by: .seconds(1))
            carousel.made(
                through: TopicHash(rawValue: slice == 99 ? .max : UInt64.max / 100 * (slice + 1)), isLast: slice == 99,
                now: now)
        }
        #expect(carousel.lastRound == .seconds(100))
    }

    @Test("D4 what a pause kept back is not sent in a burst afterwards")
    func pause() throws {
        var carousel = Carousel(period: .seconds(16))
        carousel.begin(start)
        var now = start
        var made: [UInt64] = []
        for slice in 0..<1_600 as Range<UInt64> {
            let due = try #require(carousel.deadline)
            now = max(now, due)
            if slice == 400 { now = now.advanced(by: .seconds(9)) }
            made.append(now.nanoseconds)
            carousel.made(
                through: TopicHash(rawValue: slice == 1_599 ? .max : UInt64.max / 1_600 * (slice + 1)),
                isLast: slice == 1_599, now: now)
        }
        let hurried = zip(made, made.dropFirst()).count { $1 == $0 }
        #expect(hurried <= 101, "a sixteenth of the period is made up for")
        #expect(carousel.lastRound == .seconds(24))
    }

    @Test("D6 checkpoints are said at least once a period, after hashing in steps, and at once when little changed")
    func checkpoints() {
        var scheduler = CheckpointScheduler(period: .seconds(4))
        #expect(scheduler.decide(changed: 0, now: start) == .wait)
        scheduler.begin(start)
        #expect(scheduler.deadline == start.advanced(by: .seconds(3)))
        #expect(scheduler.decide(changed: 1_000_000, now: start.advanced(by: .milliseconds(2_999))) == .wait)
        var now = start.advanced(by: .seconds(3))
        var changed = 3 * CheckpointScheduler.stepTopics
        var steps = 0
        while scheduler.decide(changed: changed, now: now) == .hash {
            steps += 1
            changed -= CheckpointScheduler.stepTopics
            now = scheduler.deadline ?? now
        }
        #expect(steps == 2 && changed == CheckpointScheduler.stepTopics)
        #expect(now == start.advanced(by: .milliseconds(3_002)))
        // Changes that never end do not put it off.
        let said = now
        while scheduler.decide(changed: 1_000_000, now: now) != .say { now = scheduler.deadline ?? now }
        #expect(now == said.advanced(by: .seconds(4)))
    }
}
