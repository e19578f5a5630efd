import Configuration
import DiodeProtocol
import TestKit
import Testing

@testable import SenderOT
import Time

@Suite struct JournalReachTests {
    private let now = UnixMilliseconds(rawValue: 1_800_000_000_000)

    private func configuration(rate: String = "100Mbit/s", keep: String = "7d", echo: String = "['1s', '1h']") throws
        -> SenderConfiguration
    {
        let folder = try TemporaryDirectory()
        return try SenderConfiguration(
            path: try folder.write(
                "send.json5",
                """
                { link: { rate: "\(rate)", paths: ["127.0.0.1:7400"] }, broker: { url: "mqtt://127.0.0.1:1" }, export: [],
                  state: "send.db", echo: \(echo), journal: { keep: "\(keep)", limit: "100MB", min_free: "10MB" } }
                """))
    }

    private func reach(
        _ configuration: SenderConfiguration, seconds: UInt64, used: UInt64, free: UInt64? = nil
    ) -> JournalReach {
        JournalReach(
            configuration,
            .init(
                oldest: UnixMilliseconds(rawValue: now.rawValue - seconds * 1_000), usedBytes: used, freeBytes: free),
            now: now)
    }

    @Test("D5 the journal reaches as far as its limit, the disk's room or its age allow, at the rate at which it grew")
    func journal() throws {
        // 20 kB/s: 100 MB are full after 5,000 s.
        let limited = reach(try configuration(), seconds: 1_000, used: 20_000_000)
        #expect(limited.held == .seconds(1_000))
        #expect(limited.bytesPerSecond == 20_000)
        #expect(limited.journal == .seconds(5_000))
        #expect(limited.journalText == "holds 16 min 40 s; at 20000 bytes/s it reaches back 1 h 23 min")
        #expect(limited.alarms.isEmpty)
        let scarce = reach(try configuration(), seconds: 1_000, used: 20_000_000, free: 30_000_000)
        #expect(scarce.journal == .seconds(2_000), "30 MB free, of which 10 stay free")
        #expect(
            scarce.alarms == ["the journal reaches back 33 min 20 s at this rate, and the longest echo needs 1 h"])
        let none = reach(try configuration(), seconds: 1_000, used: 20_000_000, free: 5_000_000)
        #expect(none.journal == .seconds(1_000))
        let kept = reach(try configuration(keep: "40m"), seconds: 1_000, used: 20_000_000)
        #expect(kept.journal == .seconds(2_400))
        #expect(kept.echoText.hasPrefix("reaches back 40 min in 2 repetitions"))
    }

    @Test("D5 what the link has no room for is said: echoes would come late")
    func room() throws {
        let wide = reach(try configuration(), seconds: 1_000, used: 20_000_000)
        // 20 kB/s are 160 kbit/s, 240 with repair symbols and headers: of 90 Mbit/s 375 times.
        #expect(wide.room == 374)
        #expect(wide.echoText == "reaches back 1 h in 2 repetitions; the link has room for 374")
        let narrow = reach(try configuration(rate: "600kbit/s"), seconds: 1_000, used: 20_000_000)
        #expect(narrow.room == 1)
        #expect(narrow.alarms == ["the link has room for 1 repetitions at this rate, and the echo schedule has 2"])
        #expect(reach(try configuration(rate: "100kbit/s"), seconds: 1_000, used: 20_000_000).room == 0)
        let silent = reach(try configuration(rate: "100kbit/s", echo: "[]"), seconds: 1_000, used: 20_000_000)
        #expect(silent.alarms.isEmpty)
        #expect(silent.echoText == "nothing is repeated by itself: echo is empty")
    }

    @Test("a young journal tells no rate and raises no alarm; extreme numbers trap nowhere")
    func extremes() throws {
        let young = reach(try configuration(), seconds: 59, used: 90_000_000)
        #expect(young.journal == nil && young.room == nil && young.alarms.isEmpty)
        #expect(young.journalText == "holds 59 s; too young to tell how far it will reach")
        #expect(reach(try configuration(), seconds: 300, used: 99_000_000).alarms.isEmpty)
        let empty = JournalReach(try configuration(), .init(oldest: nil, usedBytes: 0, freeBytes: nil), now: now)
        #expect(empty.journalText == "holds nothing yet; too young to tell how far it will reach")
        for used in [0, 1, UInt64.max] {
            for free in [nil, 0, UInt64.max] as [UInt64?] {
                for oldest in [0, now.rawValue, .max] {
                    let reach = JournalReach(
                        try configuration(),
                        .init(
                            oldest: UnixMilliseconds(rawValue: oldest), usedBytes: used, freeBytes: free,
                            removesForRoom: used == 0, bytesPerSecond: used == 1 ? .max : nil), now: now)
                    #expect(reach.reach <= .seconds(3_600) && reach.alarms.count <= 2)
                    #expect(reach.journal.map { $0 <= .seconds(7 * 86_400) } ?? true)
                }
            }
        }
    }

    @Test(
        "P6 below journal.min_free the journal does not grow, and that is an alarm at once, with what it really holds")
    func belowMinimumFree() throws {
        let scarce = JournalReach(
            try configuration(),
            .init(
                oldest: UnixMilliseconds(rawValue: now.rawValue - 12), usedBytes: 200_000, reusableBytes: 100_000,
                freeBytes: 9_000_000, removesForRoom: true), now: now)
        #expect(scarce.reach == .milliseconds(12))
        #expect(
            scarce.alarms == [
                "the disk has 8.5 MiB free, below the 9.5 MiB of journal.min_free, so that the journal does not grow: it holds"
                    + " 12 ms and the echo schedule promises 1 h; make room on the disk"
            ])
        #expect(scarce.echoText == "reaches back 12 ms now, and not the scheduled 1 h: at most 12 ms, in 2 repetitions")
        // Pages that are free in the file are room, too.
        let spare = reach(try configuration(), seconds: 10, used: 200_000, free: 10_000_000)
        #expect(spare.alarms.isEmpty)
    }

    @Test(
        "P6 a journal that is cut short by its limit, and one that will be, are alarms before they are as old as the echo"
    )
    func cutShort() throws {
        let full = JournalReach(
            try configuration(),
            .init(
                oldest: UnixMilliseconds(rawValue: now.rawValue - 400_000), usedBytes: 100_000_000,
                freeBytes: 1 << 40, removesForRoom: true), now: now)
        #expect(full.alarms.count == 1 && full.alarms[0].contains("full with 6 min 40 s"))
        // 100 MB at 1 MB/s last 100 s: known after a minute.
        let small = JournalReach(
            try configuration(),
            .init(
                oldest: UnixMilliseconds(rawValue: now.rawValue - 70_000), usedBytes: 70_000_000, freeBytes: 1 << 40,
                bytesPerSecond: 1_000_000), now: now)
        #expect(
            small.alarms.first == "the journal reaches back 1 min 40 s at this rate, and the longest echo needs 1 h")
        // A journal that is full and old enough is as it should be.
        let old = JournalReach(
            try configuration(),
            .init(
                oldest: UnixMilliseconds(rawValue: now.rawValue - 4_000_000), usedBytes: 100_000_000,
                freeBytes: 1 << 40, removesForRoom: true, bytesPerSecond: 20_000), now: now)
        #expect(old.alarms.isEmpty && old.echoText.hasPrefix("reaches back 1 h in 2"))
    }

    @Test("the retained set that a start brings is no rate; what goes on for a minute is one")
    func rate() {
        var rate = JournalRate()
        var told: [UInt64?] = []
        for second in 0...75 as ClosedRange<UInt64> {
            // 50 MB in the first second, then 1 kB a second.
            let bytes = second == 0 ? 0 : 50_000_000 + second * 1_000
            told.append(rate.note(bytes, at: MonotonicInstant(nanoseconds: second * 1_000_000_000)))
        }
        #expect(told[59] == nil && told[60] == 1_000 && told[75] == 1_000)
        for second in 76...1_300 as ClosedRange<UInt64> {
            let bytes = 50_000_000 + second * 1_000
            told.append(rate.note(bytes, at: MonotonicInstant(nanoseconds: second * 1_000_000_000)))
        }
        #expect(told[1_300] == 1_000)
    }
}
