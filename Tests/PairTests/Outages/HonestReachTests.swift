import Foundation
import TestKit
import Testing

/// Repairing itself needs room on the disk. Where there is none, both sides say so (P6, P9).
@Suite("Self-healing that is off says so", .timeLimit(.minutes(2)))
struct HonestReachTests {
    /// What `status --json` says of an object.
    private func condition(_ name: String, _ pair: DiodePair, _ side: DiodePair.Side) async throws -> (
        exit: Child.Exit, state: String, reason: String, whole: String
    ) {
        let answer = try await pair.status(side)
        let object = try? JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]
        let condition = object?[name] as? [String: String] ?? [:]
        return (answer.exit, condition["state"] ?? "", condition["reason"] ?? "", answer.output)
    }

    /// Waits until an object is degraded for a reason, with exit code 3.
    private func isDegraded(
        _ name: String, _ pair: DiodePair, _ side: DiodePair.Side, because reason: String
    ) async throws -> Bool {
        try await eventually {
            let answer = try await condition(name, pair, side)
            return answer.exit == .code(3) && answer.state == "degraded" && answer.reason.contains(reason)
        }
    }

    @Test(
        "P6 P9 below journal.min_free both sides say at once that the journal does not grow, and what echo really reaches"
    )
    func belowMinimumFree() async throws {
        var settings = DiodePair.Settings()
        settings.sender["journal"] = "{ min_free: '60TiB' }"
        let (ot, it) = (try await Broker.start(), try await Broker.start())
        let pair = try await DiodePair(ot: ot, it: it, settings)
        try pair.startReceiver()
        try pair.startSender()
        #expect(try await isDegraded("sender", pair, .sender, because: "below the 61440 GiB of journal.min_free"))
        #expect(try await isDegraded("link", pair, .receiver, because: "the journal does not grow: it holds"))
        #expect(try await isDegraded("sender", pair, .receiver, because: "make room on the disk"))
        let answer = try await condition("sender", pair, .sender).whole
        #expect(answer.contains("and not the scheduled 1 h") && !answer.contains("reaches back 1 h"))
        try await pair.stop()
        #expect(ot.log.contains("running") && it.log.contains("running"))
    }

    @Test("P8 P9 a reserve that is used up degrades status on the side that has lost it, until it is held again")
    func reserve() async throws {
        let (ot, it) = (try await Broker.start(), try await Broker.start())
        let pair = try await DiodePair(ot: ot, it: it)
        try await pair.start()
        let files = ["send.db.reserve", "recv.db.reserve"].map { pair.folder.file($0) }
        #expect(await eventually { files.allSatisfy { FileManager.default.fileExists(atPath: $0) } })
        try FileManager.default.removeItem(atPath: files[1])
        #expect(try await isDegraded("link", pair, .receiver, because: "recv.db.reserve) are used up"))
        let sender = try await condition("sender", pair, .sender)
        #expect(sender.state == "online" && sender.exit == .code(0))
        try FileManager.default.removeItem(atPath: files[0])
        #expect(try await isDegraded("sender", pair, .sender, because: "send.db.reserve) are used up"))
        #expect(try await isDegraded("sender", pair, .receiver, because: "send.db.reserve) are used up"))
        // At a start both are taken back.
        try await pair.stop()
        try await pair.start()
        try await pair.stop()
        #expect(ot.log.contains("running") && it.log.contains("running"))
    }
}
