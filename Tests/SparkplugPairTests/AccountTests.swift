import TestKit
import Testing

/// Whatever happens to the IT broker, each record of an edge node is published, in a birth that was sent, or named as lost.
@Suite("Every record of an edge node has an end that is true", .timeLimit(.minutes(3)))
struct AccountTests {
    @Test("P9 with the IT broker away, every value of the plant is told to hosts afterwards: `folded` is not a bin")
    func brokerAway() async throws {
        let ot = try await Broker.start(lines: ["max_queued_messages 0"])
        let it = try await Broker.start(lines: ["max_queued_messages 0"])
        let tap = try MQTTTap(to: it.port, .fromClient)
        defer { tap.stop() }
        var settings = DiodePair.Settings()
        settings.sender = ["snapshot": "{ period: \"30s\" }"]
        settings.receiver = ["broker": "{ url: \"mqtt://127.0.0.1:\(tap.port)\" }"]
        let pair = try await DiodePair(ot: ot, it: it, settings)
        let host = try await PythonClient.strictHost(on: it, options: ["--from-start"])
        try await pair.start()
        let node = try await PythonClient.edgeNode(on: ot, count: 800, rate: 200, options: ["--stay"])
        #expect(await eventually { host.sparkplug.count(where: \.isData) >= 20 })
        tap.isRefusing = true
        let said = node.sparkplug.count(where: \.isData)
        try #require(said < 300, "the node goes on while the broker is away")
        // A second node is born, speaks and dies meanwhile: of it too, all is told.
        let brief = try await PythonClient.edgeNode(on: ot, count: 50, rate: 200, options: ["--node", "saw"])
        try await brief.finish()
        #expect(await node.saidAll(said + 500))
        tap.isRefusing = false
        try #require(await node.saidAll(800))
        let wanted = GapTests.moments(node.sparkplug + brief.sparkplug)
        #expect(
            await eventually(.seconds(20)) { GapTests.moments(host.sparkplug).isSuperset(of: wanted) },
            "\(wanted.subtracting(GapTests.moments(host.sparkplug)).count) values were told to nobody")
        #expect(try await Self.isSettled(pair))
        let report = try await pair.report()
        let lost = report.total("dead") + report.total("shed")
        #expect(report.total("published") >= 850 && lost == 0, "\(report.totals)")
        #expect(report.total("folded") < 20, "births and states alone: \(report.totals)")
        #expect(try await Self.audit(pair) == .code(0))
        SparkplugPlant.expectConformant(host.sparkplug)
        try await pair.stop()
    }

    @Test(
        "P9 an IT broker that refuses every edge node's will: status exits 3, records wait, the rest works"
    )
    func refusedWills() async throws {
        let ot = try await Broker.start()
        // NATS 2.9 takes no topic with a dot: `spBv1.0`.
        let it = try await NATSServer.start()
        let pair = try await DiodePair(ot: ot, it: it)
        try await pair.start()
        let collector = try await PythonClient.collector(on: it, filters: ["acme/#"], qos: 1)
        let node = try await PythonClient.edgeNode(on: ot, count: 100, rate: 100, options: ["--stay"])
        try #require(await node.saidAll(100))
        var status: Finished?
        let isTold = try await eventually(.seconds(20)) {
            let now = try await pair.status(.receiver)
            status = now
            return now.exit == .code(3) && now.output.contains("1 edge node cannot connect (")
        }
        #expect(isTold, "\(status?.output.prefix(800) ?? "")")
        try await ot.publish("acme/marker", "1", retain: true)
        // Others do not wait for the node, although the outbox counts them behind its records.
        #expect(await eventually { collector.messages.map(\.topic) == ["acme/marker"] })
        var report = try await pair.report()
        let isHeld = try await eventually {
            report = try await pair.report()
            return report.total("outbox") >= 100
        }
        #expect(isHeld && report.total("folded") == 0, "\(report.totals)")
        try await pair.stop()
    }

    @Test("P9 a link that was silent and lost nothing: nodes are born again at once, long before the next round")
    func silenceWithoutLoss() async throws {
        var settings = DiodePair.Settings()
        settings.sender = ["snapshot": "{ period: \"60s\" }"]
        let plant = try await SparkplugPlant(settings)
        // The first round goes out before the node is born, the second one a minute later: nothing is lost in the silence.
        try await plant.waitForFirstRound()
        let node = try await PythonClient.edgeNode(on: plant.ot, count: 20, rate: 20, options: ["--stay"])
        try #require(await node.saidAll(20))
        await plant.expectSameValues(as: node)
        let relay = try #require(plant.pair.relay)
        relay.faults.cut = true
        #expect(await plant.see { $0.last?.type == "NDEATH" })
        relay.faults.cut = false
        let births = plant.births(of: "plant/press")
        #expect(await plant.see(.seconds(3)) { _ in plant.births(of: "plant/press") > births })
        await plant.expectSameValues(as: node)
        plant.expectConformant()
        try await plant.pair.stop()
    }

    @Test("P9 a receiver that is started anew and missed nothing bears its nodes at once, with the next bdSeq")
    func receiverRestarts() async throws {
        var settings = DiodePair.Settings()
        settings.sender = ["snapshot": "{ period: \"60s\" }"]
        let plant = try await SparkplugPlant(settings)
        try await plant.waitForFirstRound()
        let node = try await PythonClient.edgeNode(on: plant.ot, count: 20, rate: 20, options: ["--stay"])
        try #require(await node.saidAll(20))
        await plant.expectSameValues(as: node)
        #expect(try await plant.pair.receiver?.terminate() == .code(0))
        #expect(await plant.see { $0.last?.type == "NDEATH" })
        try plant.pair.startReceiver()
        #expect(await plant.see(.seconds(5)) { _ in plant.births(of: "plant/press") == 2 })
        await plant.expectSameValues(as: node)
        #expect(plant.sessions(of: "plant/press").last == "NBIRTH 1")
        plant.expectConformant()
        try await plant.pair.stop()
    }

    /// The outbox is empty, and the account balances.
    private static func isSettled(_ pair: DiodePair) async throws -> Bool {
        try await eventually {
            let report = try await pair.report()
            let ends = ["published", "folded", "dead", "shed"].reduce(0) { $0 + report.total($1) }
            return report.total("outbox") == 0 && ends == report.total("delivered") + report.total("late")
        }
    }

    private static func audit(_ pair: DiodePair) async throws -> Child.Exit {
        try await run([Executable.path("diode-recv"), "--audit", "--config", pair.receiverConfiguration]).exit
    }
}
