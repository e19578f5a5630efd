import TestKit
import Testing

/// What the IT broker's log says of the connections of edge nodes.
@Suite("One IT connection for each edge node", .timeLimit(.minutes(3)))
struct ConnectionTests {
    @Test(
        "P7 each node connects with a clean session and its NDEATH as the will, listens for its commands, and is born after that",
        arguments: ["5", "3.1.1"])
    func oneEach(version: String) async throws {
        var settings = DiodePair.Settings()
        // Written here in full, because the version is a key of the broker.
        let it = try await Broker.start(lines: ["log_type all"])
        settings.receiver = ["broker": "{ url: \"\(it.url)\", version: \"\(version)\" }"]
        let ot = try await Broker.start()
        let pair = try await DiodePair(ot: ot, it: it, settings)
        let host = try await PythonClient.strictHost(on: it, options: ["--from-start"])
        try await pair.start()
        var nodes: [PythonClient] = []
        for options in [["--node", "press"], ["--node", "saw"], ["--node", "press", "--group", "Werk Süd"]] {
            nodes.append(try await PythonClient.edgeNode(on: ot, count: 3, options: options + ["--stay"]))
        }
        for node in nodes { try #require(await node.saidAll(3)) }
        let wanted = SparkplugValues(nodes.flatMap(\.sparkplug))
        #expect(await eventually(.seconds(30)) { SparkplugValues(host.sparkplug) == wanted })

        let log = EdgeConnections(log: it.log)
        #expect(log.wills.keys.sorted() == ["Werk Süd/press", "plant/press", "plant/saw"])
        for (node, client) in log.wills {
            let name = node.split(separator: "/").joined(separator: "/NCMD/")
            #expect(log.clients[client]?.hasPrefix(version == "5" ? "p5, c1" : "p2, c1") == true, "\(log)")
            let order = log.events.filter { $0.client == client }.map(\.what)
            let listens = try #require(order.firstIndex(of: "spBv1.0/\(name) (QoS 1)"), "\(order)")
            let birth = "spBv1.0/\(node.split(separator: "/").joined(separator: "/NBIRTH/"))"
            let born = try #require(order.firstIndex(of: birth), "\(order)")
            #expect(listens < born)
        }
        #expect(Set(log.wills.values).count == 3)

        // Goodbyes: each is told once per session, whatever way the receiver leaves.
        try await pair.stop()
        #expect(
            await eventually {
                Set(host.sparkplug.filter { $0.type == "NDEATH" }.map(\.node)) == Set(log.wills.keys)
            })
        SparkplugPlant.expectConformant(host.sparkplug)
    }
}

/// The connections with an NDEATH as their will, read from mosquitto's log.
private struct EdgeConnections {
    struct Event {
        let client: String
        let what: String
    }
    /// Client by `group/node`; only wills at QoS 1 that are not retained.
    private(set) var wills: [String: String] = [:]
    /// What mosquitto says of a client in brackets: protocol, clean session, keep alive.
    private(set) var clients: [String: String] = [:]
    /// Subscriptions (`topic (QoS n)`) and publishes (`topic`), in order.
    private(set) var events: [Event] = []

    init(log: String) {
        var client = ""
        var subscriber = ""
        var isWill = false
        for line in log.split(separator: "\n") {
            if let match = line.firstMatch(of: /New client connected from \S+ as (.+) \((p\d.*)\)\./) {
                client = String(match.output.1)
                clients[client] = String(match.output.2)
            } else if line.contains("Will message specified") {
                isWill = line.contains("(r0, q1)")
            } else if isWill, let match = line.firstMatch(of: /spBv1\.0\/([^\/]+)\/NDEATH\/(\S+)/) {
                wills["\(match.output.1)/\(match.output.2)"] = client
                isWill = false
            } else if let match = line.firstMatch(of: /Received SUBSCRIBE from (.+)$/) {
                subscriber = String(match.output.1)
            } else if let match = line.firstMatch(of: /\t(spBv1\.0.+ \(QoS \d\))/) {
                events.append(Event(client: subscriber, what: String(match.output.1)))
            } else if let match = line.firstMatch(of: /Received PUBLISH from (.+) \(d\d.*'(spBv1\.0[^']*)'/) {
                events.append(Event(client: String(match.output.1), what: String(match.output.2)))
            }
        }
    }
}
