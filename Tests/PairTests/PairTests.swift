import Foundation
import TestKit
import Testing

/// The pair as two processes between two brokers, with clients that we did not write on both sides.
@Suite("The pair", .timeLimit(.minutes(3)))
struct PairTests {
    /// Waiting for a block that FEC will restore, however busy the machine is: what comes behind is not called late.
    static let patience = "\"5s\""

    @Test("P7 topic, payload, QoS, retain and MQTT 5 properties arrive as they were sent, each message once")
    func faithful() async throws {
        try await withSeed { random in
            let plant = try await Plant()
            let published = try await PythonClient.plant(
                on: plant.ot, count: 1_500, seed: random.next() >> 32, options: ["--blob", "20000"]
            ).finish()
            let arrived = await plant.arrived(published.count)
            #expect(Faithfulness.differences(published: published, arrived: arrived) == [])

            // Whoever subscribes on the IT side later finds the namespace of the OT side.
            let late = try await PythonClient.collector(on: plant.it, filters: ["acme/#"])
            let original = try await PythonClient.collector(on: plant.ot, filters: ["acme/#"])
            var differences = ["nothing was compared"]
            _ = await eventually {
                let found = Faithfulness.retained(late.messages)
                differences = Faithfulness.differences(found, Faithfulness.retained(original.messages))
                return found.count > 50 && differences.isEmpty
            }
            #expect(differences == [])
            try await plant.pair.stop()
        }
    }

    @Test("P7 every message says which link it came by, when it left the plant and its place in the order")
    func provenance() async throws {
        let plant = try await Plant()
        let before = Date()
        try await plant.ot.publish("acme/a", "one", retain: true)
        try await plant.ot.publish("acme/b", "two", options: ["-D", "publish", "user-property", "k", "v"])
        let arrived = await plant.arrived(2).filter { $0.topic.hasPrefix("acme/") }
        try #require(arrived.count == 2)
        var sequences: [Substring] = []
        for message in arrived {
            let own = Dictionary(message.userProperties.map { ($0.name, $0.value) }) { first, _ in first }
            #expect(own["diode-link"] == "plant-a")
            let time = try #require(
                own["diode-ts"].flatMap { text in
                    try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
                })
            #expect(abs(time.timeIntervalSince(before)) < 30)
            sequences += try #require(own["diode-seq"]).split(separator: ":").suffix(1)
        }
        #expect(arrived[1].userProperties.first?.name == "k")
        #expect(try #require(Int(sequences[1])) == #require(Int(sequences[0])) + 1)
        try await plant.pair.stop()
    }

    @Test("What the export policy does not name stays in the plant")
    func policy() async throws {
        let plant = try await Plant()
        try await plant.ot.publish("other/a", "secret", retain: true)
        try await plant.ot.publish("acme/b", "public", retain: true)
        let arrived = Faithfulness.fromPlant(await plant.arrived(1))
        #expect(arrived.map(\.topic) == ["acme/b"])
        try await plant.pair.stop()
    }

    @Test("P10 single loss and bursts are repaired by FEC alone, with neither echo nor carousel to help")
    func loss() async throws {
        try await withSeed { random in
            var settings = DiodePair.Settings()
            settings.sender = [
                "echo": "[]", "snapshot": "{ period: \"1h\" }",
                "fec": "{ repair: \"60%\", min_repair: 12, repair_spread: \"20ms\" }",
            ]
            settings.receiver = ["reorder_timeout": Self.patience]
            settings.seed = random.next()
            let plant = try await Plant(settings)
            var faults = LinkFaults()
            faults.loss = 0.01
            faults.burstBegin = 0.0005
            faults.burstEnd = 0.5
            faults.reorder = 0.02
            faults.duplicate = 0.01
            plant.pair.relay?.faults = faults
            let published = try await PythonClient.plant(
                on: plant.ot, count: 2_000, seed: random.next() >> 32, rate: 2_000
            ).finish()
            let arrived = await plant.arrived(published.count)
            let report = try await plant.pair.report()
            let counts = try #require(plant.pair.relay?.counts)
            #expect(counts.lost > 5, "\(counts)")
            #expect(report.counters["restored_symbols", default: 0] > 0)
            // A lone record is three frames (K = 1, two repair symbols): about one run in a hundred loses all three of one. More
            // than three such records in a run would be no chance; RepairStatisticsTests holds the share to the binomial.
            let missing = report.total("missing") + report.total("lost")
            #expect(missing <= 3 && report.total("late") == 0, "\(report)")
            #expect(published.count - Faithfulness.fromPlant(arrived).count == Int(missing), "\(report)")
            if missing == 0 {
                #expect(Faithfulness.differences(published: published, arrived: arrived) == [])
            }
            plant.pair.relay?.faults = LinkFaults()
            try await plant.pair.stop()
        }
    }

    @Test("P4 forged, damaged and replayed frames change nothing: each message still arrives once")
    func hostile() async throws {
        try await withSeed { random in
            var settings = DiodePair.Settings()
            settings.seed = random.next()
            settings.receiver = ["reorder_timeout": Self.patience]
            settings.record = 200
            let plant = try await Plant(settings)
            var faults = LinkFaults()
            faults.flip = 0.03
            faults.forge = 0.2
            faults.replay = 0.2
            faults.delayNanoseconds = 200_000_000
            plant.pair.relay?.faults = faults
            let published = try await PythonClient.plant(
                on: plant.ot, count: 1_000, seed: random.next() >> 32, rate: 1_000
            ).finish()
            let arrived = await plant.arrived(published.count)
            // Everything that was ever on the fibre, once more and in another order.
            let relay = try #require(plant.pair.relay)
            relay.faults = LinkFaults()
            for frame in relay.recorded.shuffled(using: &random) { relay.inject(frame) }
            for size in [0, 1, 50, 1_400, 9_000, 65_000] {
                relay.inject((0..<size).map { _ in UInt8.random(in: .min ... .max, using: &random) })
            }
            #expect(await eventually { relay.edges.injected >= 206 })
            try await plant.ot.publish("acme/last", "still alive")
            let all = await plant.arrived(published.count + 1)
            #expect(all.last?.topic == "acme/last")
            let genuine = Faithfulness.fromPlant(arrived)
            #expect(Faithfulness.differences(published: published, arrived: genuine) == [])
            #expect(
                relay.counts.forged > 50 && relay.counts.replayed > 50 && relay.counts.flipped > 5, "\(relay.counts)")
            try await plant.pair.stop()
        }
    }
}
