import Testing

@testable import SenderOT
import Time

@Suite
struct ClockWatchTests {
    @Test("D9 a clock that was set, or a machine that was resumed, is noticed; a clock that is slewed is not")
    func steps() {
        let watch = ClockWatch(unix: UnixMilliseconds(rawValue: 1_800_000_000_000), boot: .nanoseconds(50_000_000_000))
        // An hour later by both clocks.
        #expect(
            watch.step(unix: UnixMilliseconds(rawValue: 1_800_003_600_000), boot: .nanoseconds(3_650_000_000_000))
                == nil)
        #expect(
            watch.step(unix: UnixMilliseconds(rawValue: 1_800_003_609_000), boot: .nanoseconds(3_650_000_000_000))
                == nil)
        #expect(
            watch.step(unix: UnixMilliseconds(rawValue: 1_800_003_610_000), boot: .nanoseconds(3_650_000_000_000))
                == 10_000)
        #expect(
            watch.step(unix: UnixMilliseconds(rawValue: 1_799_917_200_000), boot: .nanoseconds(50_000_000_000))
                == -82_800_000)
        #expect(
            watch.step(unix: UnixMilliseconds(rawValue: 0), boot: .nanoseconds(Int64.max)) != nil,
            "a broken clock is a step, not a trap")
    }
}
