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
            configuration, oldest: UnixMilliseconds(rawValue: now.rawValue - seconds * 1_000), usedBytes: used,
            freeBytes: free, now: now)
    }

    @Test("D5 the journal reaches as far as its limit, the disk's room or its age allow, at the rate at which it grew")
    func journal() throws {
        // 20 kB/s: 100 MB are full after 5,000 s.
        let limited = reach(try configuration(), seconds: 1_000, used: 20_000_000)
        #expect(limited.held == .seconds(1_000))
        #expect(limited.bytesPerSecond == 20_000)
        #expect(limited.journal == .seconds(5_000))
        #expect(limited.journalText == "holds 16 min 40 s; at 20000 bytes/s it reaches back 1 h 23 min")
        #expect(limited.alarm == nil)
        let scarce = reach(try configuration(), seconds: 1_000, used: 20_000_000, free: 30_000_000)
        #expect(scarce.journal == .seconds(2_000), "30 MB free, of which 10 stay free")
        #expect(scarce.alarm == "the journal reaches back 33 min 20 s at this rate, and the longest echo needs 1 h")
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
        #expect(narrow.alarm == "the link has room for 1 repetitions at this rate, and the echo schedule has 2")
        #expect(reach(try configuration(rate: "100kbit/s"), seconds: 1_000, used: 20_000_000).room == 0)
        let silent = reach(try configuration(rate: "100kbit/s", echo: "[]"), seconds: 1_000, used: 20_000_000)
        #expect(silent.alarm == nil)
        #expect(silent.echoText == "nothing is repeated by itself: echo is empty")
    }

    @Test("a young journal tells no rate and raises no alarm; extreme numbers trap nowhere")
    func extremes() throws {
        let young = reach(try configuration(), seconds: 59, used: 90_000_000)
        #expect(young.journal == nil && young.room == nil && young.alarm == nil)
        #expect(young.journalText == "holds 59 s; too young to tell how far it will reach")
        #expect(reach(try configuration(), seconds: 300, used: 99_000_000).alarm == nil)
        let empty = JournalReach(try configuration(), oldest: nil, usedBytes: 0, freeBytes: 0, now: now)
        #expect(empty.journalText == "holds nothing yet; too young to tell how far it will reach")
        for used in [0, 1, UInt64.max] {
            for free in [nil, 0, UInt64.max] as [UInt64?] {
                for oldest in [0, now.rawValue, .max] {
                    let reach = JournalReach(
                        try configuration(), oldest: UnixMilliseconds(rawValue: oldest), usedBytes: used,
                        freeBytes: free,
                        now: now)
                    #expect(reach.journal.map { $0 <= .seconds(7 * 86_400) } ?? true)
                }
            }
        }
    }
}
