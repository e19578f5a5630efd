import TestKit
import Testing

/// A plant that nobody hears is dead, also where its last words were missed.
@Suite("A dead plant is dead", .timeLimit(.minutes(3)))
struct DeadPlantTests {
    private func plant(_ sparkplug: String) async throws -> SparkplugPlant {
        var settings = DiodePair.Settings()
        settings.sender = ["sparkplug": sparkplug]
        return try await SparkplugPlant(settings)
    }

    @Test("P9 the OT broker is killed: every node dies after a while, and lives again with a new birth")
    func broker() async throws {
        let plant = try await plant("{ broker_lost: \"1s\" }")
        let press = try await PythonClient.edgeNode(on: plant.ot, count: 5, options: ["--stay"])
        try #require(await press.saidAll(5))
        await plant.expectSameValues(as: press)
        try await plant.ot.kill9()
        #expect(await plant.see { SparkplugValues($0).values.isEmpty && $0.last?.type == "NDEATH" })
        try await press.child.kill9()
        try await plant.ot.restart()
        let again = try await PythonClient.edgeNode(on: plant.ot, count: 5, options: ["--stay", "--seed", "2"])
        try #require(await again.saidAll(5))
        await plant.expectSameValues(as: again)
        plant.expectConformant()
        try await plant.pair.stop()
    }

    @Test("P9 broker and node die together: the broker is soon back, and the node that does not answer is dead")
    func together() async throws {
        let plant = try await plant("{ broker_lost: \"1h\", silence: \"2s\" }")
        let press = try await PythonClient.edgeNode(on: plant.ot, count: 5, options: ["--stay"])
        let saw = try await PythonClient.edgeNode(on: plant.ot, count: 0, rate: 5, options: ["--node", "saw"])
        try #require(await press.saidAll(5))
        await plant.see { SparkplugValues($0).values["plant/saw/plc"] != nil }
        try await plant.ot.kill9()
        try await press.child.kill9()
        try await saw.child.kill9()
        try await plant.ot.restart()
        let other = try await PythonClient.edgeNode(on: plant.ot, count: 0, rate: 5, options: ["--node", "saw"])
        #expect(
            await plant.see { seen in
                seen.last { $0.node == "plant/press" }?.type == "NDEATH"
                    && SparkplugValues(seen).values["plant/saw/plc"] != nil
            })
        try await other.stop()
        plant.expectConformant()
        try await plant.pair.stop()
    }

    @Test("P9 a node whose will is of QoS 0 dies while the sender restarts: it does not live on")
    func whileTheSenderRestarts() async throws {
        let plant = try await plant("{ silence: \"2s\" }")
        let press = try await PythonClient.edgeNode(on: plant.ot, count: 5, options: ["--stay", "--sloppy"])
        try #require(await press.saidAll(5))
        await plant.expectSameValues(as: press)
        #expect(try await plant.pair.sender?.terminate() == .code(0))
        try await press.child.kill9()
        try plant.pair.startSender()
        let isPresumedDead = try await eventually(.seconds(30)) {
            try await plant.pair.status(.sender).output.contains("\"presumed_dead\"")
        }
        #expect(isPresumedDead)
        #expect(await plant.see { SparkplugValues($0).values.isEmpty })
        plant.expectConformant()
        try await plant.pair.stop()
    }
}
