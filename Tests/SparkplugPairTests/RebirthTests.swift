import TestKit
import Testing

/// A host asks, and the receiver answers in the plant's place.
@Suite("A rebirth is answered without the plant", .timeLimit(.minutes(3)))
struct RebirthTests {
    @Test("P7 a host that joins at any time and asks by name gets the births of node and devices with current values")
    func byName() async throws {
        let plant = try await SparkplugPlant()
        let node = try await PythonClient.edgeNode(on: plant.ot, count: 30, rate: 30, options: ["--stay"])
        try #require(await node.saidAll(30))
        await plant.expectSameValues(as: node)
        let said = node.sparkplug.count

        let late = try await PythonClient.strictHost(on: plant.it)
        try await plant.it.requestRebirth("press")
        #expect(await eventually { late.sparkplug.contains { $0.type == "DBIRTH" } })
        let births = late.sparkplug.filter { $0.type != "NCMD" }
        #expect(births.map(\.type) == ["NBIRTH", "DBIRTH"] && births.map(\.seq) == [0, 1])
        #expect(SparkplugValues(births) == SparkplugValues(node.sparkplug))
        #expect(node.sparkplug.count == said, "the plant was not asked")
        let sessions = plant.sessions(of: "plant/press")
        #expect(Set(sessions) == ["NBIRTH 0"], "a rebirth keeps the bdSeq of the connection's will: \(sessions)")
        SparkplugPlant.expectConformant(late.sparkplug)
        plant.expectConformant()
        try await plant.pair.stop()
    }

    @Test(
        "P7 aliases arrive as they are, but for the one of Node Control/Rebirth, by which a host of old may still ask")
    func byAlias() async throws {
        let plant = try await SparkplugPlant()
        let node = try await PythonClient.richNode(
            on: plant.ot, count: 9, options: ["--old", "--stay", "--rate", "20", "--metrics", "20"])
        try #require(await node.saidAll(9))
        await plant.expectSameValues(as: node)
        let before = plant.births(of: "plant/rich")
        try await plant.it.requestRebirth("rich", options: ["--alias", "9"])
        #expect(await plant.see { $0.last?.type == "DBIRTH" && plant.births(of: "plant/rich") == before + 1 })
        await plant.expectSameValues(as: node)
        func aliases(_ messages: [SparkplugMessage]) -> [UInt64]? {
            messages.last { $0.type == "DBIRTH" }?.metrics.compactMap(\.alias).sorted()
        }
        #expect(aliases(plant.host.sparkplug) == aliases(node.sparkplug))
        plant.expectConformant()
        try await plant.pair.stop()
    }

    @Test("Many requests at once share a birth, and none is left without an answer")
    func throttled() async throws {
        let plant = try await SparkplugPlant()
        let node = try await PythonClient.edgeNode(on: plant.ot, count: 5, rate: 30, options: ["--stay"])
        try #require(await node.saidAll(5))
        await plant.expectSameValues(as: node)
        let before = plant.births(of: "plant/press")
        try await plant.it.requestRebirth("press", options: ["--times", "50"])
        let asked = plant.host.sparkplug.count { $0.type == "NCMD" }
        #expect(
            await plant.see { seen in
                guard let last = seen.lastIndex(where: { $0.type == "NCMD" }) else { return false }
                return seen.count { $0.type == "NCMD" } >= 50 && seen[last...].contains { $0.type == "NBIRTH" }
            }, "\(asked) asked")
        #expect((1...4).contains(plant.births(of: "plant/press") - before))
        await plant.expectSameValues(as: node)
        plant.expectConformant()
        try await plant.pair.stop()
    }
}
