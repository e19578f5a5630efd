import Foundation
import TestKit
import Testing

/// P9 on the real pair: an OT broker that delivers more than a client of MQTT 3.1.1 can say that it takes.
@Suite("Payloads above what the sender takes", .timeLimit(.minutes(2)))
struct LargePayloadTests {
    @Test(
        "P1 P9 NATS with max_payload at 8 MiB: whatever is too large is shed by name, live or retained, over one connection, and all else crosses"
    )
    func nats() async throws {
        let ot = try await NATSServer.start()
        let it = try await Broker.start(lines: ["max_queued_messages 0"])
        let folder = try TemporaryDirectory("payloads")
        let files = try [1_200_000, 4_500_000].map {
            try folder.write("\($0)", String(repeating: "x", count: $0))
        }
        func publish(_ name: String, retain: Bool = false) async throws {
            let topics = ["acme/\(name)/record", "acme/\(name)/packet", "acme/\(name)/small"]
            for (topic, payload) in zip(topics, files.map { ["-f", $0] } + [["-m", "1"]]) {
                let options = ["-V", "mqttv311", "-p", "\(ot.port)", "-q", "1", "-t", topic] + (retain ? ["-r"] : [])
                try await runSuccessfully(["mosquitto_pub"] + options + payload)
            }
        }
        try await publish("before", retain: true)
        let pair = try await DiodePair(ot: ot, it: it)
        let collector = try await PythonClient.collector(on: it, filters: ["acme/#"])
        try pair.startReceiver()
        try pair.startSender()
        #expect(try await eventually(.seconds(20)) { try await SenderState(pair)?.hasFetched ?? false })
        try await publish("live")
        func arrived() -> Set<String> { Set(collector.messages.map(\.topic)) }
        #expect(
            await eventually(.seconds(30)) { arrived() == ["acme/before/small", "acme/live/small"] }, "\(arrived())")
        var audit = try await AuditAnswer(pair)
        var shed: Set<String> = []
        let isNamed = try await eventually(.seconds(20)) {
            audit = try await AuditAnswer(pair)
            shed = Set(
                audit.losses(of: "sender").filter { $0["reason"] as? String == "oversize" }.flatMap {
                    ($0["topics"] as? [[String: Any]] ?? []).compactMap { $0["topic"] as? String }
                })
            return shed.count >= 4
        }
        #expect(
            isNamed
                && shed == [
                    "acme/before/record", "acme/before/packet", "acme/live/record", "acme/live/packet",
                ], "\(audit)")
        #expect(audit.exit == .code(4) && audit.isBalanced, "\(audit)")
        // JetStream delivers again what nobody acknowledged, over this connection or the next.
        let log = pair.sender?.errors ?? ""
        #expect(log.components(separatedBy: "broker.connected").count == 2, "\(log)")
        try await pair.stop()
    }
}
