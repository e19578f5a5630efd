import Foundation
import Glibc

/// One of the scripts of Tests/clients, running against a broker.
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
    public init(_ script: String, on broker: any MQTTServer, out: String, options: [String]) async throws {
        let environment = script.prefix { $0 != "/" }
        let interpreter = Executable.projectRoot + "/.venv/\(environment)/bin/python"
        guard FileManager.default.isExecutableFile(atPath: interpreter) else {
            throw NotReady(description: "\(environment) is not installed: run Tests/clients/setup.sh")
        }
        folder = try TemporaryDirectory("python")
        let arguments = [
            interpreter, Executable.projectRoot + "/Tests/clients/" + script, "--port", String(broker.port),
            out, folder.file("messages"),
        ]
        child = try Child(
            arguments + broker.scriptOptions + options, environment: ["PYTHONDONTWRITEBYTECODE": "1"],
            namespace: broker.namespace)
        let child = child
        guard await eventually(.seconds(20), { child.output.contains("READY\n") || !child.isRunning }),
            child.output.contains("READY\n")
        else { throw NotReady(description: "\(script): \(child.output)\(child.errors)") }
    }

    /// Libraries of which there is a publisher and a collector, by the names of their folders.
    public enum Library: String, Sendable, CaseIterable {
        case paho = "paho-mqtt"
        case aiomqtt, gmqtt
    }

    /// A subscriber (MQTT 5, Retain As Published, if the broker speaks that) that is subscribed when this returns.
    public static func collector(
        by library: Library = .paho, on broker: any MQTTServer, filters: [String] = ["#"], qos: Int = 2,
        options: [String] = []
    ) async throws -> PythonClient {
        let filters = filters.flatMap { ["--filter", $0] }
        return try await PythonClient(
            "\(library.rawValue)/collect.py", on: broker, out: "--out",
            options: filters + ["--qos", String(qos)] + options)
    }

    /// Publishes these messages one after the other, each once the one before is acknowledged.
    /// - Parameters:
    ///   - will: left to the broker, which publishes it because the client dies at the end instead of saying goodbye.
    ///   - patience: seconds for an acknowledgement.
    /// - Throws: if one was not acknowledged.
    public static func publish(
        _ messages: [PlantMessage], will: PlantMessage? = nil, by library: Library = .paho, on broker: any MQTTServer,
        patience: Int = 30
    ) async throws {
        let folder = try TemporaryDirectory("messages")
        let encoder = JSONEncoder()
        func write(_ messages: [PlantMessage], _ name: String) throws -> String {
            let lines = try messages.map { String(decoding: try encoder.encode($0), as: UTF8.self) + "\n" }
            return try folder.write(name, lines.joined())
        }
        var options = ["--messages", try write(messages, "messages"), "--patience", "\(patience)"]
        if let will { options += ["--die", "--will", try write([will], "will")] }
        let client = try await PythonClient(
            "\(library.rawValue)/publish.py", on: broker, out: "--manifest", options: options)
        try await client.finish()
    }

    /// The JSON plant: retained values, events, deletions, binary payloads, properties. `count` 0 goes on until it is ended.
    public static func plant(
        on broker: any MQTTServer, count: Int, seed: UInt64 = 1, rate: Double = 0, options: [String] = []
    ) async throws -> PythonClient {
        try await PythonClient(
            "paho-mqtt/publish_json.py", on: broker, out: "--manifest",
            options: ["--count", String(count), "--seed", String(seed), "--rate", String(rate)] + options)
    }

    /// A Sparkplug B edge node with one device, born when this returns.
    public static func edgeNode(
        on broker: any MQTTServer, count: Int, rate: Double = 20, options: [String] = []
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
