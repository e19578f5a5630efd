import Audit
import DiodeProtocol
import Foundation
import JSON
import TestKit
import Testing
import Time

@Suite("The audit's periods")
struct PeriodTests {
    private static func zone(_ name: String) throws -> TimeZoneRule {
        let file = try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)"))
        return try #require(TimeZoneRule(name: name, file: Array(file)))
    }

    @Test(
        "an RFC 3339 time is read with any offset",
        arguments: [
            ("2026-11-21T09:30:00Z", "2026-11-21T09:30:00.000Z"), ("2026-11-21t09:30:00z", "2026-11-21T09:30:00.000Z"),
            ("2026-11-21T09:30:00.5Z", "2026-11-21T09:30:00.500Z"),
            ("2026-11-21T09:30:00.123456789Z", "2026-11-21T09:30:00.123Z"),
            ("2026-11-21T09:30:00+02:00", "2026-11-21T07:30:00.000Z"),
            ("2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00.000Z"),
            ("2026-11-21T09:30:00-23:59", "2026-11-22T09:29:00.000Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"), ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
        ])
    func times(text: String, instant: String) throws {
        #expect(CalendarTime.text(try #require(CalendarDay.instant(text))) == instant)
    }

    @Test(
        "what is no time is refused with the option's name",
        arguments: [
            "", "yesterday", "2026-11-21T09:30Z", "2026-11-21T09:30:00", "2026-11-21 09:30:00Z", "2026-11-31",
            "2026-02-29T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T09:30:00.Z", "2026-11-21T09:30:00+24:00",
            "2026-11-21T09:30:00+0200", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "2026-1-1", "20261121",
            "2026-11-21T09:30:00Z ", "２０２６-11-21",
        ])
    func noTimes(text: String) {
        #expect(throws: AuditPeriodError.notATime(option: "--since", text: text)) {
            try AuditPeriod(since: text, until: nil)
        }
    }

    @Test("a period that ends before it begins is refused, and so is an empty one")
    func backwards() {
        for since in ["2026-11-02", "2026-11-01"] {
            #expect(throws: AuditPeriodError.empty) { try AuditPeriod(since: since, until: "2026-11-01") }
        }
    }

    @Test("a period holds its first instant and not its last")
    func halfOpen() throws {
        let period = try AuditPeriod(since: "2026-11-01", until: "2026-12-01")
        #expect(period.contains(AuditSamples.time("2026-11-01T00:00:00.000Z")))
        #expect(period.contains(AuditSamples.time("2026-11-30T23:59:59.999Z")))
        #expect(!period.contains(AuditSamples.time("2026-12-01T00:00:00.000Z")))
    }

    @Test(
        "a date is the first instant of it in the zone",
        arguments: [
            ("Europe/Berlin", "2026-07-01", "2026-06-30T22:00:00.000Z"),
            ("Europe/Berlin", "2026-12-01", "2026-11-30T23:00:00.000Z"),
            // Far beyond the file's table: the rule in its last line.
            ("Europe/Berlin", "2077-07-01", "2077-06-30T22:00:00.000Z"),
            ("Europe/Berlin", "2077-01-01", "2076-12-31T23:00:00.000Z"),
            ("Australia/Sydney", "2077-01-01", "2076-12-31T13:00:00.000Z"),
            ("Australia/Sydney", "2077-07-01", "2077-06-30T14:00:00.000Z"),
            ("America/New_York", "2026-11-02", "2026-11-02T05:00:00.000Z"),
            ("Asia/Kolkata", "2026-11-02", "2026-11-01T18:30:00.000Z"),
            // Midnight did not exist: the clocks jumped from 24:00 to 1:00.
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00.000Z"),
            // Midnight came twice: the first.
            ("America/Havana", "2026-11-01", "2026-11-01T04:00:00.000Z"),
            ("UTC", "2026-11-01", "2026-11-01T00:00:00.000Z"),
        ])
    func dates(name: String, date: String, instant: String) throws {
        let zone = try Self.zone(name)
        #expect(CalendarTime.text(try #require(CalendarDay.start(date, in: zone))) == instant)
    }

    @Test("an offset is a zone")
    func offsets() throws {
        let zone = try #require(TimeZoneRule(offset: "+02:00"))
        #expect(CalendarDay.start("2026-11-01", in: zone) == AuditSamples.time("2026-10-31T22:00:00.000Z"))
        #expect(TimeZoneRule(offset: "UTC")?.offset(at: 0) == 0)
        for text in ["", "Europe/Berlin", "+2", "2:00", "+25:00"] { #expect(TimeZoneRule(offset: text) == nil) }
    }

    @Test("a zone's name cannot leave its folder")
    func names() {
        for name in ["Europe/Berlin", "UTC", "Etc/GMT+5", "America/Port-au-Prince", "America/Argentina/Buenos_Aires"] {
            #expect(TimeZoneRule.isFileName(name))
        }
        for name in ["", "/etc/passwd", "../x", "Europe/../x", "Europe//Berlin", "a b", "a\0", "Europe/"] {
            #expect(!TimeZoneRule.isFileName(name))
        }
    }

    @Test("every zone of this machine agrees with the C library, for a hundred years")
    func zones() async throws {
        try await withSeed { random in
            let known = TimeZone.knownTimeZoneIdentifiers.filter {
                FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/\($0)")
            }
            for name in known.shuffled(using: &random).prefix(60) {
                let zone = try Self.zone(name)
                let other = try #require(TimeZone(identifier: name))
                for _ in 0..<200 {
                    // Foundation does not know the rules of after 2037.
                    let second = Int64.random(in: 0..<2_140_000_000, using: &random)
                    let expected = other.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
                    #expect(zone.offset(at: second) == expected, "\(name) at \(second)")
                }
            }
        }
    }

    @Test("a damaged zone file is refused or read, and traps never")
    func damage() throws {
        let file = Array(try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/Europe/Berlin")))
        for length in stride(from: 0, to: file.count, by: 7) {
            _ = TimeZoneRule(name: "x", file: Array(file[..<length]))
        }
        var random = SeededGenerator(seed: 5)
        for _ in 0..<3000 {
            var damaged = file
            damaged[.random(in: 0..<file.count, using: &random)] = .random(in: 0...255, using: &random)
            damaged[.random(in: 0..<file.count, using: &random)] = .random(in: 0...255, using: &random)
            _ = TimeZoneRule(name: "x", file: damaged)?.offset(at: .random(in: 0...4_000_000_000, using: &random))
        }
    }

    @Test("the days of a zone follow each other without a hole")
    func days() throws {
        for name in [
            "Europe/Berlin", "America/Havana", "America/Sao_Paulo", "Africa/Casablanca", "Australia/Lord_Howe",
        ] {
            let zone = try Self.zone(name)
            var before: UnixMilliseconds?
            for day in 17_000..<23_000 {
                let date = String(CalendarTime.text(UnixMilliseconds(rawValue: UInt64(day) * 86_400_000)).prefix(10))
                let start = try #require(CalendarDay.start(date, in: zone))
                let hours = before.map { (start.rawValue - $0.rawValue) / 3_600_000 }
                #expect(hours.map { 22...26 ~= $0 } ?? true, "\(name) \(date)")
                before = start
            }
        }
    }
}
