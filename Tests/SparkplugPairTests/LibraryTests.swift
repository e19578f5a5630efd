import TestKit
import Testing

/// Libraries from PyPI as they come, on both sides.
@Suite("Careless Sparkplug libraries", .timeLimit(.minutes(3)))
struct LibraryTests {
    /// The clauses that messages break, without what was found.
    private static func clauses(_ messages: [SparkplugMessage]) -> Set<String> {
        Set(messages.flatMap(\.faults).map { String($0.prefix { $0 != ":" }) })
    }

    @Test("The strict host finds what the libraries get wrong when no pair stands between")
    func unrepaired() async throws {
        let broker = try await Broker.start()
        let host = try await PythonClient.strictHost(on: broker, options: ["--from-start"])
        try await PythonClient.edgeNode(on: broker, count: 3, options: ["--sloppy"]).finish()
        #expect(await eventually { host.sparkplug.contains { $0.type == "NDEATH" } })
        #expect(
            Self.clauses(host.sparkplug) == [
                "topics-nbirth-rebirth-metric", "payloads-ndeath-will-message-qos", "payloads-ndeath-bdseq",
            ])
        try await PythonClient.wrapperNode(on: broker, count: 5, options: ["--die", "--retain"]).finish()
        #expect(await eventually { host.sparkplug.count { $0.type == "NDEATH" } == 2 })
        #expect(
            Self.clauses(host.sparkplug.filter { $0.node == "plant/oven" }) == [
                "topics-nbirth-mqtt", "topics-nbirth-rebirth-metric", "topics-dbirth-mqtt",
                "operational-behavior-data-publish-dbirth", "operational-behavior-data-publish-nbirth",
                "topics-ddeath-mqtt", "payloads-sequence-num-always-included", "payloads-ddeath-timestamp",
                "payloads-sequence-num-incrementing", "payloads-ndeath-bdseq",
            ])
    }
}
