import Foundation
import TestKit
import Testing

/// P9 on the real pair: IT brokers that do not take all of what the link brings. What is denied dies by name, alone, and all else arrives.
@Suite("IT brokers that deny", .timeLimit(.minutes(3)))
struct DenyingBrokerTests {
    private struct Rig {
        let ot: Broker
        let it: any MQTTServer
        let pair: DiodePair
        let collector: PythonClient

        init(it: any MQTTServer, _ settings: DiodePair.Settings = DiodePair.Settings()) async throws {
            self.it = it
            ot = try await Broker.start(lines: ["max_queued_messages 0"])
            pair = try await DiodePair(ot: ot, it: it, settings)
            collector = try await PythonClient.collector(on: it, filters: ["acme/#"])
            try pair.startReceiver()
            try pair.startSender()
            try await pair.waitUntilSenderIsWell()
            let pair = pair
            #expect(await eventually(.seconds(20)) { (try? await AuditAnswer(pair)) != nil })
        }

        /// How often the receiver was let in by the IT broker.
        var connections: Int { (pair.receiver?.errors.components(separatedBy: "it_broker.connected").count ?? 1) - 1 }

        /// Topics of what arrived, each once.
        var arrived: Set<String> { Set(collector.messages.map(\.topic)) }

        /// Waits until so many records are dead letters, with others on their way all the time.
        /// - Returns: the dead by layer, reason and topic, and the topics of the others.
        func dead(_ count: Int, _ timeout: Duration = .seconds(60)) async throws -> (
            dead: [String: Int], others: Set<String>
        ) {
            var audit = try await AuditAnswer(pair)
            var others: Set<String> = []
            let isNamed = try await eventually(timeout) {
                let topic = "acme/ok/\(others.count)"
                try await ot.publish(topic, "1")
                others.insert(topic)
                audit = try await AuditAnswer(pair)
                return audit.total("dead") >= count
            }
            #expect(isNamed && audit.exit == .code(4) && audit.isBalanced, "\(audit) \(pair.receiver?.errors ?? "")")
            var dead: [String: Int] = [:]
            for loss in audit.list("losses") {
                for topic in loss["topics"] as? [[String: Any]] ?? [] {
                    let name = "\(loss["layer"] ?? "") \(loss["reason"] ?? "") \(topic["topic"] ?? "")"
                    dead[name, default: 0] += topic["records"] as? Int ?? 0
                }
            }
            return (dead, others)
        }
    }

    @Test(
        "P9 mosquitto with an access list: what it denies in a code is dead by name at once, over one connection that stands"
    )
    func accessList() async throws {
        var access = Broker.Settings()
        access.access = ["topic read #", "topic write acme/ok/#", "topic write diode/#"]
        let rig = try await Rig(it: try await Broker.start(access))
        try await rig.ot.publish("acme/denied/value", "1", retain: true)
        try await rig.ot.publish("acme/denied/event", "1")
        try await rig.ot.publish("acme/denied/once", "1", qos: 2)
        let (dead, others) = try await rig.dead(3)
        #expect(
            dead == [
                "it-broker refused acme/denied/value": 1, "it-broker refused acme/denied/event": 1,
                "it-broker refused acme/denied/once": 1,
            ])
        #expect(await eventually { rig.arrived == others })
        #expect(rig.connections == 1)
        try await rig.pair.stop()
    }

    @Test(
        "P9 mosquitto with smaller packets than a record: too large by name, whether the broker says so before or hangs up",
        arguments: [5, 4])
    func packetSize(_ version: Int) async throws {
        let it = try await Broker.start(lines: ["max_packet_size 2000"])
        var settings = DiodePair.Settings()
        if version == 4 { settings.receiver["broker"] = "{ url: \"\(it.url)\", version: \"3.1.1\" }" }
        let rig = try await Rig(it: it, settings)
        let large = String(repeating: "x", count: 4_000)
        try await rig.ot.publish("acme/large/value", large, retain: true)
        try await rig.ot.publish("acme/large/event", large)
        let (dead, others) = try await rig.dead(2)
        let reason = version == 5 ? "too_large" : "refused"
        #expect(dead == ["it-broker \(reason) acme/large/value": 1, "it-broker \(reason) acme/large/event": 1])
        #expect(await eventually { rig.arrived == others })
        if version == 5 { #expect(rig.connections == 1) }
        let connections = rig.connections
        try await rig.ot.publish("acme/ok/last", "1")
        #expect(await eventually { rig.arrived.contains("acme/ok/last") })
        #expect(rig.connections == connections)
        try await rig.pair.stop()
    }

    @Test(
        "P9 RabbitMQ hangs up at what it does not permit: dead by name, each topic after a handful of connections, and all else arrives"
    )
    func rabbitMQ() async throws {
        let it = try await RabbitMQServer.start(writable: "^(acme\\\\.ok|diode)\\\\.")
        var settings = DiodePair.Settings()
        settings.receiver["broker"] = "{ url: \"\(it.url)\", version: \"3.1.1\" }"
        settings.receiverLink = "max_qos: 1"
        let rig = try await Rig(it: it, settings)
        try await rig.ot.publish("acme/denied/value", "1", retain: true)
        try await rig.ot.publish("acme/denied/event", "1")
        let (dead, others) = try await rig.dead(2, .seconds(90))
        #expect(dead == ["it-broker refused acme/denied/value": 1, "it-broker refused acme/denied/event": 1])
        #expect(await eventually { rig.arrived == others }, "\(others.subtracting(rig.arrived))")
        try await rig.pair.stop()
    }

    @Test("P9 NATS takes more than its max_payload from a client of MQTT: all of it arrives, and nothing else is said")
    func natsPayload() async throws {
        let rig = try await Rig(it: try await NATSServer.start(maximumPayload: 65_536))
        let large = String(repeating: "x", count: 100_000)
        try await rig.ot.publish("acme/large/value", large, retain: true)
        try await rig.ot.publish("acme/large/event", large)
        try await rig.ot.publish("acme/small", "1")
        #expect(await eventually { rig.arrived == ["acme/large/value", "acme/large/event", "acme/small"] })
        #expect(try await eventually { try await AuditAnswer(rig.pair).total("published") == 3 })
        try await rig.pair.waitUntilAuditIsWell()
        #expect(rig.connections == 1)
        try await rig.pair.stop()
    }

    enum Denying: CaseIterable { case mosquitto, rabbitMQ }

    @Test(
        "P9 an IT broker that does not let the receiver say how it is: that is said, exit 3, and the records arrive",
        arguments: Denying.allCases)
    func ownTopics(_ denying: Denying) async throws {
        let it: any MQTTServer
        var settings = DiodePair.Settings()
        switch denying {
        case .mosquitto:
            var access = Broker.Settings()
            access.access = ["topic read #", "topic write acme/#"]
            it = try await Broker.start(access)
        case .rabbitMQ:
            it = try await RabbitMQServer.start(writable: "^acme\\\\.")
            settings.receiver["broker"] = "{ url: \"\(it.url)\", version: \"3.1.1\" }"
            settings.receiverLink = "max_qos: 1"
        }
        let rig = try await Rig(it: it, settings)
        for number in 0..<5 { try await rig.ot.publish("acme/\(number)", "1", retain: true) }
        #expect(
            await eventually(.seconds(40)) { rig.arrived.count == 5 },
            "\(rig.arrived) \(rig.pair.receiver?.errors ?? "")")
        var status = try await rig.pair.status(.receiver)
        let isSaid = try await eventually(.seconds(20)) {
            status = try await rig.pair.status(.receiver)
            return status.exit == .code(3) && status.output.contains("does not take our status")
        }
        #expect(isSaid, "\(status.exit) \(status.output) \(rig.pair.receiver?.errors ?? "")")
        #expect(try await AuditAnswer(rig.pair).exit == .code(0))
        try await rig.pair.stop()
    }
}
