import TestKit
import Testing

/// With `sparkplug.primary_host`, edge nodes live on the IT side only while that host does.
@Suite("A primary host on the IT side", .timeLimit(.minutes(3)))
struct PrimaryHostTests {
    @Test(
        "Nodes are born when it is online, die when it is not, and listen neither to others nor to what it said long ago"
    )
    func lifecycle() async throws {
        var settings = DiodePair.Settings()
        settings.receiver = ["sparkplug": "{ primary_host: \"scada\" }"]
        let plant = try await SparkplugPlant(settings)
        let node = try await PythonClient.edgeNode(on: plant.ot, count: 5, options: ["--stay"])
        try #require(await node.saidAll(5))
        // What came behind the node's messages has arrived: so have they.
        try await plant.ot.publish("acme/marker", "1", retain: true)
        #expect(try await eventually { try await plant.it.retained("acme/#") == ["acme/marker": "1"] })
        let other = try await PythonClient.strictHost(on: plant.it, options: ["--host-id", "historian"])
        #expect(await plant.see { $0.contains { $0.topic == "spBv1.0/STATE/historian" } })
        #expect(plant.births(of: "plant/press") == 0)

        let primary = try await PythonClient.strictHost(on: plant.it, options: ["--host-id", "scada"])
        await plant.expectSameValues(as: node)
        try await other.child.terminate()
        try await plant.it.publish("spBv1.0/STATE/scada", "{\"online\":false,\"timestamp\":1}", retain: true)
        let births = plant.births(of: "plant/press")
        try await plant.it.requestRebirth("press")
        #expect(await plant.see { _ in plant.births(of: "plant/press") == births + 1 })
        #expect(!plant.host.sparkplug.contains { $0.type == "NDEATH" })

        try await primary.child.terminate()
        #expect(await plant.see { $0.contains { $0.type == "NDEATH" } })
        let again = try await PythonClient.strictHost(on: plant.it, options: ["--host-id", "scada"])
        await plant.expectSameValues(as: node)
        #expect(plant.sessions(of: "plant/press").last == "NBIRTH 1")
        plant.expectConformant()
        try await again.child.terminate()
        try await plant.pair.stop()
    }
}
