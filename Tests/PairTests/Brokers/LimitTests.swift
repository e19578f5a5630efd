import Foundation
import TestKit
import Testing

/// P8 on the real pair: what is beyond a limit of the configuration is refused by name, and all else passes.
@Suite("Limits", .timeLimit(.minutes(2)))
struct LimitTests {
    @Test("P8 P9 topics beyond the limit, and records too large for it, are numbered, shed and named in the audit")
    func topicsAndRecords() async throws {
        let (ot, it) = (try await Broker.start(), try await Broker.start())
        var settings = DiodePair.Settings()
        settings.sender["limits"] = "{ topics: 2, record: \"1KiB\" }"
        let pair = try await DiodePair(ot: ot, it: it, settings)
        let collector = try await it.subscribe("acme/#")
        try await pair.start()
        for topic in ["acme/a", "acme/b", "acme/c", "acme/c"] { try await ot.publish(topic, "1") }
        try await ot.publish("acme/a", String(repeating: "x", count: 2_000))
        try await ot.publish("acme/a", "2")
        #expect(await collector.messages(atLeast: 3).map(\.topic) == ["acme/a", "acme/b", "acme/a"])
        var audit = try await AuditAnswer(pair)
        let isNamed = try await eventually(.seconds(20)) {
            audit = try await AuditAnswer(pair)
            return audit.total("lost") == 3
        }
        #expect(isNamed, "\(audit)")
        #expect(audit.exit == .code(4) && audit.isBalanced && audit.total("sent") == 6, "\(audit)")
        var shed: [String: Int] = [:]
        for topic in audit.losses(of: "sender").flatMap({ $0["topics"] as? [[String: Any]] ?? [] }) {
            shed[topic["topic"] as? String ?? "", default: 0] += topic["records"] as? Int ?? 0
        }
        #expect(shed == ["acme/c": 2, "acme/a": 1], "\(audit)")
        try await pair.stop()
    }
}
