import Account
import DiodeProtocol
import Testing
import Time

@testable import ReceiverITCore

@Suite("GapTracker")
struct GapTrackerTests {
    private let time = UnixMilliseconds(rawValue: 1_763_716_000_000)

    /// A block of one record.
    private func unit(_ number: UInt64, of epoch: UInt64) -> DecodedUnit {
        DecodedUnit(
            channel: .live, epoch: Epoch(rawValue: epoch), incarnation: Incarnation(rawValue: epoch),
            firstBlock: number, lastBlock: number, firstSequence: number, lastSequence: number, contentHashes: [],
            transmission: .first, content: [])
    }

    @Test("P1 a gap that fell into two holes is closed as lost when its epoch is folded")
    func folding() {
        var limits = GapTracker.Limits()
        limits.epochs = 1
        var now = MonotonicInstant(nanoseconds: 1_000_000_000)
        var tracker = GapTracker(limits: limits, lowestEpochs: [Epoch(rawValue: 1)], now: now)
        for number in [1, 5] as [UInt64] {
            #expect(tracker.accept(unit(number, of: 7), now: now, time: time) == .accepted)
        }
        now = now.advanced(by: .milliseconds(60))
        tracker.advance(now: now, time: time) { _ in .link }
        #expect(tracker.accept(unit(3, of: 7), now: now, time: time) == .accepted)
        #expect(tracker.holeCount == 2 && tracker.openAndLost.map(\.missing) == [2])
        _ = tracker.takeEvents()
        _ = tracker.takeChanges()
        #expect(tracker.accept(unit(1, of: 9), now: now, time: time) == .accepted)
        let closed = tracker.takeEvents().compactMap { event -> Gap? in
            if case .closed(let gap) = event { gap } else { nil }
        }
        #expect(closed.map(\.lost) == [2] && closed.map(\.missing) == [0])
        #expect(tracker.takeChanges().gaps.values.map(\.state) == [.lost])
        #expect(tracker.account.missing == 0 && tracker.account.lost == 2 && tracker.gapCount == 0)
    }
}
