import Foundation
import TestKit
import Testing

/// Each message crosses once, however the broker treats filters that overlap (C01; MQTT 5 §3.3.4 leaves it free).
@Suite("Filters that overlap", .timeLimit(.minutes(2)))
struct OverlapTests {
    enum Plant: String, Sendable, CaseIterable {
        case mosquitto = "mosquitto, a copy for each filter"
        case copies = "a broker that repeats for each filter"
        case nats = "NATS, MQTT 3.1.1"
        case once = "mosquitto, one copy"

        func start() async throws -> any MQTTServer {
            switch self {
            case .mosquitto: try await Broker.start(lines: ["max_queued_messages 0"])
            case .once: try await Broker.start(lines: ["max_queued_messages 0", "allow_duplicate_messages false"])
            case .copies: try await MisbehavingBroker.start(["copies": "1"])
            case .nats: try await NATSServer.start()
            }
        }
    }

    @Test(
        "P1 a message that several rules export crosses once, at every QoS, retained or not", arguments: Plant.allCases)
    func once(_ plant: Plant) async throws {
        let (ot, it) = (try await plant.start(), try await Broker.start(lines: ["max_queued_messages 0"]))
        var settings = DiodePair.Settings()
        settings.export = ["acme/+/temp", "acme/l1/#", "acme/l1/temp", "+/l1/temp"]
        let pair = try await DiodePair(ot: ot, it: it, settings)
        let collector = try await PythonClient.collector(on: it, filters: ["acme/#"])
        try pair.startReceiver()
        try pair.startSender()
        #expect(try await eventually(.seconds(20)) { try await SenderState(pair)?.hasFetched == true })
        let highest = plant == .nats ? 1 : 2
        var messages: [PlantMessage] = []
        for number in 0..<120 {
            messages.append(
                PlantMessage(
                    ["acme/l1/temp", "acme/l2/temp", "acme/l1/x", "acme/l2/x"][number % 4],
                    Array("\(number / 4 / 2)".utf8),
                    qos: number / 4 % (highest + 1), retain: plant != .nats && number % 8 > 3))
        }
        try await PythonClient.publish(messages, on: ot)
        try await PythonClient.publish([PlantMessage("acme/l1/last", [], qos: 1)], on: ot)
        #expect(await eventually(.seconds(30)) { collector.messages.contains { $0.topic == "acme/l1/last" } })
        let arrived = collector.messages.filter { $0.topic != "acme/l1/last" }
        func text(_ message: PlantMessage) -> String {
            "\(message.topic) \(String(decoding: message.payload, as: UTF8.self))"
        }
        let expected = messages.filter { $0.topic != "acme/l2/x" }
        #expect(arrived.map(text).sorted() == expected.map(text).sorted())
        // What no rule exports came because of the broader filter, and is counted as that.
        #expect(try await SenderState(pair)?.filtered["overlap"] == messages.count - expected.count)
        try await pair.stop()
    }

    @Test("P1 what an older configuration subscribed to brings nothing twice after a restart")
    func olderConfiguration() async throws {
        let (ot, it) = (try await Broker.start(), try await Broker.start())
        var settings = DiodePair.Settings()
        settings.export = ["acme/+/temp"]
        let pair = try await DiodePair(ot: ot, it: it, settings)
        let collector = try await it.subscribe("acme/#")
        try await pair.start()
        try await ot.publish("acme/l1/temp", "before")
        #expect(await eventually { collector.messages.count == 1 })
        _ = try await pair.sender?.terminate()
        let text = try String(contentsOfFile: pair.senderConfiguration, encoding: .utf8)
        try pair.folder.write("send.json5", text.replacingOccurrences(of: "acme/+/temp", with: "acme/l1/#"))
        try pair.startSender()
        try await pair.waitUntilWell()
        for number in 0..<20 { try await ot.publish("acme/l1/temp", "\(number)") }
        try await ot.publish("acme/l1/last", "")
        #expect(await eventually { collector.messages.contains { $0.topic == "acme/l1/last" } })
        #expect(collector.messages.count == 22, "\(collector.messages.map(\.topic))")
        try await pair.stop()
    }
}
