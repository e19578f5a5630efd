import Foundation
import TestKit
import Testing

/// The OT side decides what leaves, on the real pair (ADR 0017).
@Suite("Export policy", .serialized, .timeLimit(.minutes(2)))
struct ExportPolicyTests {
    private static func pair(_ ot: Broker, _ it: Broker, export: String) async throws -> DiodePair {
        var settings = DiodePair.Settings()
        settings.sender["export"] = "[\(export)]"
        return try await DiodePair(ot: ot, it: it, settings)
    }

    private static func texts(_ messages: [ReceivedMessage]) -> [String] {
        messages.map { "\($0.topic)=" + String(decoding: $0.payload, as: UTF8.self) }
    }

    @Test("size, deadband, rate and prefix hold; what stays is no gap, is counted by its reason, and both sides agree")
    func options() async throws {
        let (ot, it) = (try await Broker.start(), try await Broker.start())
        let pair = try await Self.pair(
            ot, it,
            export: """
                { filter: "acme/fast/#", max_rate: "1/s", prefix: "site" }, { filter: "acme/small/#", max_payload: "4B" },
                { filter: "acme/number/#", deadband: 0.5 }, { filter: "acme/json", deadband: { field: "value", delta: 2 } }
                """)
        let collector = try await it.subscribe("+/#")
        try await pair.start()
        try await ot.publish("acme/small/a", "large", retain: true)
        try await ot.publish("acme/small/a", "1234", retain: true)
        for value in ["10", "10.3", "9.8", "10.5", "10.9"] {
            try await ot.publish("acme/number/a", value, qos: 2, retain: true)
        }
        for value in [1, 2, 3] { try await ot.publish("acme/json", "{ \"value\": \(value), \"unit\": \"C\" }") }
        try await ot.publish(lines: (1...500).map { "\($0)" }, to: "acme/fast/a")
        let isComplete = await eventually(.seconds(20)) {
            Self.texts(collector.messages).contains("site/acme/fast/a=500")
        }
        #expect(isComplete, "\(Self.texts(collector.messages))")
        let fast = collector.messages.filter { $0.topic == "site/acme/fast/a" }
        #expect(String(decoding: fast[0].payload, as: UTF8.self) == "1" && fast.count <= 5, "\(Self.texts(fast))")
        let rest = collector.messages.filter { $0.topic.hasPrefix("acme/") }
        #expect(
            Self.texts(rest) == [
                "acme/small/a=1234", "acme/number/a=10", "acme/number/a=10.5",
                "acme/json={ \"value\": 1, \"unit\": \"C\" }",
                "acme/json={ \"value\": 3, \"unit\": \"C\" }",
            ])
        let state = try #require(try await SenderState(pair))
        #expect(state.filtered["max_payload"] == 1 && state.filtered["deadband"] == 4)
        #expect(state.filtered["max_rate"] == 500 - fast.count)
        var audit = try await AuditAnswer(pair)
        let isWell = try await eventually(.seconds(20)) {
            audit = try await AuditAnswer(pair)
            return audit.exit == .code(0) && audit.replica("digest_matches") == true
                && audit.sender("filtered") == state.filtered.values.reduce(0, +)
        }
        #expect(isWell && audit.list("gaps").isEmpty && audit.list("losses").isEmpty, "\(audit)")
        try await pair.stop()
    }

    @Test(
        "P1 a value that waits for its rate survives kill -9 although the OT broker was told that it is safe and forgot it"
    )
    func killed() async throws {
        let (ot, it) = (try await Broker.start(), try await Broker.start())
        let pair = try await Self.pair(ot, it, export: "{ filter: \"acme/#\", max_rate: \"1/h\" }")
        let collector = try await it.subscribe("acme/#")
        try await pair.start()
        try await ot.publish("acme/a", "1")
        #expect(await collector.messages(atLeast: 1).count == 1)
        try await ot.publish("acme/a", "2")
        try await ot.publish("acme/a", "3", qos: 2)
        #expect(try await eventually { try await SenderState(pair)?.waitingValues == 1 })
        // A record behind it: what is acknowledged before that is on disk.
        try await ot.publish("acme/b", "1")
        #expect(await collector.messages(atLeast: 2).count == 2)
        _ = try await pair.sender?.kill9()
        _ = try await ot.kill9()
        try await ot.restart()
        try pair.startSender()
        #expect(Self.texts(await collector.messages(atLeast: 3)) == ["acme/a=1", "acme/b=1", "acme/a=3"])
        try await pair.waitUntilWell()
        // A start begins all intervals anew; what waits when the sender is told to end leaves before it ends.
        try await ot.publish("acme/a", "4")
        try await ot.publish("acme/a", "5")
        #expect(try await eventually { try await SenderState(pair)?.waitingValues == 1 })
        #expect(try await pair.sender?.terminate() == .code(0))
        #expect(Self.texts(await collector.messages(atLeast: 5)).suffix(2) == ["acme/a=4", "acme/a=5"])
        try pair.startSender()
        try await pair.waitUntilWell()
        #expect(collector.messages.count == 5)
        try await pair.stop()
    }
}
