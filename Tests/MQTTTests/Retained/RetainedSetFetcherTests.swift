import MQTT
import TestKit
import Testing
import Threading
import MQTTProtocol

@Suite("D11 the retained set of a real broker is fetched whole", .timeLimit(.minutes(2)))
struct RetainedSetFetcherTests {
    private struct Fetched: Sendable {
        var messages: [String: TestClient.Message] = [:]
        var repeated = 0
        var report: RetainedSetReport?
    }

    private func fetch(
        _ port: UInt16, _ filters: [String], version: VersionPolicy = .v5,
        _ meanwhile: (RetainedSetFetcher, () -> Int) async throws -> Void = { _, _ in }
    ) async throws -> Fetched {
        let fetched = Lock(Fetched())
        let fetcher = try RetainedSetFetcher(
            ConnectionSettings(port, id: "fetcher", version: version), filters: filters.map { try TopicFilter($0) },
            received: { message in
                let topic = String(utf8: message.topic)
                let note = TestClient.Message(
                    topic: topic, payload: String(utf8: message.payload), qos: message.qos, retain: message.retain)
                fetched.withLock { fetched in
                    if fetched.messages.updateValue(note, forKey: topic) != nil { fetched.repeated += 1 }
                }
            },
            finished: { report in fetched.withLock { $0.report = report } })
        try fetcher.start()
        try await meanwhile(fetcher) { fetched.withLock { $0.messages.count } }
        #expect(await eventually(.seconds(60)) { fetched.withLock { $0.report != nil } })
        fetcher.stop()
        return fetched.withLock { $0 }
    }

    private func retain(_ topics: [String], on broker: Broker, qos: QoS = .atLeastOnce) async throws {
        var settings = ConnectionSettings(broker.port, id: "filler")
        settings.publishQueueMessages = topics.count
        let publisher = try TestClient(settings)
        for topic in topics {
            try publisher.connection.publish(topic: topic, payload: Array(topic.utf8), qos: qos, retain: true)
        }
        #expect(await publisher.settled(topics.count, .seconds(60)).count == topics.count)
    }

    @Test("30,000 retained topics on a default mosquitto, deep ones among them, arrive once each")
    func large() async throws {
        let broker = try await Broker.start()
        let topics =
            (0..<22_000).map { "acme/site\($0 % 3)/area\($0 % 7)/line\($0 % 11)/cell\($0)" }
            + (0..<6_000).map { "acme/flat\($0)" } + (0..<2_000).map { "x/a/b/c/d/e/\($0)" }
        try await retain(topics, on: broker)
        let fetched = try await fetch(broker.port, ["#"])
        let report = try #require(fetched.report)
        #expect(report.isComplete && report.topics == 30_000, "\(report)")
        #expect(fetched.messages.count == 30_000 && fetched.repeated == 0)
        #expect(Set(fetched.messages.keys) == Set(topics))
        #expect(fetched.messages.values.allSatisfy { $0.payload == $0.topic && $0.retain })
        #expect(!broker.log.contains("being dropped"))
    }

    @Test(
        "Retained messages keep their QoS, filters are kept to, and an empty broker has an empty set",
        arguments: [VersionPolicy.v5, .v3_1_1])
    func small(version: VersionPolicy) async throws {
        let broker = try await Broker.start()
        #expect(try await fetch(broker.port, ["#"], version: version).report?.isComplete == true)
        for (topic, qos) in [
            ("a/0", QoS.atMostOnce), ("a/1", .atLeastOnce), ("a/2", .exactlyOnce), ("b/1", .atLeastOnce),
        ] {
            try await retain([topic], on: broker, qos: qos)
        }
        let fetched = try await fetch(broker.port, ["a/#", "c/+"], version: version)
        #expect(fetched.report?.isComplete == true)
        #expect(fetched.messages.mapValues(\.qos) == ["a/0": .atMostOnce, "a/1": .atLeastOnce, "a/2": .exactlyOnce])
    }

    @Test("P6 a broker that is killed in between is waited for, and the fetch goes on")
    func interrupted() async throws {
        let broker = try await Broker.start(lines: [], persistent: true)
        let topics = (0..<5_000).map { "acme/site\($0 % 3)/line\($0 % 11)/cell\($0)" }
        try await retain(topics, on: broker)
        try await broker.stop()
        let fetched = try await fetch(broker.port, ["acme/#"]) { _, count in
            try await broker.restart()
            #expect(await eventually { count() > 0 })
            try await broker.kill9()
            try await broker.restart()
        }
        #expect(fetched.report?.isComplete == true)
        #expect(Set(fetched.messages.keys) == Set(topics) && fetched.repeated == 0)
    }

    @Test("A fetch that is stopped, or finds no broker, ends as incomplete and says why")
    func failures() async throws {
        let nobody = try await fetch(freePort(), ["#"]) { fetcher, _ in fetcher.stop() }
        #expect(nobody.report?.failure == .stopped)
        let fetched = Lock<RetainedSetReport?>(nil)
        var limits = RetainedSetLimits()
        limits.stall = .milliseconds(200)
        let fetcher = try RetainedSetFetcher(
            ConnectionSettings(freePort(), id: "f"), filters: [try TopicFilter("#")], limits: limits,
            received: { _ in },
            finished: { report in fetched.withLock { $0 = report } })
        try fetcher.start()
        #expect(await eventually { fetched.withLock { $0 } != nil })
        fetcher.stop()
        guard case .stalled(.dial) = fetched.withLock({ $0?.failure }) else {
            Issue.record("\(String(describing: fetched.withLock { $0 }))")
            return
        }
    }
}
