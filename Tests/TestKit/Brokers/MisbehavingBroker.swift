import Foundation

/// A broker that misbehaves on request: what no broker of this machine shows. Its options are at the top of
/// `Tests/clients/misbehaving-broker/misbehaving_broker.py`; without any it behaves.
public final class MisbehavingBroker: MQTTServer {
    public let port: UInt16
    private let child: Child
    private let folder: TemporaryDirectory

    public var url: String { "mqtt://127.0.0.1:\(port)" }
    public var scriptOptions: [String] { [] }
    public var namespace: Namespace? { nil }

    /// One packet that it got or sent, or one publish that it took.
    public struct Event: Decodable, Sendable {
        /// `>` in, `<` out, `P` a publish, `-` a connection's end.
        public let direction: String
        public let client: String?
        /// The packet's type, as MQTT numbers it.
        public let type: Int?
        public let topic: String?
        public let qos: Int?
        public let reason: Int?
        /// The first 60 bytes of the body of what it got, in hexadecimal digits.
        public let body: String?

        private enum CodingKeys: String, CodingKey {
            case direction = "d"
            case client, type, topic, qos, body
            case reason = "rc"
        }
    }

    /// Starts it and waits until it listens.
    /// - Parameters:
    ///   - options: as at the script's top, such as `["puback_rc": "0x97", "puback_first": "200"]`.
    ///   - inject: raw packets in hexadecimal digits, one a line, for the option `inject`; likewise `injectRetained`.
    ///   - port: a fixed one, to start it again where it was.
    public static func start(
        _ options: [String: String] = [:], inject: [String] = [], injectRetained: [String] = [], port: UInt16? = nil
    ) async throws -> MisbehavingBroker {
        let injections = ["inject": inject, "inject_retained": injectRetained]
        let broker = try MisbehavingBroker(options, injections, port: port ?? freePort())
        guard await eventually(.seconds(20), { broker.child.output.contains("\"up\"") || !broker.child.isRunning }),
            broker.child.isRunning
        else { throw Broker.NotReady(description: "misbehaving_broker.py: \(broker.child.errors)") }
        return broker
    }

    private init(_ options: [String: String], _ injections: [String: [String]], port: UInt16) throws {
        self.port = port
        folder = try TemporaryDirectory("misbehaving")
        var words = options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        for (option, packets) in injections.sorted(by: { $0.key < $1.key }) where !packets.isEmpty {
            words.append("\(option)=" + (try folder.write(option, packets.joined(separator: "\n"))))
        }
        let script = Executable.projectRoot + "/Tests/clients/misbehaving-broker/misbehaving_broker.py"
        child = try Child(["python3", script, "\(port)"] + words, environment: ["PYTHONDONTWRITEBYTECODE": "1"])
    }

    /// What happened so far, in order.
    public var events: [Event] {
        let decoder = JSONDecoder()
        return child.output.split(separator: "\n").compactMap { try? decoder.decode(Event.self, from: Data($0.utf8)) }
    }

    /// The publishes that it took, in order.
    public var publishes: [Event] { events.filter { $0.direction == "P" } }

    /// How often a client said CONNECT.
    public var connects: Int { events.filter { $0.direction == ">" && $0.type == 1 }.count }

    /// Ends it as a power cut would.
    public func kill9() async throws { try await child.kill9() }
}
