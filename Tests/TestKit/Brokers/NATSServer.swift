import Foundation
import Threading

/// A NATS server with JetStream, whose MQTT is 3.1.1: alone, or one of a cluster.
public final class NATSServer: MQTTServer {
    public let port: UInt16
    private let folder: TemporaryDirectory
    private let child = Lock<Child?>(nil)

    public var url: String { "mqtt://127.0.0.1:\(port)" }
    public var scriptOptions: [String] { ["--version", "3.1.1"] }
    public var namespace: Namespace? { nil }
    public var log: String { child.withLock { $0?.errors } ?? "" }

    /// Starts one server and waits until MQTT clients can subscribe.
    /// - Parameter maximumPayload: bytes of the largest message, with what the server adds to it.
    public static func start(maximumPayload: Int = 8 << 20) async throws -> NATSServer {
        let server = try NATSServer(name: "one", clusterPorts: [], maximumPayload: maximumPayload)
        try server.run()
        try await server.waitUntilReady()
        return server
    }

    /// Starts a cluster that keeps each message three times, and waits until MQTT clients can subscribe at each server.
    public static func cluster() async throws -> [NATSServer] {
        let ports = (0..<3).map { _ in freePort() }
        let servers = try ports.indices.map { index in
            try NATSServer(name: "node-\(index)", clusterPorts: [ports[index]] + ports.filter { $0 != ports[index] })
        }
        for server in servers { try server.run() }
        for server in servers { try await server.waitUntilReady() }
        return servers
    }

    /// - Parameter clusterPorts: its own, then those of the others; empty for a server alone.
    private init(name: String, clusterPorts: [UInt16], maximumPayload: Int = 8 << 20) throws {
        port = freePort()
        folder = try TemporaryDirectory("nats")
        var lines = [
            "listen: 127.0.0.1:\(freePort())", "server_name: \(name)", "max_payload: \(maximumPayload)",
            "jetstream { store_dir: \"\(folder.path)\", max_file: 1073741824 }",
        ]
        if let own = clusterPorts.first {
            let routes = clusterPorts.dropFirst().map { "nats://127.0.0.1:\($0)" }.joined(separator: ", ")
            lines.append("cluster { name: plant, listen: 127.0.0.1:\(own), routes: [\(routes)] }")
        }
        lines.append("mqtt { listen: 127.0.0.1:\(port), stream_replicas: \(max(1, clusterPorts.count)) }")
        try folder.write("nats.conf", lines.joined(separator: "\n") + "\n")
    }

    private func run() throws {
        let started = try Child(["nats-server", "-c", folder.file("nats.conf")])
        child.withLock { $0 = started }
    }

    /// A cluster has to elect its leaders before it can keep a session.
    private func waitUntilReady() async throws {
        let isReady = try await eventually(.seconds(30)) {
            try await TestKit.run(
                [
                    "mosquitto_sub", "-V", "mqttv311", "-h", "127.0.0.1", "-p", "\(port)", "-t", "ready", "-q", "1",
                    "-E", "-W", "3",
                ]
            ).succeeded
        }
        guard isReady else { throw Broker.NotReady(description: "nats-server: \(log.suffix(2_000))") }
    }

    /// Ends it as a power cut would.
    public func kill9() async throws { try await child.withLock { $0 }?.kill9() }
}
