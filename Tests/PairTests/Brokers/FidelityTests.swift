import Foundation
import TestKit
import Testing

/// P7 on the real pair between two brokers that speak MQTT 5: what is not in the table of `BrokerTests`.
@Suite("Faithful to MQTT", .timeLimit(.minutes(3)))
struct FidelityTests {
    private static func expiring(_ topic: String, seconds: Int, retain: Bool = false) -> PlantMessage {
        PlantMessage(topic, [1], retain: retain, properties: [.number("expiry", seconds)])
    }

    private static func expiry(_ message: PlantMessage) -> Int? {
        message.properties.lazy.compactMap { property in
            if case .number("expiry", let seconds) = property { seconds } else { nil }
        }.first
    }

    /// Waits until so much time is over: it is the time itself that the test is about.
    private static func pass(_ duration: Duration) async throws { try await Task.sleep(for: duration) }

    @Test(
        "P7 P8 the largest record passes; one byte more is acknowledged, numbered, shed and named, and what follows passes"
    )
    func largest() async throws {
        let plant = try await PairTests.Plant()
        let largest = [UInt8](repeating: 1, count: 1 << 20)
        try await PythonClient.publish(
            [
                PlantMessage("acme/largest", largest), PlantMessage("acme/larger", largest + [1]),
                PlantMessage("acme/after", [1]),
            ], on: plant.ot)
        let arrived = Faithfulness.fromPlant(await plant.arrived(2))
        #expect(arrived.map(\.topic) == ["acme/largest", "acme/after"])
        #expect(arrived.first?.payload == largest)
        var audit = try await AuditAnswer(plant.pair)
        let isNamed = try await eventually(.seconds(20)) {
            audit = try await AuditAnswer(plant.pair)
            return audit.total("lost") == 1
        }
        let loss = try #require(audit.losses(of: "sender").first, "\(audit)")
        #expect(isNamed && loss["reason"] as? String == "oversize", "\(audit)")
        let topics = loss["topics"] as? [[String: Any]] ?? []
        #expect(topics.compactMap { $0["topic"] as? String } == ["acme/larger"], "\(audit)")
        try await plant.pair.stop()
    }

    @Test(
        "P7 P9 while the IT broker is away the message expiry interval runs down; at 0 the message is dropped, and named"
    )
    func stoppedBroker() async throws {
        let plant = try await PairTests.Plant()
        try await plant.it.stop()
        try await PythonClient.publish(
            [Self.expiring("acme/long", seconds: 4_000, retain: true), Self.expiring("acme/short", seconds: 1)],
            on: plant.ot)
        try await Self.pass(.seconds(3))
        try await plant.it.restart()
        let arrived = Faithfulness.fromPlant(await plant.arrived(1))
        #expect(arrived.map(\.topic) == ["acme/long"])
        let left = try #require(arrived.first.flatMap(Self.expiry))
        #expect((3_950...3_997).contains(left), "\(left)")
        try await expectExpired(plant.pair, "acme/short")
        try await plant.pair.stop()
    }

    @Test("P7 P9 what waits in the sender for the link to come back runs down, too")
    func cutLink() async throws {
        var settings = DiodePair.Settings()
        settings.sender = ["echo": "[\"1s\", \"4s\", \"6s\", \"8s\"]"]
        let plant = try await PairTests.Plant(settings)
        let relay = try #require(plant.pair.relay)
        relay.faults.cut = true
        try await PythonClient.publish(
            [Self.expiring("acme/long", seconds: 4_000), Self.expiring("acme/short", seconds: 1)], on: plant.ot)
        try await Self.pass(.seconds(3))
        relay.faults.cut = false
        let arrived = Faithfulness.fromPlant(await plant.arrived(1))
        #expect(arrived.map(\.topic) == ["acme/long"])
        let left = try #require(arrived.first.flatMap(Self.expiry))
        #expect((3_950...3_997).contains(left), "\(left)")
        try await expectExpired(plant.pair, "acme/short")
        try await plant.pair.stop()
    }

    private func expectExpired(_ pair: DiodePair, _ topic: String) async throws {
        var audit = try await AuditAnswer(pair)
        let isNamed = try await eventually(.seconds(20)) {
            audit = try await AuditAnswer(pair)
            return audit.total("shed") == 1
        }
        let loss = try #require(audit.losses(of: "outbox").first, "\(audit)")
        #expect(isNamed && loss["reason"] as? String == "expired", "\(audit)")
        let topics = loss["topics"] as? [[String: Any]] ?? []
        #expect(topics.compactMap { $0["topic"] as? String } == [topic], "\(audit)")
    }

    @Test(
        "P2 P7 D6 a retained value that ends in the plant ends on the IT side, nobody is told what the plant did not say, and both sides agree",
        arguments: [false, true])
    func endingValue(restarts: Bool) async throws {
        let plant = try await PairTests.Plant()
        try await PythonClient.publish(
            [
                PlantMessage("acme/kept", [1], retain: true),
                Self.expiring("acme/ends", seconds: restarts ? 6 : 2, retain: true),
            ], on: plant.ot)
        #expect(Faithfulness.fromPlant(await plant.arrived(2)).count == 2)
        if restarts {
            #expect(try await plant.pair.receiver?.terminate() == .code(0))
            try plant.pair.startReceiver()
        }
        try await expectAnswered(plant.pair, folded: 1)
        #expect(try await plant.it.retained("acme/#").keys.sorted() == ["acme/kept"])
        #expect(
            try await eventually(.seconds(20)) {
                let replica = try await plant.pair.report().replica
                return replica.digestMatches == true && replica.itMatches == true
            })
        try await plant.pair.waitUntilAuditIsWell()
        try await plant.ot.publish("acme/after", "1")
        let topics = Faithfulness.fromPlant(await plant.arrived(3)).map(\.topic)
        #expect(topics == ["acme/kept", "acme/ends", "acme/after"])
        try await plant.pair.stop()
    }

    @Test("P2 P7 a value that ended and that the IT broker keeps is found there, and deleted")
    func endingBesideKept() async throws {
        let ot = try await Broker.start()
        let it = try await MisbehavingBroker.start(["keep_expiry": "1"])
        let pair = try await DiodePair(ot: ot, it: it)
        try await pair.start()
        func deletions(_ topic: String) -> Int { it.publishes.count { $0.topic == topic && $0.bytes == 0 } }
        try await PythonClient.publish([Self.expiring("acme/ends", seconds: 1, retain: true)], on: ot)
        try await expectAnswered(pair, folded: 1)
        #expect(deletions("acme/ends") == 0)
        #expect(await eventually(.seconds(20)) { deletions("acme/ends") == 1 }, "the broker keeps it: it is read back")
        // From now on nothing is left to it.
        try await PythonClient.publish([Self.expiring("acme/next", seconds: 1, retain: true)], on: ot)
        #expect(await eventually(.seconds(20)) { deletions("acme/next") == 1 })
        try await expectAnswered(pair, folded: 1)
        try await pair.stop()
    }

    private func expectAnswered(_ pair: DiodePair, folded: Int) async throws {
        var audit = try await AuditAnswer(pair)
        _ = try await eventually(.seconds(20)) {
            audit = try await AuditAnswer(pair)
            return audit.total("folded") == folded
        }
        #expect(audit.total("folded") == folded && audit.exit == .code(0), "\(audit)")
    }

    @Test(
        "P7 publishers and subscribers of other libraries find what they sent", arguments: PythonClient.Library.allCases
    )
    func library(_ library: PythonClient.Library) async throws {
        var settings = DiodePair.Settings()
        settings.export = FidelityCase.filters
        let plant = try await PairTests.Plant(settings)
        let collector = try await PythonClient.collector(by: library, on: plant.it, filters: FidelityCase.filters)
        let messages = FidelityCase.live.filter { !$0.isWill }.flatMap(\.messages)
        try await PythonClient.publish(messages, by: library, on: plant.ot)
        let will = PlantMessage("acme/will", [1], qos: 2, properties: [.user("who", library.rawValue)])
        try await PythonClient.publish([], will: will, by: library, on: plant.ot)
        var differences = ["nothing was compared"]
        _ = await eventually(.seconds(20)) {
            let arrived = collector.messages.map(BrokerTests.withoutWaiting)
            differences = Faithfulness.differences(published: messages + [will], arrived: arrived)
            return differences.isEmpty
        }
        #expect(differences.map { $0.prefix(2_000) } == [])
        try await plant.pair.stop()
    }
}
