import Foundation
import Glibc
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

    /// Writes other rules into the configuration and lets the daemon read them, or starts it anew.
    private static func change(_ pair: DiodePair, export: String, restart: Bool = false) async throws {
        let text = try String(contentsOfFile: pair.senderConfiguration, encoding: .utf8)
        let lines = text.split(separator: "\n").map {
            $0.hasPrefix("  export:") ? "  export: [\(export)]," : String($0)
        }
        try pair.folder.write("send.json5", lines.joined(separator: "\n") + "\n")
        if restart {
            #expect(try await pair.sender?.terminate() == .code(0))
            try pair.startSender()
        } else {
            pair.sender?.send(SIGHUP)
        }
    }

    /// Waits until the IT broker retains this, and the audit says that both sides agree.
    private static func agrees(_ pair: DiodePair, _ it: Broker, on expected: [String: String]) async throws -> Bool {
        try await eventually(.seconds(20)) {
            let audit = try await AuditAnswer(pair)
            // Never a difference, not even while last events leave.
            #expect(audit.replica("digest_matches") != false, "\(audit)")
            guard audit.exit == .code(0), audit.replica("digest_matches") == true else { return false }
            return try await it.retained("+/#").filter { !$0.key.hasPrefix("diode/") } == expected
        }
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
        "a narrower filter deletes on the IT side, a wider one brings what is retained, a prefix moves it; SIGHUP and start alike"
    )
    func changes() async throws {
        let (ot, it) = (try await Broker.start(), try await Broker.start())
        let pair = try await Self.pair(ot, it, export: "{ filter: \"acme/#\" }")
        for index in 0..<150 { try await ot.publish("acme/many/\(index)", "1", retain: true) }
        try await ot.publish("acme/a", "1", retain: true)
        try await ot.publish("other/a", "1", retain: true)
        let collector = try await it.subscribe("acme/event")
        try await pair.start()
        try await ot.publish("acme/event", "1")
        #expect(await collector.messages(atLeast: 1).count == 1)
        let many = Dictionary(uniqueKeysWithValues: (0..<150).map { ("acme/many/\($0)", "1") })
        #expect(try await Self.agrees(pair, it, on: many.merging(["acme/a": "1"]) { $1 }))
        // More than deletions.hold believes of a broker: the operator meant it.
        try await Self.change(pair, export: "{ filter: \"acme/#\", except: [\"acme/many/#\", \"acme/event\"] }")
        #expect(try await Self.agrees(pair, it, on: ["acme/a": "1"]))
        let audit = try await AuditAnswer(pair)
        #expect(audit.actions("export.narrowed").count == 2, "\(audit)")
        try await Self.change(pair, export: "{ filter: \"acme/+\", prefix: \"site\" }, { filter: \"other/#\" }")
        #expect(try await Self.agrees(pair, it, on: ["site/acme/a": "1", "other/a": "1"]))
        try await Self.change(pair, export: "{ filter: \"acme/#\" }", restart: true)
        #expect(try await Self.agrees(pair, it, on: many.merging(["acme/a": "1"]) { $1 }))
        // A file that is no configuration changes nothing.
        try await Self.change(pair, export: "{ filter: \"#\", max_rate: \"never\" }")
        #expect(await eventually { pair.sender?.errors.contains("reload.invalid") ?? false })
        try await ot.publish("acme/a", "2", retain: true)
        #expect(try await Self.agrees(pair, it, on: many.merging(["acme/a": "2"]) { $1 }))
        #expect(collector.messages.count == 1)
        try await pair.stop()
    }

    @Test("check --against-running counts what a file would delete and add before the daemon reads it")
    func againstRunning() async throws {
        let (ot, it) = (try await Broker.start(), try await Broker.start())
        let pair = try await Self.pair(ot, it, export: "{ filter: \"acme/#\" }")
        for topic in ["acme/a", "acme/b", "other/a", "other/b"] { try await ot.publish(topic, "1", retain: true) }
        let collector = try await it.subscribe("acme/#")
        try await pair.start()
        try await ot.publish("acme/event", "1")
        #expect(await collector.messages(atLeast: 3).count >= 3)
        func check() async throws -> Finished {
            try await run([
                Executable.path("diode-send"), "check", "--config", pair.senderConfiguration, "--against-running",
            ])
        }
        let same = try await check()
        #expect(
            same.succeeded && same.output.hasPrefix("ok    removed     0 topics")
                && same.output.contains("added       0 topics"))
        let text = try String(contentsOfFile: pair.senderConfiguration, encoding: .utf8)
        let rules = "{ filter: \"acme/b\", prefix: \"p\" }, { filter: \"other/#\" }"
        let lines = text.split(separator: "\n").map { $0.hasPrefix("  export:") ? "  export: [\(rules)]," : String($0) }
        try pair.folder.write("send.json5", lines.joined(separator: "\n") + "\n")
        let other = try await check()
        #expect(other.succeeded, "\(other.output)\(other.errors)")
        let answers = other.output.split(separator: "\n").map(String.init)
        #expect(
            answers.count == 8 && answers[0].hasPrefix("ok    removed     3 topics")
                && answers[1].hasPrefix("ok    added       3 topics"))
        let names = answers.dropFirst(2).map { $0.split(separator: " ").suffix(2).joined(separator: " ") }
        #expect(
            Set(names) == [
                "removed acme/a", "removed acme/b", "removed acme/event", "added p/acme/b", "added other/a",
                "added other/b",
            ])
        // Asking changed nothing.
        #expect(try await it.retained("acme/#") == ["acme/a": "1", "acme/b": "1"])
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
