import Glibc
import TestKit
import Testing

/// Whoever dies, hosts are told, and told again when it lives.
@Suite("Deaths arrive, whoever dies", .timeLimit(.minutes(3)))
struct DeathTests {
    @Test("P7 a device that dies is a DDEATH, and a DBIRTH when it is back")
    func device() async throws {
        let plant = try await SparkplugPlant()
        let node = try await PythonClient.edgeNode(on: plant.ot, count: 0, rate: 20)
        #expect(await plant.see { $0.contains { $0.type == "DDATA" } })
        node.child.send(SIGUSR1)
        #expect(await plant.see { $0.contains { $0.type == "DDEATH" && $0.owner == "plant/press/plc" } })
        node.child.send(SIGUSR2)
        #expect(
            await plant.see { seen in
                guard let death = seen.lastIndex(where: { $0.type == "DDEATH" }) else { return false }
                return seen[death...].contains { $0.type == "DBIRTH" } && seen[death...].contains { $0.type == "DDATA" }
            })
        plant.expectConformant()
        try await plant.pair.stop()
    }

    @Test(
        "P7 a node that says goodbye, or is cut off, is an NDEATH with the bdSeq of its birth; the next session has the next one"
    )
    func node() async throws {
        let plant = try await SparkplugPlant()
        let polite = try await PythonClient.edgeNode(on: plant.ot, count: 5)
        try await polite.finish()
        #expect(await plant.see { $0.contains { $0.type == "NDEATH" } })
        let killed = try await PythonClient.edgeNode(on: plant.ot, count: 0)
        #expect(await plant.see { _ in plant.births(of: "plant/press") >= 2 })
        try await killed.child.kill9()
        #expect(await plant.see { Set($0.filter { $0.type == "NDEATH" }.map(\.bdSeq)).count == 2 })
        let again = try await PythonClient.edgeNode(on: plant.ot, count: 3, options: ["--stay"])
        try #require(await again.saidAll(3))
        await plant.expectSameValues(as: again)
        let sessions = Self.withoutRepeats(plant.sessions(of: "plant/press"))
        #expect(sessions == ["NBIRTH 0", "NDEATH 0", "NBIRTH 1", "NDEATH 1", "NBIRTH 2"])
        plant.expectConformant()
        try await plant.pair.stop()
    }

    @Test(
        "P7 a silent link kills every node; when it speaks again, those that live are born with what was said meanwhile"
    )
    func silentLink() async throws {
        let plant = try await SparkplugPlant()
        let press = try await PythonClient.edgeNode(on: plant.ot, count: 5, options: ["--stay"])
        let saw = try await PythonClient.edgeNode(on: plant.ot, count: 0, options: ["--node", "saw"])
        try #require(await press.saidAll(5))
        #expect(await plant.see { SparkplugValues($0).values["plant/saw/plc"] != nil })
        let relay = try #require(plant.pair.relay)
        relay.faults.cut = true
        #expect(
            await plant.see { seen in
                Set(seen.filter { $0.type == "NDEATH" }.map(\.node)) == ["plant/press", "plant/saw"]
            })
        try await saw.stop()
        relay.faults.cut = false
        await plant.expectSameValues(as: press, saw)
        #expect(SparkplugValues(plant.host.sparkplug).values.keys.sorted() == ["plant/press", "plant/press/plc"])
        plant.expectConformant()
        try await plant.pair.stop()
    }

    @Test(
        "P7 a sender that stops is a silent link: NDEATH, and births when it runs again, although the plant said nothing"
    )
    func senderStops() async throws {
        let plant = try await SparkplugPlant()
        let node = try await PythonClient.edgeNode(on: plant.ot, count: 5, options: ["--stay"])
        try #require(await node.saidAll(5))
        await plant.expectSameValues(as: node)
        #expect(try await plant.pair.sender?.terminate() == .code(0))
        #expect(await plant.see { $0.last?.type == "NDEATH" })
        try plant.pair.startSender()
        await plant.expectSameValues(as: node)
        plant.expectConformant()
        try await plant.pair.stop()
    }

    @Test("P7 a receiver that is killed: the IT broker publishes the will of each node; born again within a round")
    func receiverKilled() async throws {
        let plant = try await SparkplugPlant()
        let press = try await PythonClient.edgeNode(on: plant.ot, count: 5, options: ["--stay"])
        let rich = try await PythonClient.richNode(on: plant.ot, count: 5, options: ["--stay"])
        try #require(await press.saidAll(5))
        try #require(await rich.saidAll(5))
        await plant.expectSameValues(as: press, rich)
        try await plant.pair.receiver?.kill9()
        #expect(await plant.see { SparkplugValues($0).values.isEmpty })
        let deaths = plant.host.sparkplug.filter { $0.type == "NDEATH" }
        #expect(Set(deaths.map(\.node)) == ["plant/press", "plant/rich"] && deaths.allSatisfy { $0.qos == 1 })
        try plant.pair.startReceiver()
        await plant.expectSameValues(as: press, rich)
        plant.expectConformant()
        try await plant.pair.stop()
    }

    /// A node may be born more than once in a session.
    private static func withoutRepeats(_ lines: [String]) -> [String] {
        lines.enumerated().filter { $0.offset == 0 || lines[$0.offset - 1] != $0.element }.map(\.element)
    }
}
