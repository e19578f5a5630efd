import Account
import DiodeProtocol
import EventLog
import Foundation
import Glibc
import JSON
import TestKit
import Testing
import Threading
import Time

@testable import ReceiverIT
@testable import ReceiverITCore
@testable import ReceiverITStatus

@Suite("Clocks that differ are told of", .timeLimit(.minutes(1)))
struct ClockDifferenceTests {
    private static let hour: Int64 = 3_600_000

    @Test(
        "P9 D16 from a minute on the difference is the link's reason, from a day on the link is degraded, and nothing is stale",
        arguments: [
            (0, nil, .online), (59_000, nil, .online), (-61_000, "1 min behind", .online),
            (5 * hour + 120_000, "5 h 2 min ahead of", .online), (-23 * hour, "23 h behind", .online),
            (24 * hour, "1 d ahead of", .degraded), (-48 * hour, "2 d behind", .degraded),
            (49 * hour + 1, "2 d 1 h ahead of", .degraded),
        ] as [(Int64, String?, LinkState)])
    func judged(milliseconds: Int64, words: String?, state: LinkState) throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        link.receive(
            try sender.frames(
                sender.beat { $0.clock = UnixMilliseconds(rawValue: UInt64(Int64(link.time.rawValue) + milliseconds)) })
        )
        #expect(link.core.state.state == state)
        let reason = link.core.state.reason
        #expect(
            words.map { reason.contains("the sender's clock is \($0) this machine's: set the one that is wrong") }
                ?? reason.isEmpty)
        // A beat with a clock that was set right takes it back.
        link.receive(try sender.frames(sender.beat { $0.clock = link.time }))
        #expect(link.core.state.state == .online && link.core.state.reason.isEmpty)
    }

    @Test("P8 a clock at the end of its numbers is a difference, not a trap", arguments: [0, 1 << 62, UInt64.max >> 1])
    func extremes(clock: UInt64) throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        link.receive(try sender.frames(sender.beat { $0.clock = UnixMilliseconds(rawValue: clock) }))
        #expect(!link.core.state.reason.isEmpty)
        #expect(ClockDifference(milliseconds: .min).words != nil && ClockDifference(milliseconds: .max).isGrave)
    }

    @Test(
        "P9 a sender's clock two days off: status, log and audit say it in the same words, and no exit code of the audit changes",
        arguments: [-2, 2])
    func told(days: Int64) async throws {
        let receiver = try AuditedReceiver()
        let path = receiver.folder.file("log")
        let file = open(path, O_CREAT | O_WRONLY | O_APPEND, 0o600)
        defer { close(file) }
        try receiver.start(log: EventLog(threshold: .warning, descriptor: file))
        try receiver.emit([receiver.sender.live(count: 3)])
        #expect(await receiver.waitUntil(sent: 3))
        let clock = Int64(UnixClock.now().rawValue) + days * 24 * Self.hour + (days > 0 ? 60_000 : 0)
        try receiver.emit([receiver.sender.beat { $0.clock = UnixMilliseconds(rawValue: UInt64(clock)) }])
        let words = "the sender's clock is 2 d \(days > 0 ? "ahead of" : "behind") this machine's"
        #expect(await eventually { receiver.link?.verdict.reason.contains(words) ?? false })
        #expect(receiver.link?.state == .degraded)
        // The beat before was from long ago: the log says once that the clocks have parted.
        #expect(try await eventually { try String(contentsOfFile: path, encoding: .utf8).contains("clock.differs") })
        try await receiver.settle(3)
        receiver.stop()
        let table = try await receiver.command(["--audit", "--format", "csv"])
        #expect(table.output.contains(words) && table.exit == .code(0), "\(table.output)")
        #expect(try await !receiver.command(["--audit"]).output.contains("well:"))
    }
}
