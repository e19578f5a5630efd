import DiodeProtocol
import Foundation
import Outbox
import TestKit
import Testing
import Threading

/// How fast the outbox takes in while the publisher is away. Prints figures; run it alone, in a release build:
/// `OUTBOX_BENCH=1 swift test -c release --filter OutboxSpeedTests`.
@Suite("Outbox speed", .enabled(if: ProcessInfo.processInfo.environment["OUTBOX_BENCH"] != nil), .serialized)
struct OutboxSpeedTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var records: Int
        var limit: Int
        var topics: UInt64 = 100_000
        var testDescription: String { "\(records) records a unit, limit \(limit >> 20) MiB, \(topics) topics" }
    }

    @Test(
        "Units and records a second",
        arguments: [
            Case(records: 100, limit: 4 << 30), Case(records: 10, limit: 4 << 30), Case(records: 1, limit: 4 << 30),
            Case(records: 100, limit: 64 << 20), Case(records: 100, limit: 64 << 20, topics: 1_000),
        ])
    func intake(_ test: Case) throws {
        let rig = try OutboxRig(limits: .init(bytes: test.limit))
        let total: UInt64 = test.records == 1 ? 500_000 : 2_000_000
        var next: UInt64 = 1
        var spent: UInt64 = 0
        var longest: UInt64 = 0
        while next < total {
            // 20 ms of 50,000 records a second in one transaction.
            var units: [DeliveryUnit] = []
            for _ in 0..<max(1, 1_000 / test.records) {
                let first = next
                units.append(
                    try DeliveryUnit(
                        (0..<UInt64(test.records)).map {
                            TestRecord(
                                topic: "acme/site/area/line/cell/\((first + $0) &* 7_919 % test.topics)",
                                payloadBytes: 60, sequence: first + $0)
                        }))
                next += UInt64(test.records)
            }
            let start = MonotonicClock.now()
            rig.queue.stage(units)
            try rig.write()
            let time = MonotonicClock.now() - start
            spent += time
            longest = max(longest, time)
        }
        let seconds = Double(spent) / 1e9
        let disk = try rig.number(
            "SELECT page_size * (SELECT page_count FROM pragma_page_count) FROM pragma_page_size")
        let start = MonotonicClock.now()
        var drained = 0
        _ = try rig.drain { _ in drained += 1 }
        let draining = Double(MonotonicClock.now() - start) / 1e9
        print(
            test.testDescription, "→ in: \(Int(Double(next) / seconds)) records/s,",
            "\(Int(Double(next) / seconds) / test.records) units/s, longest transaction \(longest / 1_000_000) ms;",
            "file \(disk >> 20) MiB, \(disk / Int(next)) bytes a record; out: \(drained) at",
            "\(Int(Double(drained) / draining)) records/s; resident \(Self.residentMiB()) MiB; shed",
            rig.queue.totals.shedSum)
    }

    private static func residentMiB() -> Int {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
        return (Int(pages?[1] ?? "") ?? 0) / 256
    }
}
