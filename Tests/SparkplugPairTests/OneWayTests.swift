import TestKit
import Testing

/// Nothing of the IT side reaches the plant.
@Suite("No command goes towards the plant", .timeLimit(.minutes(3)))
struct OneWayTests {
    @Test("P5 commands and STATE of the IT side are answered or dropped there; the plant sees none of them")
    func commands() async throws {
        var settings = DiodePair.Settings()
        settings.sender = ["sparkplug": "{ request_rebirth: false }"]
        let plant = try await SparkplugPlant(settings)
        let tap = try await plant.ot.subscribe(
            "spBv1.0/+/NCMD/#", options: ["-t", "spBv1.0/+/DCMD/#", "-t", "spBv1.0/STATE/#"])
        let primary = try await PythonClient.strictHost(on: plant.it, options: ["--host-id", "scada"])
        let node = try await PythonClient.edgeNode(on: plant.ot, count: 5, options: ["--stay"])
        try #require(await node.saidAll(5))
        await plant.expectSameValues(as: node)
        let births = plant.births(of: "plant/press")
        try await plant.it.requestRebirth("press", options: ["--write", "plc"])
        try await plant.it.requestRebirth("press")
        #expect(await plant.see { _ in plant.births(of: "plant/press") == births + 1 })
        #expect(primary.sparkplug.contains { $0.type == "STATE" })
        // A message of the plant's own passes the tap behind whatever came before.
        try await plant.ot.publish("spBv1.0/STATE/plant", "the plant's own")
        #expect(await tap.messages(atLeast: 1).map(\.topic) == ["spBv1.0/STATE/plant"])
        #expect(!plant.host.sparkplug.contains { $0.topic == "spBv1.0/STATE/plant" })
        plant.expectConformant()
        try await plant.pair.stop()
    }

    @Test(
        "A sender that hears data without a birth asks for one in its own plant, as a host must; that is all it publishes there"
    )
    func ownRequest() async throws {
        let ot = try await Broker.start()
        let it = try await Broker.start()
        let local = try await PythonClient.strictHost(on: ot, options: ["--from-start"])
        let tap = try await ot.subscribe("#")
        let node = try await PythonClient.edgeNode(on: ot, count: 0, options: ["--alias"])
        let host = try await PythonClient.strictHost(on: it)
        let pair = try await DiodePair(ot: ot, it: it)
        try await pair.start()
        #expect(await eventually(.seconds(30)) { SparkplugValues(host.sparkplug).values["plant/press/plc"] != nil })
        try await node.stop()
        let requests = local.sparkplug.filter { $0.type == "NCMD" }
        #expect(requests.map(\.node).allSatisfy { $0 == "plant/press" } && (1...3).contains(requests.count))
        #expect(requests.flatMap(\.metrics).allSatisfy { $0.name == "Node Control/Rebirth" && $0.value == "true" })
        #expect(requests.flatMap(\.faults) == [])
        let published = Set(tap.messages.map(\.topic)).subtracting(node.sparkplug.map(\.topic))
        #expect(published == ["spBv1.0/plant/NCMD/press"])
        SparkplugPlant.expectConformant(host.sparkplug)
        try await pair.stop()
    }
}
