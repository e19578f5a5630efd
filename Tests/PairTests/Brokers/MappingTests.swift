import TestKit
import Testing

/// What the IT side makes of what the plant sends, on the real pair (ADR 0017).
@Suite("The IT side", .serialized, .timeLimit(.minutes(2)))
struct MappingTests {
    private static func pair(_ ot: Broker, _ it: Broker, link: String = "") async throws -> DiodePair {
        var settings = DiodePair.Settings()
        settings.receiverLink = link
        return try await DiodePair(ot: ot, it: it, settings)
    }

    @Test(
        "topics get the names of the map and no higher QoS than the cap; deletions and read-back find them; a taken name is a dead letter"
    )
    func map() async throws {
        let (ot, it) = (try await Broker.start(), try await Broker.start())
        let map = "[{ from: \"acme/old/#\", to: \"acme/new/#\" }, { from: \"acme/a\", to: \"b\" }]"
        let pair = try await Self.pair(ot, it, link: "map: \(map), max_qos: 1")
        let collector = try await it.subscribe("+/#", qos: 2)
        try await pair.start()
        try await ot.publish("acme/old/gone", "1", qos: 2, retain: true)
        try await ot.publish("acme/old/x", "1", qos: 2, retain: true)
        try await ot.publish("acme/old/gone", "", qos: 1, retain: true)
        try await ot.publish("acme/a", "2", qos: 2)
        try await ot.publish("acme/new/x", "3", qos: 1, retain: true)
        try await ot.publish("acme/c", "4", qos: 0)
        #expect(await eventually { collector.messages.contains { $0.topic == "acme/c" } })
        let seen = collector.messages.filter { !$0.topic.hasPrefix("diode/") && $0.topic != "b" }
        #expect(
            seen.map { "\($0.topic)=\(String(decoding: $0.payload, as: UTF8.self)) \($0.qos)" } == [
                "acme/new/gone=1 1", "acme/new/x=1 1", "acme/new/gone= 1", "acme/c=4 0",
            ])
        var audit = try await AuditAnswer(pair)
        let isCounted = try await eventually(.seconds(20)) {
            audit = try await AuditAnswer(pair)
            return audit.total("dead") == 1 && audit.replica("it_matches") == true
        }
        #expect(isCounted && audit.exit == .code(4) && audit.isBalanced, "\(audit)")
        let loss = try #require(audit.losses(of: "policy").first)
        #expect(loss["reason"] as? String == "name_taken", "\(audit)")
        // What only the map explains is known for ours when the broker is read back, and put back where it belongs.
        try await it.publish("acme/new/x", "", retain: true)
        try await it.kill9()
        try await it.restart()
        let isBack = try await eventually(.seconds(20)) { try await it.retained("acme/#") == ["acme/new/x": "1"] }
        #expect(isBack)
        try await pair.stop()
    }

    @Test(
        "slow consumers get the last value of a topic each interval; what is superseded has a name, and deletions do not wait"
    )
    func publishRate() async throws {
        let (ot, it) = (try await Broker.start(), try await Broker.start())
        let pair = try await Self.pair(ot, it, link: "publish_rate: \"1/s\"")
        let collector = try await it.subscribe("acme/#", qos: 2)
        try await pair.start()
        try await ot.publish(lines: (1...500).map { "\($0)" }, to: "acme/fast")
        let isComplete = await eventually(.seconds(20)) {
            collector.messages.contains { String(decoding: $0.payload, as: UTF8.self) == "500" }
        }
        #expect(isComplete && collector.messages.count <= 5, "\(collector.messages.count)")
        try await ot.publish("acme/kept", "1", retain: true)
        try await ot.publish("acme/kept", "2", retain: true)
        try await ot.publish("acme/kept", "", retain: true)
        var audit = try await AuditAnswer(pair)
        let isCounted = try await eventually(.seconds(20)) {
            audit = try await AuditAnswer(pair)
            return audit.total("outbox") == 0 && audit.total("sent") == 503 && audit.isBalanced
        }
        #expect(isCounted && audit.exit == .code(4), "\(audit)")
        #expect(audit.total("shed") + audit.total("published") == 503, "\(audit)")
        #expect(audit.losses(of: "policy").allSatisfy { $0["reason"] as? String == "too_fast" }, "\(audit)")
        let kept = collector.messages.filter { $0.topic == "acme/kept" }
        #expect(kept.map { String(decoding: $0.payload, as: UTF8.self) } == ["1", ""])
        // A receiver that was killed offers again what waited.
        try await ot.publish("acme/fast", "501")
        try await ot.publish("acme/fast", "502")
        _ = try await pair.receiver?.kill9()
        try pair.startReceiver()
        let isLast = await eventually(.seconds(20)) {
            collector.messages.last.map { String(decoding: $0.payload, as: UTF8.self) } == "502"
        }
        #expect(isLast)
        try await pair.stop()
    }

    @Test(
        "P9 what the IT broker refuses is a dead letter by topic and reason, those behind it flow, and ack brings exit 0 back",
        arguments: [1, 2])
    func deadLetters(qos: Int) async throws {
        let ot = try await Broker.start()
        let folder = try TemporaryDirectory("acl")
        try folder.write("acl", "topic readwrite #\ntopic deny acme/secret\n")
        let it = try await Broker.start(lines: ["acl_file \(folder.file("acl"))", "max_packet_size 2000"])
        let pair = try await Self.pair(ot, it)
        let collector = try await it.subscribe("acme/#", qos: 2)
        try await pair.start()
        for number in 1...3 {
            try await ot.publish("acme/secret", "\(number)", qos: qos, retain: number == 3)
            try await ot.publish("acme/large", String(repeating: "x", count: 3_000), qos: number == 1 ? 0 : qos)
            try await ot.publish("acme/a", "\(number)", qos: qos)
        }
        // At QoS 0 a broker refuses without a word, so that nobody learns of it.
        try await ot.publish("acme/secret", "unknown", qos: 0)
        try await ot.publish("acme/a", "4", qos: qos)
        let arrived = await collector.messages(atLeast: 4)
        #expect(arrived.map { String(decoding: $0.payload, as: UTF8.self) } == ["1", "2", "3", "4"])
        var audit = try await AuditAnswer(pair)
        let isCounted = try await eventually(.seconds(20)) {
            audit = try await AuditAnswer(pair)
            return audit.total("dead") == 6 && audit.total("published") == 5
        }
        #expect(isCounted && audit.isBalanced && audit.exit == .code(4), "\(audit)")
        let losses = audit.losses(of: "it-broker")
        let named = losses.map { loss in
            let topics = (loss["topics"] as? [[String: Any]] ?? []).map { "\($0["topic"] ?? "")*\($0["records"] ?? 0)" }
            return "\(loss["reason"] ?? "") \(loss["records"] ?? 0) \(topics.joined())"
        }
        #expect(Set(named) == ["refused 3 acme/secret*3", "too_large 3 acme/large*3"], "\(audit)")
        for loss in losses {
            #expect(loss["from"] is String && loss["to"] is String)
            try await runSuccessfully([
                Executable.path("diode-recv"), "ack", try #require(loss["id"] as? String), "--config",
                pair.receiverConfiguration, "--by", "the shift", "--reason", "not for everybody",
            ])
        }
        try await pair.waitUntilAuditIsWell()
        try await pair.stop()
    }
}
