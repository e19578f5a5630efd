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

    @Test("P7 pysparkplug as it comes: a correct node on the IT side, answered in its place, and named in status")
    func pysparkplug() async throws {
        let plant = try await SparkplugPlant()
        let node = try await PythonClient.edgeNode(on: plant.ot, count: 10, options: ["--sloppy", "--stay"])
        try #require(await node.saidAll(10))
        await plant.expectSameValues(as: node)
        let births = plant.births(of: "plant/press")
        try await plant.it.requestRebirth("press")
        #expect(await plant.see { _ in plant.births(of: "plant/press") == births + 1 })
        try await node.stop()
        #expect(await plant.see { $0.last?.type == "NDEATH" })
        plant.expectConformant()
        try await expectNamed(plant, node: "plant/press", ["rebirth_metric", "bdseq_mismatch"])
        try await plant.pair.stop()
    }

    @Test("P7 mqtt-spb-wrapper as it comes, with births that it retains: names, bdSeq and device deaths are put right")
    func wrapper() async throws {
        var settings = DiodePair.Settings()
        // Its death names another session than its birth did: it is asked, and dies because it does not answer.
        settings.sender = ["sparkplug": "{ silence: \"2s\" }"]
        let plant = try await SparkplugPlant(settings)
        let node = try await PythonClient.wrapperNode(on: plant.ot, count: 12, options: ["--retain", "--stay"])
        try #require(await node.saidAll(12))
        await plant.expectSameValues(as: node)
        let births = plant.births(of: "plant/oven")
        try await plant.it.requestRebirth("oven")
        #expect(await plant.see { _ in plant.births(of: "plant/oven") == births + 1 })
        await plant.expectSameValues(as: node)
        #expect(try await plant.it.retained("spBv1.0/#") == [:])
        try await node.stop()
        #expect(await plant.see { $0.contains { $0.type == "DDEATH" } && $0.contains { $0.type == "NDEATH" } })
        plant.expectConformant()
        try await expectNamed(plant, node: "plant/oven", ["rebirth_metric", "unknown_metric", "retained"])
        try await plant.pair.stop()
    }

    @Test(
        "P7 hosts by both libraries understand what arrives, from birth to death",
        arguments: ["pysparkplug", "mqtt-spb-wrapper"])
    func hosts(library: String) async throws {
        let plant = try await SparkplugPlant()
        let host = try await PythonClient.libraryHost(library, on: plant.it)
        // mqtt-spb-wrapper does not follow aliases, so the plant has none here.
        let node = try await PythonClient.edgeNode(on: plant.ot, count: 10)
        try await node.finish()
        var lines: [LibraryLine] = []
        #expect(
            await eventually {
                lines = host.lines()
                return lines.contains { $0.type == "NDEATH" }
            })
        #expect(lines.allSatisfy { $0.error == nil }, "\(lines)")
        let count = lines.last { $0.values["count"] != nil }?.values["count"]
        let told = node.sparkplug.flatMap(\.metrics).last { $0.name == "count" }?.value
        #expect(count != nil && count.map { "\($0)" } == told)
        plant.expectConformant()
        try await plant.pair.stop()
    }

    /// What a host by a library wrote down.
    private struct LibraryLine: Decodable, Sendable {
        var type: String
        var values: [String: Value]
        var error: String?

        /// Numbers are compared, the rest is looked at only when a test fails.
        enum Value: Decodable, Sendable, CustomStringConvertible {
            case number(Double)
            case other(String)

            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                if let number = try? value.decode(Double.self) {
                    self = .number(number)
                } else if let text = try? value.decode(String.self) {
                    self = .other(text)
                } else {
                    self = .other("\(try value.decode(Bool.self))")
                }
            }

            var description: String {
                switch self {
                case .number(let number): number == number.rounded() ? "\(Int(number))" : "\(number)"
                case .other(let text): text
                }
            }
        }
    }

    /// Status of both sides names the node and what is wrong with it.
    private func expectNamed(_ plant: SparkplugPlant, node: String, _ faults: [String]) async throws {
        let status = try await plant.pair.status(.sender).output
        for word in [node] + faults {
            #expect(status.contains("\"\(word)\""), "status does not say \(word): \(status)")
        }
    }
}
