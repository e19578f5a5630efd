import TestKit
import Testing

/// What the pair does not understand, it does not touch.
@Suite("Sparkplug payloads arrive intact", .timeLimit(.minutes(3)))
struct IntactTests {
    @Test("P7 data sets, templates, property sets, metadata and unknown fields arrive byte for byte; only seq is ours")
    func everything() async throws {
        let plant = try await SparkplugPlant()
        let node = try await PythonClient.richNode(
            on: plant.ot, count: 12, options: ["--stay", "--rate", "20", "--metrics", "50"])
        try #require(await node.saidAll(12))
        await plant.expectSameValues(as: node)

        let sent = node.sparkplug
        let seen = plant.host.sparkplug
        #expect(seen.filter(\.isData).map(\.topic) == sent.filter(\.isData).map(\.topic))
        for (arrived, original) in zip(seen.filter(\.isData), sent.filter(\.isData)) {
            #expect(arrived.metrics.map(\.raw) == original.metrics.map(\.raw))
            #expect(arrived.rest == original.rest)
        }
        for type in ["NBIRTH", "DBIRTH"] {
            let arrived = try #require(seen.first { $0.type == type })
            let original = try #require(sent.first { $0.type == type })
            #expect(Self.plain(arrived) == Self.plain(original))
        }

        // Values change within a birth of ours, and the places of metrics with them (by their times); nothing else does.
        let births = plant.births(of: "plant/rich")
        try await plant.it.requestRebirth("rich")
        #expect(await plant.see { $0.last?.type == "DBIRTH" && plant.births(of: "plant/rich") > births })
        let folded = try #require(plant.host.sparkplug.last { $0.type == "DBIRTH" })
        let original = try #require(sent.first { $0.type == "DBIRTH" })
        func named(_ message: SparkplugMessage) -> [String] {
            message.metrics.map { "\($0.name ?? "") \($0.alias ?? 0) \($0.type ?? 0)" }.sorted()
        }
        #expect(named(folded) == named(original))
        let later = Array("of a later version".utf8).map { String(UInt16($0) + 0x100, radix: 16).suffix(2) }.joined()
        for name in ["rated", "blob", "history", "drive"] {
            let metric = try #require(folded.metrics.first { $0.name == name })
            #expect(metric.raw.contains(later), "\(name) has lost what nobody knows")
        }
        plant.expectConformant()
        try await plant.pair.stop()
    }

    @Test("P7 every type of value that pysparkplug can write arrives as it was")
    func types() async throws {
        let plant = try await SparkplugPlant()
        let node = try await PythonClient.edgeNode(on: plant.ot, count: 20, rate: 20, options: ["--stay", "--types"])
        try #require(await node.saidAll(20))
        await plant.expectSameValues(as: node)
        #expect(
            plant.host.sparkplug.filter(\.isData).map { $0.metrics.map(\.raw) }
                == node.sparkplug.filter(\.isData).map { $0.metrics.map(\.raw) })
        try await plant.it.requestRebirth("press")
        await plant.expectSameValues(as: node)
        plant.expectConformant()
        try await plant.pair.stop()
    }

    /// The metrics of a birth, without what belongs to the session.
    private static func plain(_ birth: SparkplugMessage) -> [String] {
        birth.metrics.filter { $0.name != "bdSeq" && $0.name != "Node Control/Rebirth" }.map(\.raw)
    }
}
