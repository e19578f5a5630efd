import Foundation
import TestKit
import Testing

/// P9 on the real pair: an IT broker that does not give a receiver all the connections that it asks for. The publisher's comes first, what its
/// helpers cannot do is said, and the rest arrives.
@Suite("Connections that the IT broker does not grant", .timeLimit(.minutes(3)))
struct OwnConnectionTests {
    enum Way: CaseIterable {
        /// The connection that is displaced is told so, or it is closed without a word.
        case told, untold
    }

    /// Edge nodes in the plant, all born.
    private func edgeNodes(_ count: Int, on ot: Broker) async throws -> [PythonClient] {
        try await withThrowingTaskGroup(of: PythonClient.self) { group in
            for number in 1...count {
                group.addTask {
                    try await PythonClient.edgeNode(
                        on: ot, count: 1, options: ["--node", "node\(number)", "--stay"])
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func itBroker(_ pair: DiodePair) async throws -> (exit: Child.Exit, state: String, reason: String) {
        let answer = try await pair.status(.receiver)
        let object = try? JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]
        let condition = object?["it_broker"] as? [String: Any]
        return (answer.exit, condition?["state"] as? String ?? "", condition?["reason"] as? String ?? "")
    }

    @Test(
        "P9 an IT broker that takes all our connections for one client: said, exit 3, one connection stays, and all of it arrives",
        arguments: Way.allCases)
    func oneClient(_ way: Way) async throws {
        let ot = try await Broker.start()
        let folder = try TemporaryDirectory("password")
        var settings = DiodePair.Settings()
        let it: any MQTTServer
        var reader = ["mosquitto_sub", "-V", "mqttv5"]
        switch way {
        case .told: it = try await MisbehavingBroker.start(["one_client": "^diode-recv"])
        case .untold:
            var access = Broker.Settings()
            access.users = ["diode": "secret", "reader": "secret"]
            access.lines = ["use_username_as_clientid true"]
            it = try await Broker.start(access)
            let password = try folder.write("password", "secret\n")
            settings.receiver["broker"] = "{ url: '\(it.url)', username: 'diode', password_file: '\(password)' }"
            reader += ["-u", "reader", "-P", "secret"]
        }
        let pair = try await DiodePair(ot: ot, it: it, settings)
        try pair.startReceiver()
        try pair.startSender()
        try await pair.waitUntilSenderIsWell()
        let nodes = try await edgeNodes(2, on: ot)
        for number in 0..<20 { try await ot.publish("acme/\(number)", "1", retain: true) }
        var found = try await itBroker(pair)
        let isSaid = try await eventually(.seconds(20)) {
            found = try await itBroker(pair)
            return found.state == "degraded" && found.reason.contains("for one client")
        }
        #expect(isSaid && found.exit == .code(3), "\(found) \(pair.receiver?.errors ?? "")")
        func arrived(_ count: Int) async throws -> Set<String> {
            let options = ["-p", "\(it.port)", "-t", "acme/#", "-C", "\(count)", "-W", "20", "-F", "%t"]
            return Set(try await run(reader + options).output.split(separator: "\n").map(String.init))
        }
        let all = Set((0..<20).map { "acme/\($0)" })
        #expect(try await arrived(20) == all, "\(pair.receiver?.errors ?? "")")
        // The helper that came last has ended the connection once more before it gave way.
        let connections = pair.receiver?.errors.components(separatedBy: "it_broker.connected").count ?? 0
        try await ot.publish("acme/last", "1", retain: true)
        #expect(try await arrived(21) == all.union(["acme/last"]), "\(pair.receiver?.errors ?? "")")
        let later = pair.receiver?.errors.components(separatedBy: "it_broker.connected").count ?? 0
        #expect(later <= connections + 1 && connections <= 8, "the connection stays: \(pair.receiver?.errors ?? "")")
        let audit = try await AuditAnswer(pair)
        #expect(audit.total("lost") == 0 && audit.total("dead") == 0, "\(audit)")
        withExtendedLifetime(nodes) {}
        try await pair.stop()
    }

    @Test(
        "P9 an OT broker that takes all our connections for one client: what it retained before is not fetched, what is live crosses, and both sides say so, exit 3"
    )
    func oneClientAtOT() async throws {
        let ot = try await MisbehavingBroker.start(["one_client": "^diode-send"])
        let it = try await Broker.start()
        try await PythonClient.publish([PlantMessage("acme/before", [1], retain: true)], on: ot)
        let pair = try await DiodePair(ot: ot, it: it)
        let collector = try await it.subscribe("acme/#")
        try pair.startReceiver()
        try pair.startSender()
        for side in [DiodePair.Side.sender, .receiver] {
            var status = try await pair.status(side)
            let isSaid = try await eventually(.seconds(20)) {
                status = try await pair.status(side)
                return status.exit == .code(3) && status.output.contains("for one client")
            }
            #expect(isSaid, "\(side): \(status.exit) \(status.output)")
        }
        try await PythonClient.publish([PlantMessage("acme/live", [1])], on: ot)
        #expect(await eventually { collector.messages.contains { $0.topic == "acme/live" } })
        let audit = try await AuditAnswer(pair)
        #expect(audit.replica("digest_matches") == nil && audit.total("lost") == 0 && audit.isBalanced, "\(audit)")
        try await pair.stop()
    }

    @Test(
        "P9 where the IT broker has few places the receiver's own connection comes before those of edge nodes, which are named"
    )
    func places() async throws {
        let ot = try await Broker.start()
        // Somebody else takes the place of the connection that ends.
        let it = try await MisbehavingBroker.start([
            "max_clients": "3", "close_topic": "acme/drop", "close_first": "1", "close_taken": "1",
        ])
        let pair = try await DiodePair(ot: ot, it: it)
        try await pair.start()
        let nodes = try await edgeNodes(4, on: ot)
        try await ot.publish("acme/before", "1")
        var found = try await itBroker(pair)
        var isNamed = try await eventually(.seconds(40)) {
            found = try await itBroker(pair)
            return found.state == "degraded" && found.reason.contains("2 edge nodes cannot connect")
        }
        #expect(isNamed && found.reason.contains("/node") && found.exit == .code(3), "\(found)")
        try await ot.publish("acme/drop", "1")
        try await ot.publish("acme/after", "1")
        func arrived() -> [String] { it.publishes.compactMap(\.topic).filter { $0.hasPrefix("acme/") } }
        #expect(await eventually(.seconds(40)) { arrived().contains("acme/after") }, "\(arrived())")
        #expect(arrived().filter { $0 == "acme/before" } == ["acme/before"])
        isNamed = try await eventually(.seconds(40)) {
            found = try await itBroker(pair)
            return found.state == "degraded" && found.reason.contains("3 edge nodes cannot connect")
        }
        #expect(isNamed, "\(found)")
        withExtendedLifetime(nodes) {}
        try await pair.stop()
    }

    @Test(
        "P9 mosquitto with max_connections: the receiver's own connection stands, also after a restart, and a node without one is named"
    )
    func mosquitto() async throws {
        let ot = try await Broker.start()
        let it = try await Broker.start(lines: ["max_connections 2"])
        let pair = try await DiodePair(ot: ot, it: it)
        try await pair.start()
        let nodes = try await edgeNodes(3, on: ot)
        for round in 1...2 {
            var found = try await itBroker(pair)
            let isNamed = try await eventually(.seconds(60)) {
                found = try await itBroker(pair)
                return found.state == "degraded" && found.reason.contains("cannot connect")
            }
            #expect(isNamed, "\(round): \(found)")
            if round == 1 {
                try await it.kill9()
                try await it.restart()
            }
        }
        withExtendedLifetime(nodes) {}
        try await pair.stop()
    }
}
