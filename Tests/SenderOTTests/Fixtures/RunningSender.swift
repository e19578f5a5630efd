import Crypto
import DiodeProtocol
import Foundation
import TestKit
import Testing

@testable import SenderOT

/// `diode-send run` as a process, between a real broker and a sink that reads what leaves.
final class RunningSender: Sendable {
    let broker: any MQTTServer
    let sink: FrameSink
    let folder: TemporaryDirectory
    let child: Child
    var configuration: String { folder.file("send.json5") }

    /// Makes a key, writes a configuration and starts; waits until the sender is subscribed.
    /// - Parameters:
    ///   - keys: top-level keys of the configuration as JSON5 text, over those given here.
    ///   - previous: whose folder and sink to take over, as a restart does.
    ///   - waits: whether to wait until it is connected to the broker.
    init(
        _ broker: any MQTTServer, rate: String = "500Mbit/s", keys: [String: String] = [:],
        after previous: RunningSender? = nil,
        waits: Bool = true
    ) async throws {
        self.broker = broker
        folder = try previous?.folder ?? TemporaryDirectory("send")
        if previous == nil {
            try await runSuccessfully([
                Executable.path("diode-send"), "keygen", "--link", "plant-a", "--out", folder.path,
            ])
        }
        let card = try LinkCard(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: folder.file("plant-a.card")))))
        sink = try previous?.sink ?? FrameSink(trusting: card.key)
        try Self.write(folder, broker, sink, rate, keys)
        child = try Child([Executable.path("diode-send"), "run", "--config", folder.file("send.json5")])
        let ready = try await eventually(.seconds(20)) {
            if !waits || !child.isRunning { return true }
            return try await status()["ot_broker"]?["state"] == "online"
        }
        try #require(ready && child.isRunning, "\(child.errors)")
    }

    private static func write(
        _ folder: TemporaryDirectory, _ broker: any MQTTServer, _ sink: FrameSink, _ rate: String,
        _ keys: [String: String]
    ) throws {
        let all = [
            "link": "{ name: 'plant-a', key: 'plant-a.key', paths: ['127.0.0.1:\(sink.port)'], rate: '\(rate)' }",
            "broker": "{ url: '\(broker.url)' }", "export": "[{ filter: 'acme/#', except: ['acme/secret/#'] }]",
            "state": "'send.db'", "beat": "'100ms'", "status": "null",
        ].merging(keys) { $1 }
        let lines = all.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
        try folder.write("send.json5", "{\n" + lines.joined(separator: ",\n") + "\n}\n")
    }

    /// Changes keys of the configuration file.
    func rewrite(_ keys: [String: String]) throws { try Self.write(folder, broker, sink, "500Mbit/s", keys) }

    /// The four objects of `status --json`, as texts.
    func status() async throws -> [String: [String: String]] {
        let answer = try await run([Executable.path("diode-send"), "status", "--config", configuration, "--json"])
        let object = try? JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]
        return (object ?? [:]).compactMapValues { value in
            (value as? [String: Any])?.mapValues { "\($0)" }
        }
    }

    /// The alarms of `status`, one a line.
    func alarms() async throws -> String {
        let answer = try await run([Executable.path("diode-send"), "status", "--config", configuration, "--json"])
        let object = try? JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]
        return ((object?["alarms"] as? [String]) ?? []).joined(separator: "\n")
    }

    /// Waits for records, and returns what has arrived.
    func records(atLeast count: Int, _ timeout: Duration = .seconds(20)) async -> [ReadRecord] {
        _ = await eventually(timeout) { self.sink.snapshot.stream.records.count >= count }
        return sink.snapshot.stream.records
    }
}
