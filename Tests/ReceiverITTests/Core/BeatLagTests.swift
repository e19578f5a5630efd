import Account
import DiodeProtocol
import Testing
import Time

@testable import ReceiverITCore

/// How late beats come, by the monotonic clocks of both sides.
@Suite("BeatLag")
struct BeatLagTests {
    private struct Rig {
        var lag = BeatLag()
        private var isFirst = true

        /// A beat that was signed at one time of the sender's and came at one of the receiver's, in milliseconds.
        mutating func beat(
            uptime: UInt64?, clock: UInt64 = 1_763_716_000_000, at receiver: UInt64, isFirst: Bool = false
        ) {
            var beat = Beat(
                clock: UnixMilliseconds(rawValue: clock), lastSequence: 0, lastLiveBlock: 0, lastSnapshotBlock: 0,
                periodMilliseconds: 1_000)
            beat.uptimeMilliseconds = uptime
            lag.note(
                beat, isFirst: isFirst || self.isFirst, now: MonotonicInstant(nanoseconds: receiver * 1_000_000))
            self.isFirst = false
        }

        var age: Duration? { lag.lag?.age }
    }

    @Test("D16 the lag is what the receiver's time has run ahead of the sender's since the best beat")
    func slow() {
        var rig = Rig()
        rig.beat(uptime: 500_000, at: 7_000)
        #expect(rig.age == nil, "one beat is no measure")
        rig.beat(uptime: 501_000, at: 8_300)
        #expect(rig.age == .milliseconds(300))
        rig.beat(uptime: 502_000, at: 8_500)
        #expect(rig.age == .zero, "a better beat is the measure from now on")
        rig.beat(uptime: 503_000, at: 50_000)
        #expect(rig.age == .milliseconds(40_492), "40.5 s, less what clocks may drift in 41.5 s")
        #expect(rig.lag.lag?.isGrowing == true)
        #expect(rig.lag.lag?.words == "values are up to 40 s old and ageing")
        rig.beat(uptime: 504_000, at: 51_000)
        #expect(rig.lag.lag?.isGrowing == false && rig.lag.lag?.words == "values are up to 40 s old")
    }

    @Test(
        "D16 clocks that drift apart by up to 200 millionths are no lag, in either direction",
        arguments: [-200, 0, 200])
    func drift(millionths: Int64) throws {
        var rig = Rig()
        for hour in 0..<2_000 as Range<Int64> {
            let sender = hour * 3_600_000
            rig.beat(uptime: UInt64(1_000_000 + sender), at: UInt64(5_000 + sender + sender / 1_000_000 * millionths))
        }
        #expect(try #require(rig.age) <= .seconds(1))
    }

    @Test("D16 neither wall clock is asked: the sender's may step by days")
    func steps() {
        var rig = Rig()
        let clocks: [UInt64] = [1_763_716_000_000, 1_763_716_001_000, 5_000, 1_963_716_000_000, 1_763_716_004_000]
        for (beat, clock) in clocks.enumerated() {
            let at = UInt64(beat) * 1_000
            rig.beat(uptime: 77_000 + at, clock: clock, at: 9_000 + at)
            #expect(rig.age == (beat == 0 ? nil : .zero))
        }
    }

    @Test("D16 a new epoch begins a new measure")
    func epochs() {
        var rig = Rig()
        rig.beat(uptime: 1_000, at: 1_000)
        rig.beat(uptime: 2_000, at: 60_000)
        #expect(rig.age.map { $0 > .seconds(57) } == true)
        rig.beat(uptime: 3_000, at: 61_000, isFirst: true)
        #expect(rig.age == nil)
        rig.beat(uptime: 4_000, at: 62_000)
        #expect(rig.age == .zero)
    }

    @Test(
        "D16 a sender that signs its wall clock alone is measured by it; a clock that is set begins a new measure or a better one"
    )
    func earlierSender() {
        var rig = Rig()
        let start: UInt64 = 1_763_716_000_000
        rig.beat(uptime: nil, clock: start, at: 1_000)
        rig.beat(uptime: nil, clock: start + 1_000, at: 12_000)
        #expect(rig.age.map { $0 > .seconds(9) } == true)
        rig.beat(uptime: nil, clock: start - 86_400_000, at: 13_000)
        #expect(rig.age == nil, "set back")
        rig.beat(uptime: nil, clock: start - 86_399_000, at: 14_000)
        #expect(rig.age == .zero)
        rig.beat(uptime: nil, clock: start + 86_400_000, at: 15_000)
        #expect(rig.age == .zero, "set forward")
        rig.beat(uptime: 5, at: 16_000)
        #expect(rig.age == nil, "the sender was upgraded")
    }

    @Test("P8 no numbers that a beat may sign overflow")
    func extremes() {
        var rig = Rig()
        for uptime in [0, 1 << 63 - 1, 1, 1 << 62] as [UInt64] {
            for at in [0, UInt64.max / 1_000_000] { rig.beat(uptime: uptime, at: at) }
        }
        rig.beat(uptime: 1 << 63, at: 1)
        #expect(rig.age.map { $0 >= .zero } ?? true)
    }
}
