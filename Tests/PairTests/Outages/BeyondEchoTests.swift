import Foundation
import TestKit
import Testing

/// D5, P9: what no echo reaches is named in plant terms, carried by hand, and once the journal has it no more, lost for ever.
@Suite("Beyond the echo", .serialized, .timeLimit(.minutes(3)))
struct BeyondEchoTests {
    static let topics = (1...12).map { "acme/line\($0)/value" }
    static let perTopic = 40

    /// A pair whose receiver was away for longer than its echoes reach, and is back.
    private struct Plant {
        let ot: Broker
        let it: Broker
        let pair: DiodePair
        let collector: TestKit.Subscriber

        init(journal: String = "{ min_free: \"0\" }") async throws {
            ot = try await Broker.start(lines: ["max_queued_messages 0"])
            it = try await Broker.start(lines: ["max_queued_messages 0"])
            var settings = DiodePair.Settings()
            settings.sender = ["echo": "[\"300ms\"]", "journal": journal]
            pair = try await DiodePair(ot: ot, it: it, settings)
            collector = try await it.subscribe("#")
            try await pair.start()
            // So that the receiver has heard of each topic, and versions tell what it missed.
            for topic in topics { try await ot.publish(topic, "\(topic) before") }
            #expect(await collector.messages(atLeast: topics.count).count >= topics.count)
        }

        /// Stops the receiver, lets 480 records pass and their echoes, and starts it again.
        func outage() async throws {
            #expect(try await pair.receiver?.terminate() == .code(0))
            for topic in topics { try await ot.publish(lines: lines(of: topic), to: topic) }
            #expect(try await pair.hasSent(topics.count * (perTopic + 1)))
            // Nobody runs, and still nobody may think that all is well. By then the echoes have long passed.
            let isStale = try await eventually {
                let audit = try await AuditAnswer(pair)
                return audit.exit == .code(3) && audit.isStale
            }
            #expect(isStale)
            try pair.startReceiver()
        }

        /// The audit, once it says this.
        func audit(_ exit: Int32, _ condition: (AuditAnswer) -> Bool = { _ in true }) async throws -> AuditAnswer {
            var audit = try await AuditAnswer(pair)
            let says = try await eventually(.seconds(30)) {
                audit = try await AuditAnswer(pair)
                return audit.exit == .code(exit) && !audit.isStale && condition(audit)
            }
            #expect(says, "\(audit)\n\(pair.receiver?.errors.suffix(2_000) ?? "")")
            return audit
        }
    }

    private static func lines(of topic: String) -> [String] { (1...perTopic).map { "\(topic) \($0)" } }

    /// What the gaps of an audit name, topics and records.
    private static func named(_ audit: AuditAnswer) -> [String: Int] {
        var named: [String: Int] = [:]
        for gap in audit.list("gaps") {
            for each in gap["topics"] as? [[String: Any]] ?? [] {
                guard let topic = each["topic"] as? String, let records = each["records"] as? Int else { continue }
                named[topic, default: 0] += records
            }
        }
        return named
    }

    @Test(
        "P9, P6 an outage beyond the echo is exit 3 and names topics and records; a bundle of a few kilobytes brings exit 0"
    )
    func bundle() async throws {
        let plant = try await Plant()
        let from = Date()
        try await plant.outage()
        // The carousel brings the last event of each topic, and by its version says how many are missing before it.
        let missing = Self.topics.count * (Self.perTopic - 1)
        var audit = try await plant.audit(3) { $0.total("missing") == missing }
        #expect(
            Self.named(audit) == Dictionary(uniqueKeysWithValues: Self.topics.map { ($0, Self.perTopic - 1) }),
            "\(audit)")
        #expect(audit.gaps("cause") == ["receiver-down"] && audit.gaps("state") == ["open"], "\(audit)")
        #expect(audit.isBalanced)
        func time(_ name: String) throws -> Date {
            let text = try #require(audit.list("gaps").first?[name] as? String, "\(audit)")
            return try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)
        }
        // The plant's hours: from the last that was heard before to the first that was heard again.
        let (first, last, opened) = (try time("source_from"), try time("source_to"), try time("opened_at"))
        #expect(from.addingTimeInterval(-2) < first && first < last && last <= opened && opened < Date(), "\(audit)")
        #expect(last.timeIntervalSince(first) >= 2, "the receiver was away for longer than its silence timeout")
        let bundle = try await plant.pair.writeBundle()
        #expect(try String(contentsOfFile: bundle, encoding: .utf8).utf8.count < 4_096)
        let answer = try await plant.pair.resend(bundle)
        #expect(answer.exit == .code(0), "\(answer)")
        audit = try await plant.audit(0) { $0.total("outbox") == 0 && $0.replica("digest_matches") == true }
        #expect(audit.isBalanced && audit.total("lost") == 0)
        #expect(audit.gaps("state") == ["healed"] && audit.gaps("healed_by") == ["resend"], "\(audit)")
        let arrived = plant.collector.messages.filter { $0.topic.contains("acme/") }
        let expected = Self.topics.flatMap { topic in ["\(topic) before"] + Self.lines(of: topic) }
        #expect(arrived.map { String(decoding: $0.payload, as: UTF8.self) }.sorted() == expected.sorted())
        try await plant.pair.stop()
    }

    @Test(
        "P1, P9 what the journal has no more is lost, exit 4, and named for ever; accepted, the audit is exit 0 again")
    func lost() async throws {
        let plant = try await Plant(journal: "{ min_free: \"0\", limit: \"1MiB\" }")
        try await plant.outage()
        let missing = Self.topics.count * (Self.perTopic - 1)
        var audit = try await plant.audit(3) {
            $0.total("missing") == missing && Self.named($0).count == Self.topics.count
        }
        let named = Self.named(audit)
        let bundle = try await plant.pair.writeBundle()
        // Noise that does not shrink, until the limit has taken the old blocks.
        for round in 0..<40 where try await AuditAnswer(plant.pair).total("lost") == 0 {
            let noise = (0..<200).map { _ in
                String(
                    (0..<500).map { _ in
                        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".randomElement() ?? "0"
                    })
            }
            try await plant.ot.publish(lines: noise, to: "acme/noise/\(round)")
        }
        audit = try await plant.audit(4) { $0.total("lost") == missing }
        #expect(Self.named(audit) == named && audit.isBalanced, "\(audit)")
        let answer = try await plant.pair.resend(bundle)
        #expect(answer.exit == .code(1), "\(answer)")

        try await plant.pair.stop()
        // Nothing is well before somebody has accepted the loss.
        try plant.pair.startReceiver()
        try plant.pair.startSender()
        let status = [Executable.path("diode-recv"), "status", "--config", plant.pair.receiverConfiguration]
        #expect(try await eventually { try await run(status).exit != .code(1) })
        audit = try await plant.audit(4)
        #expect(Self.named(audit) == named && audit.total("lost") == missing, "for ever: \(audit)")
        for gap in audit.list("gaps") where gap["state"] as? String == "lost" {
            let id = try #require(gap["id"] as? Int)
            try await runSuccessfully([
                Executable.path("diode-recv"), "ack", String(id), "--config", plant.pair.receiverConfiguration,
                "--by", "the shift", "--reason", "read off the machine",
            ])
        }
        audit = try await plant.audit(0)
        #expect(Self.named(audit) == named && audit.total("lost") == missing, "accepted, not forgotten: \(audit)")
        #expect(audit.actions("ack").contains { ($0["detail"] as? String)?.contains("the shift") == true }, "\(audit)")
        try await plant.pair.stop()
    }
}
