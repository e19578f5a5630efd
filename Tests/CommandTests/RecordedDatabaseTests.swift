import Foundation
import TestKit
import Testing

/// What an earlier version left on disk is read by this one: `Recorded/README.md` says what happened there.
@Suite("Databases of an earlier version", .timeLimit(.minutes(2)))
struct RecordedDatabaseTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Recorded")

    private let shell: Operator

    init() throws { shell = try Operator() }

    /// Copies recorded files to where the commands may write.
    private func copy(_ name: String, as target: String) throws {
        let place = shell.folder.file(target)
        try FileManager.default.copyItem(atPath: Self.folder.appendingPathComponent(name).path, toPath: place)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: place)
    }

    private func recorded(_ name: String) throws -> [Substring] {
        try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8).split(separator: "\n")
    }

    private func receiver(broker: String = "mqtt://127.0.0.1:1", database: String) throws -> String {
        try copy("pinned.card", as: "pinned.card")
        try copy(database, as: "recv.db")
        return try shell.writeReceiver(
            """
            { links: [{ name: "plant-a", card: "pinned.card", listen: ["127.0.0.1:\(freePort())"],
                        topic_prefix: "", own: ["acme/line/#", "spBv1.0/#"] }],
              broker: { url: "\(broker)" }, state: "recv.db", silence_timeout: "2s", status: null }
            """)
    }

    @Test("C4 an audit says of it what that version said", arguments: ["json", "csv"])
    func audit(format: String) async throws {
        let configuration = try receiver(database: "recv.db")
        let answer = try await shell.receive("--audit", "--config", configuration, "--verify", "--format", format)
        #expect(answer.exit == .code(3), "\(answer.errors)")
        let then = try recorded("audit.\(format)").joined(separator: "\n")
        #expect(Self.account(in: answer.output) == Self.account(in: then))
    }

    /// What an audit says of records: without its own time, and without the words of findings, which may become clearer.
    private static func account(in audit: String) -> [Substring] {
        let words = ["\"generated_at\"", "\"reason\": ", "\"findings\": ", "{\"exit\":", ",finding,"]
        return audit.split(separator: "\n").filter { line in !words.contains { line.contains($0) } }
            .filter { $0 != "      ]," && $0 != "      ]" }.map { $0.hasSuffix(",") ? $0.dropLast() : $0 }
    }

    @Test("a resend finds every block that was missing then")
    func resend() async throws {
        try copy("plant-a.key", as: "plant-a.key")
        try copy("send.db", as: "send.db")
        try copy("missing.bundle", as: "missing.bundle")
        let configuration = try shell.writeSender(
            """
            { link: { name: "plant-a", rate: "100Mbit/s", paths: ["127.0.0.1:\(freePort())"] },
              broker: { url: "mqtt://127.0.0.1:1" }, export: [{ filter: "acme/#" }], state: "send.db",
              journal: { min_free: "1MiB" }, status: null }
            """)
        let answer = try await shell.send(
            "resend", "--config", configuration, "--bundle", shell.folder.file("missing.bundle"))
        #expect(answer.output == "blocks queued: 23, no more in the journal: 0\n", "\(answer.errors)")
        #expect(answer.exit == .code(0))
    }

    @Test("P1 what waited for the IT broker is published by this version")
    func waiting() async throws {
        let broker = try await Broker.start()
        let subscriber = try await broker.subscribe("acme/#")
        let configuration = try receiver(broker: broker.url, database: "waiting.db")
        let daemon = try Child([Executable.path("diode-recv"), "run", "--config", configuration])
        let messages = await subscriber.messages(atLeast: 60)
        #expect(messages.count == 60, "\(daemon.errors)")
        let expected =
            (1...40).map { "acme/line/wait/\($0) {\"v\":\($0)}" } + (1...20).map { "acme/line/event {\"e\":\($0)}" }
        #expect(messages.map { "\($0.topic) \(String(decoding: $0.payload, as: UTF8.self))" } == expected)
        #expect(try await daemon.terminate() == .code(0), "\(daemon.errors)")
        let answer = try await shell.receive("--audit", "--config", configuration, "--verify", "--format", "json")
        #expect(answer.output.contains("\"published\":60,\"outbox\":0"), "\(answer.output)")
    }

    @Test("P3 a sender goes on above the epochs of that version")
    func sender() async throws {
        try copy("plant-a.key", as: "plant-a.key")
        try copy("send.db", as: "send.db")
        let broker = try await Broker.start()
        let configuration = try shell.writeSender(
            """
            { link: { name: "plant-a", rate: "100Mbit/s", paths: ["127.0.0.1:\(freePort())"] },
              broker: { url: "\(broker.url)" }, export: [{ filter: "acme/#" }], state: "send.db",
              journal: { min_free: "1MiB" }, status: null }
            """)
        let daemon = try Child([Executable.path("diode-send"), "run", "--config", configuration])
        var epoch: UInt64 = 0
        let isUp = try await eventually {
            let status = try await shell.send("status", "--config", configuration, "--json")
            let answer = try? JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any]
            epoch = answer?["epoch"] as? UInt64 ?? 0
            return epoch > 0
        }
        #expect(isUp, "\(daemon.errors)")
        #expect(epoch > 1_796_038_046_973, "the second recorded epoch")
        #expect(try await daemon.terminate() == .code(0), "\(daemon.errors)")
    }
}
