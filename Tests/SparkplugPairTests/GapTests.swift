import TestKit
import Testing

/// What the link loses is a birth, never a hole.
@Suite("Sparkplug over a link that loses", .timeLimit(.minutes(3)))
struct GapTests {
    @Test(
        "P7 records that are lost for good: node or device is born again with the plant's values, and seq has no hole")
    func lost() async throws {
        var settings = DiodePair.Settings()
        settings.sender = ["echo": "[]"]
        let plant = try await SparkplugPlant(settings)
        // With so many metrics, some change during the gaps alone.
        let node = try await PythonClient.richNode(
            on: plant.ot, count: 60, options: ["--stay", "--rate", "20", "--metrics", "100"])
        let relay = try #require(plant.pair.relay)
        for round in 1...3 {
            #expect(await node.saidAll(round * 15))
            relay.faults.cut = true
            #expect(await node.saidAll(round * 15 + 8))
            relay.faults.cut = false
        }
        try #require(await node.saidAll(60))
        await plant.expectSameValues(as: node)
        #expect(plant.host.sparkplug.count(where: \.isBirth) > 2, "whatever lacked something is born again")
        #expect(plant.host.sparkplug.count { $0.isData } < 60, "something was lost")
        plant.expectConformant()
        try await plant.pair.stop()
    }

    @Test("P3 late data is historical where the metric has moved on, and all of it arrives")
    func late() async throws {
        var settings = DiodePair.Settings()
        settings.sender = ["echo": "[\"1s\"]", "snapshot": "{ period: \"30s\" }"]
        let plant = try await SparkplugPlant(settings)
        let node = try await PythonClient.edgeNode(on: plant.ot, count: 60, rate: 20, options: ["--stay"])
        let relay = try #require(plant.pair.relay)
        #expect(await node.saidAll(20))
        relay.faults.cut = true
        // Counted from here: on a busy machine the node may have said more than 20 by now. The last five come behind the cut.
        let said = node.sparkplug.count(where: \.isData)
        try #require(said <= 45)
        #expect(await node.saidAll(said + 10))
        relay.faults.cut = false
        try #require(await node.saidAll(60))
        let wanted = Self.moments(node.sparkplug)
        // A node that lost something may have to wait for its state, which a round brings.
        let isWhole = await plant.see(.seconds(60)) { Self.moments($0).isSuperset(of: wanted) }
        let missing = wanted.subtracting(Self.moments(plant.host.sparkplug)).count
        let report = try await plant.pair.report()
        #expect(isWhole, "\(missing) of \(wanted.count) are missing: \(report.totals)")
        await plant.expectSameValues(as: node)
        #expect(plant.host.sparkplug.contains { $0.isData && $0.metrics.contains(where: \.historical) })
        plant.expectConformant()
        try await plant.pair.stop()
    }

    @Test("seq wraps after 255, over node and device alike")
    func wrap() async throws {
        let plant = try await SparkplugPlant()
        let node = try await PythonClient.edgeNode(on: plant.ot, count: 600, rate: 200, options: ["--stay", "--alias"])
        try #require(await node.saidAll(600))
        await plant.expectSameValues(as: node)
        #expect(plant.host.sparkplug.count { $0.seq == 255 } >= 2)
        plant.expectConformant()
        try await plant.pair.stop()
    }

    /// Owner, metric and time of everything that data said.
    static func moments(_ messages: [SparkplugMessage]) -> Set<String> {
        Set(
            messages.filter(\.isData).flatMap { message in
                message.metrics.map { "\(message.owner) \($0.name ?? "") \($0.timestamp ?? 0) \($0.value ?? "")" }
            })
    }
}
