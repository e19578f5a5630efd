import Foundation
import Glibc

/// A message as the clients of Tests/clients write it down: what was published, or what arrived.
public struct PlantMessage: Sendable, Hashable, Decodable {
    public var topic: String
    public var payload: [UInt8]
    public var qos: Int
    public var retain: Bool
    /// MQTT 5 properties; user properties come first, in their order, repeated names included.
    public var properties: [Property]

    public enum Property: Sendable, Hashable, Decodable {
        case user(String, String)
        case text(String, String)
        case number(String, Int)

        public init(from decoder: any Decoder) throws {
            var pair = try decoder.unkeyedContainer()
            let name = try pair.decode(String.self)
            if name == "user" {
                let user = try pair.decode([String].self)
                guard user.count == 2 else {
                    throw DecodingError.dataCorruptedError(in: pair, debugDescription: "not a name and a value")
                }
                self = .user(user[0], user[1])
            } else if let number = try? pair.decode(Int.self) {
                self = .number(name, number)
            } else {
                self = .text(name, try pair.decode(String.self))
            }
        }
    }

    private enum Key: String, CodingKey { case topic, payload, qos, retain, properties }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        topic = try fields.decode(String.self, forKey: .topic)
        payload = bytes(hexadecimal: Substring(try fields.decode(String.self, forKey: .payload)))
        qos = try fields.decodeIfPresent(Int.self, forKey: .qos) ?? 0
        retain = try fields.decodeIfPresent(Bool.self, forKey: .retain) ?? false
        properties = try fields.decodeIfPresent([Property].self, forKey: .properties) ?? []
    }

    /// The user properties alone, in their order.
    public var userProperties: [(name: String, value: String)] {
        properties.compactMap { property in
            if case .user(let name, let value) = property { (name, value) } else { nil }
        }
    }
}

/// One of the Python clients of Tests/clients, running against a broker.
public final class PythonClient: Sendable {
    public let child: Child
    private let folder: TemporaryDirectory

    /// The scripts were not made ready, or did not say READY.
    public struct NotReady: Error, CustomStringConvertible {
        public let description: String
    }

    /// Starts a script of Tests/clients in the environment of its client and waits until it says READY.
    /// - Parameters:
    ///   - script: `client/script.py`, below Tests/clients.
    ///   - out: the option that names the file of messages.
    public init(_ script: String, on broker: Broker, out: String, options: [String]) async throws {
        let environment = script.prefix { $0 != "/" }
        let interpreter = Executable.projectRoot + "/.venv/\(environment)/bin/python"
        guard FileManager.default.isExecutableFile(atPath: interpreter) else {
            throw NotReady(description: "\(environment) is not installed: run Tests/clients/setup.sh")
        }
        folder = try TemporaryDirectory("python")
        var arguments = [
            interpreter, Executable.projectRoot + "/Tests/clients/" + script, "--port", String(broker.port),
            out, folder.file("messages"),
        ]
        if let certificates = broker.settings.certificates {
            arguments += [
                "--host", "localhost", "--ca", certificates.authority, "--cert", certificates.clientCertificate,
                "--key", certificates.clientKey,
            ]
        }
        if let user = broker.settings.users.min(by: { $0.key < $1.key }) {
            arguments += ["--username", user.key, "--password", user.value]
        }
        child = try Child(
            arguments + options, environment: ["PYTHONDONTWRITEBYTECODE": "1"], namespace: broker.settings.namespace)
        let child = child
        guard await eventually(.seconds(20), { child.output.contains("READY\n") || !child.isRunning }),
            child.output.contains("READY\n")
        else { throw NotReady(description: "\(script): \(child.output)\(child.errors)") }
    }

    /// A subscriber (MQTT 5, Retain As Published) that is subscribed when this returns.
    public static func collector(
        on broker: Broker, filters: [String] = ["#"], qos: Int = 2, options: [String] = []
    ) async throws -> PythonClient {
        let filters = filters.flatMap { ["--filter", $0] }
        return try await PythonClient(
            "paho-mqtt/collect.py", on: broker, out: "--out", options: filters + ["--qos", String(qos)] + options)
    }

    /// The JSON plant: retained values, events, deletions, binary payloads, properties. `count` 0 goes on until it is ended.
    public static func plant(
        on broker: Broker, count: Int, seed: UInt64 = 1, rate: Double = 0, options: [String] = []
    ) async throws -> PythonClient {
        try await PythonClient(
            "paho-mqtt/publish_json.py", on: broker, out: "--manifest",
            options: ["--count", String(count), "--seed", String(seed), "--rate", String(rate)] + options)
    }

    /// A Sparkplug B edge node with one device, born when this returns.
    public static func edgeNode(
        on broker: Broker, count: Int, rate: Double = 20, options: [String] = []
    ) async throws -> PythonClient {
        try await PythonClient(
            "pysparkplug/sparkplug_node.py", on: broker, out: "--manifest",
            options: ["--count", String(count), "--rate", String(rate)] + options)
    }

    /// What it published and the broker acknowledged, or what it received; in order.
    public var messages: [PlantMessage] { lines() }

    /// Its complete lines, each of which must be such a value.
    public func lines<Line: Decodable>(of kind: Line.Type = Line.self) -> [Line] {
        let text = FileManager.default.contents(atPath: folder.file("messages")) ?? Foundation.Data()
        let end = text.lastIndex(of: UInt8(ascii: "\n")) ?? text.startIndex
        let decoder = JSONDecoder()
        return text[..<end].split(separator: UInt8(ascii: "\n")).compactMap { line in
            do {
                return try decoder.decode(kind, from: line)
            } catch {
                preconditionFailure("Tests/clients wrote \(String(decoding: line, as: UTF8.self)): \(error)")
            }
        }
    }

    /// How many there are: cheaper than `messages`.
    public var messageCount: Int {
        (FileManager.default.contents(atPath: folder.file("messages")) ?? Foundation.Data())
            .reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    }

    /// Waits for at least `count` messages and returns what is there then, or what came in time.
    public func messages(atLeast count: Int, _ timeout: Duration = .seconds(20)) async -> [PlantMessage] {
        _ = await eventually(timeout) { self.messageCount >= count }
        return messages
    }

    /// Waits until it has published everything; it must have ended well.
    /// - Returns: what it published.
    @discardableResult
    public func finish(_ timeout: Duration = .seconds(60)) async throws -> [PlantMessage] {
        let exit = try await child.wait(timeout)
        guard exit == .code(0) else { throw NotReady(description: "\(child.name): \(exit): \(child.errors)") }
        return messages
    }

    /// Asks it to end, and returns what it wrote down.
    @discardableResult
    public func stop() async throws -> [PlantMessage] {
        child.send(SIGTERM)
        return try await finish()
    }
}
