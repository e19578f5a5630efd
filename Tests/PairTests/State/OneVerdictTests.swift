import Foundation
import TestKit
import Testing

/// D19 on the real pair: status, the retained status, the log and the audit say one thing of the link, with a reason and a next step.
@Suite("One verdict", .serialized, .timeLimit(.minutes(2)))
struct OneVerdictTests {
    private struct Plant {
        let ot: Broker
        let it: Broker
        let pair: DiodePair
        let told: Subscriber

        init(_ settings: DiodePair.Settings = DiodePair.Settings()) async throws {
            ot = try await Broker.start()
            it = try await Broker.start()
            pair = try await DiodePair(ot: ot, it: it, settings)
            told = try await it.subscribe("diode/#")
        }

        /// Waits until status, retained status, log and audit agree, and what each says holds.
        /// - Parameters:
        ///   - state: of the link.
        ///   - word: that every reason has.
        func agrees(
            on state: String, exit: Int32, audit auditExit: Int32, reason word: String
        ) async throws -> LinkWords {
            var seen = "nothing"
            var found: LinkWords?
            _ = await eventually {
                guard let (words, code) = try? await LinkWords.status(pair) else { return false }
                let retained = LinkWords.retained(told).last
                guard let audit = try? await AuditAnswer(pair) else { return false }
                let log = pair.receiver?.errors ?? ""
                let reasons = [words.reason, retained?.reason ?? "", audit.reason + audit.findings.joined()]
                seen =
                    "\(words) \(code), retained \(retained?.description ?? "nothing"), audit \(audit)\n\(log.suffix(1_500))"
                guard words.state == state, retained?.state == state, code == .code(exit),
                    audit.exit == .code(auditExit),
                    reasons.allSatisfy({ $0.contains(word) }), log.contains("link.\(state)"), log.contains(word)
                else { return false }
                found = words
                return true
            }
            return try #require(found, "\(seen)")
        }
    }

    @Test("P9 a loss that nobody has acknowledged degrades the link at every place, until somebody has")
    func unacknowledged() async throws {
        var settings = DiodePair.Settings()
        settings.receiverLink = "own: [\"acme/own/#\"]"
        let plant = try await Plant(settings)
        try await plant.pair.start()
        try await plant.ot.publish("acme/foreign", "1")
        let words = try await plant.agrees(
            on: "degraded", exit: 3, audit: 4, reason: "1 record lost (policy), not acknowledged")
        #expect(words.advice.contains("diode-recv ack"))
        try await runSuccessfully([
            Executable.path("diode-recv"), "ack", "loss-1", "--config", plant.pair.receiverConfiguration,
            "--by", "the operator", "--reason", "a test",
        ])
        try await plant.pair.waitUntilWell()
        #expect(try await AuditAnswer(plant.pair).exit == .code(0))
        #expect(await eventually { LinkWords.retained(plant.told).last?.state == "online" })
        try await plant.pair.stop()
    }

    @Test("P9 frames of a key that is not paired are the reason why nothing is heard, with what to do")
    func wrongCard() async throws {
        let plant = try await Plant()
        try FileManager.default.removeItem(atPath: plant.pair.folder.file("plant-a.key"))
        try? FileManager.default.removeItem(atPath: plant.pair.folder.file("plant-a.card"))
        try await runSuccessfully([
            Executable.path("diode-send"), "keygen", "--link", "plant-a", "--out", plant.pair.folder.path,
        ])
        try plant.pair.startReceiver()
        try plant.pair.startSender()
        let words = try await plant.agrees(on: "offline", exit: 4, audit: 3, reason: "of a key that is not paired here")
        #expect(words.advice.contains("diode-recv pair --replace"))
        try await plant.pair.stop()
    }

    @Test("P9 a sender whose clock and database were set back is named, instead of a link from which nothing is heard")
    func olderEpoch() async throws {
        let plant = try await Plant()
        try plant.pair.startReceiver()
        try plant.pair.startSender(["--epoch", String(Int(Date().timeIntervalSince1970 * 1_000) + 86_400_000)])
        try await plant.pair.waitUntilWell()
        #expect(try await plant.pair.sender?.terminate() == .code(0))
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: plant.pair.folder.file("send.db" + suffix))
        }
        try plant.pair.startSender()
        // To a receiver it is a second sender, too: the audit is exit 5 until somebody has looked.
        let words = try await plant.agrees(on: "stale", exit: 4, audit: 5, reason: "over")
        #expect((words.reason + words.advice).contains("--epoch"), "\(words)")
        try await plant.pair.stop()
    }

    @Test(
        "P9 a receiver whose disk is full is heard and cannot write: that is what every place says, since when and with what to do"
    )
    func fullDisk() async throws {
        let plant = try await Plant()
        let disk = try FaultyDisk(folder: plant.pair.folder.path)
        try plant.pair.startReceiver(environment: disk.environment())
        try plant.pair.startSender()
        try await plant.pair.waitUntilWell()
        try disk.fail(.full)
        let words = try await plant.agrees(on: "degraded", exit: 3, audit: 3, reason: "what is accepted is not stored")
        #expect(words.advice.contains("make room"))
        let audit = try await AuditAnswer(plant.pair)
        #expect(audit.reason.contains("has not been able to write since"), "\(audit)")
        try disk.fail(nil)
        try await plant.pair.waitUntilWell()
        try await plant.pair.waitUntilAuditIsWell()
        try await plant.pair.stop()
    }
}
