import TestKit
import Testing

/// What looks like Sparkplug and is not.
@Suite("Oddities on real brokers", .timeLimit(.minutes(3)))
struct OddityTests {
    @Test("P9 births and deaths that somebody clears, and states of hosts, change nothing for hosts; nothing is lost")
    func clears() async throws {
        var settings = DiodePair.Settings()
        settings.export = ["#"]
        let plant = try await SparkplugPlant(settings)
        let node = try await PythonClient.edgeNode(on: plant.ot, count: 20, rate: 5, options: ["--stay"])
        try #require(await node.saidAll(3))
        #expect(await plant.see { $0.contains { $0.type == "DDATA" } })
        let births = plant.host.sparkplug.count { $0.isBirth && $0.node == "plant/press" }
        for topic in ["NBIRTH/press", "NDEATH/press", "DBIRTH/press/plc", "DDEATH/press/plc"] {
            try await plant.ot.publish("spBv1.0/plant/\(topic)", "", retain: true)
        }
        try await plant.ot.publish("STATE/EMS", "ONLINE", retain: true)
        try await plant.ot.publish("STATE/press1/temp", "21", retain: true)
        try #require(await node.saidAll(20))
        await plant.expectSameValues(as: node)
        #expect(plant.host.sparkplug.count { $0.isBirth && $0.node == "plant/press" } == births)
        let retained = try await plant.it.retained("STATE/#")
        #expect(retained == ["STATE/press1/temp": "21"])
        // No message of an edge node, so that the strict host need not see it.
        try await plant.ot.publish("spBv1.0/plant/NBIRTH/gateway", "{\"metrics\":[]}", retain: true)
        #expect(
            try await eventually {
                try await plant.it.retained("spBv1.0/#") == ["spBv1.0/plant/NBIRTH/gateway": "{\"metrics\":[]}"]
            })
        let status = try await plant.pair.status(.sender).output
        #expect(status.contains("\"sparkplug_cleared\": 4") || status.contains("\"sparkplug_cleared\":4"))
        try await plant.pair.stop()
    }
}
