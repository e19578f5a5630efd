import DiodeProtocol
import Foundation
import MQTT
import TestKit
import Testing
import Threading

@testable import SenderOT
import MQTTProtocol
import Time

/// `diode-send run` against a real mosquitto, its frames read by a sink on a real socket.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct DiodeSendRunTests {
    @Test(
        "P7 what a client publishes leaves as signed frames: topic, payload, QoS, retain, properties; nothing else does"
    )
    func faithful() async throws {
        let broker = try await Broker.start()
        let sender = try await RunningSender(broker)
        defer { sender.sink.stop() }
        try await broker.publish("other/a", "stays")
        try await broker.publish("acme/secret/a", "stays")
        try await broker.publish("acme/a", "one", qos: 0)
        try await broker.publish("acme/a", "two", qos: 1, retain: true)
        try await broker.publish(
            "acme/b", "three", qos: 2,
            options: ["-D", "publish", "user-property", "k", "v", "-D", "publish", "content-type", "text/plain"])
        try await broker.publish("acme/a", "", qos: 1, retain: true)
        let records = await sender.records(atLeast: 4)
        #expect(records.map(\.topic) == ["acme/a", "acme/a", "acme/b", "acme/a"])
        #expect(records.map { String(decoding: $0.payload, as: UTF8.self) } == ["one", "two", "three", ""])
        #expect(records.map(\.flags.qos.rawValue) == [0, 1, 2, 1])
        #expect(records.map(\.flags.retain) == [false, true, false, true])
        #expect(records.map(\.version) == [1, 2, 1, 3])
        let properties = try #require(records.count > 2 ? records[2].properties : nil)
        #expect(Set(properties).isSuperset(of: Array("kvtext/plain".utf8)))
        #expect(try await sender.child.terminate() == .code(0))
        let seen = sender.sink.snapshot
        #expect(seen.refused == 0 && seen.failures.isEmpty)
        #expect(seen.stream.actions.map(\.what) == ["start", "export", "stop"])
        #expect(seen.beats.contains { $0.broker?.isOnline == true })
    }

    @Test("P1 thousands of messages at QoS 1 cross once and in order, also over a stop and a start on the same session")
    func complete() async throws {
        let broker = try await Broker.start(lines: ["max_queued_messages 0"])
        let sender = try await RunningSender(broker)
        defer { sender.sink.stop() }
        let lines = (1...3_000).map { "message \($0)" }
        try await broker.publish(lines: lines, to: "acme/line")
        let first = await sender.records(atLeast: 3_000)
        #expect(first.map { String(decoding: $0.payload, as: UTF8.self) } == lines)
        #expect(try await sender.child.terminate() == .code(0))
        #expect(
            await eventually { sender.sink.snapshot.beats.last?.lastSequence == 3_000 }, "the last beat tells the end")
        let stopped = UnixClock.now()
        let missed = (1...500).map { "while stopped \($0)" }
        try await broker.publish(lines: missed, to: "acme/line")
        sender.sink.beginAgain()
        let again = try await RunningSender(broker, after: sender)
        let second = await again.records(atLeast: 500)
        #expect(
            second.map { String(decoding: $0.payload, as: UTF8.self) } == missed, "nothing acknowledged comes twice")
        let away = again.sink.snapshot.stream.unobserved
        #expect(away.map(\.sessionResumed) == [true])
        #expect(away.allSatisfy { $0.from <= stopped }, "the interval begins when the one before it ended")
        let epochs = Set(again.sink.snapshot.arrivals.map(\.header.id.epoch))
        #expect(epochs.count == 2)
        let newest = again.sink.snapshot.arrivals.last { $0.header.transmission == .first }
        #expect(newest?.header.id.epoch == epochs.max(), "echoes of the first aside")
        #expect(try await again.child.terminate() == .code(0))
    }

    @Test(
        "P2 what was retained before the sender came crosses too, more of it than the broker queues for one subscriber")
    func retainedSet() async throws {
        let broker = try await Broker.start()
        let script = (1...2_500).map { "acme/line\($0 % 50)/tag\($0)" }
        try await publishRetained(script, on: broker)
        try await broker.publish("other/a", "stays", retain: true)
        let sender = try await RunningSender(broker)
        defer { sender.sink.stop() }
        let records = await sender.records(atLeast: 2_500, .seconds(60))
        #expect(records.count == 2_500)
        #expect(Set(records.map(\.topic)) == Set(script))
        #expect(records.allSatisfy { $0.flags.retain })
        #expect(records.allSatisfy { $0.payload == Array($0.topic.utf8) })
        let fetched = await eventually { sender.child.errors.contains("retained.fetched") }
        #expect(fetched)
        let status = try await sender.status()
        #expect(status["sender"]?["state"] == "online", "nothing suggests a shortfall")
        #expect(try await sender.child.terminate() == .code(0))
    }

    @Test("SIGTERM on a slow link sends what was taken, ends within 15 s with 0, and the broker redelivers the rest")
    func drain() async throws {
        let broker = try await Broker.start(lines: ["max_queued_messages 0"])
        let sender = try await RunningSender(broker, rate: "3Mbit/s")
        defer { sender.sink.stop() }
        let lines = (1...1_000).map { _ in UUID().uuidString + UUID().uuidString }
        try await broker.publish(lines: lines, to: "acme/slow")
        let start = ContinuousClock.now
        #expect(try await sender.child.terminate() == .code(0))
        #expect(ContinuousClock.now - start < .seconds(15))
        let sent = await sender.records(atLeast: 1, .seconds(1)).count
        _ = await eventually { sender.sink.snapshot.beats.last?.lastSequence == UInt64(sent) }
        let before = sender.sink.snapshot.stream.records.map { String(decoding: $0.payload, as: UTF8.self) }
        sender.sink.beginAgain()
        let again = try await RunningSender(broker, after: sender)
        let rest = await again.records(atLeast: 1_000 - before.count)
        #expect(before + rest.map { String(decoding: $0.payload, as: UTF8.self) } == lines)
        #expect(try await again.child.terminate() == .code(0))
    }

    @Test("SIGHUP takes a new export policy; an invalid file keeps the old one and says so")
    func hangUp() async throws {
        let broker = try await Broker.start()
        let sender = try await RunningSender(broker)
        defer { sender.sink.stop() }
        try sender.rewrite(["export": "[{ filter: 'other/+' }]"])
        sender.child.send(SIGHUP)
        #expect(await eventually { sender.child.errors.contains("reloaded") })
        try await broker.publish("acme/a", "stays")
        let crossed = try await eventually {
            try await broker.publish("other/a", "crosses")
            return sender.sink.snapshot.stream.records.contains { $0.topic == "other/a" }
        }
        #expect(crossed)
        #expect(!sender.sink.snapshot.stream.records.contains { $0.topic == "acme/a" })
        try sender.folder.write("send.json5", "{ export: 5 }")
        sender.child.send(SIGHUP)
        #expect(await eventually { sender.child.errors.contains("reload.invalid") })
        let count = sender.sink.snapshot.stream.records.count
        try await broker.publish("other/b", "crosses")
        #expect(await sender.records(atLeast: count + 1).last?.topic == "other/b")
        #expect(try await sender.child.terminate() == .code(0))
    }

    @Test("P6, P9 a broker that goes and comes back is an unobserved interval, and what follows crosses")
    func brokerRestart() async throws {
        let broker = try await Broker.start()
        let sender = try await RunningSender(broker)
        defer { sender.sink.stop() }
        try await broker.publish("acme/a", "before")
        _ = await sender.records(atLeast: 1)
        try await broker.kill9()
        #expect(try await eventually { try await sender.status()["ot_broker"]?["state"] == "offline" })
        #expect(await eventually { sender.sink.snapshot.beats.last?.broker?.isOnline == false })
        try await broker.restart()
        let back = try await eventually(.seconds(20)) { try await sender.status()["ot_broker"]?["state"] == "online" }
        #expect(back)
        #expect(await eventually { sender.sink.snapshot.stream.unobserved.count == 2 })
        let intervals = sender.sink.snapshot.stream.unobserved
        #expect(intervals.map(\.sessionResumed) == [false, false])
        #expect(intervals.last?.reason.isEmpty == false)
        #expect(
            sender.sink.snapshot.stream.drops.map(\.reason) == [.sessionLost], "what came meanwhile was kept for nobody"
        )
        let crossed = try await eventually {
            try await broker.publish("acme/a", "after")
            return sender.sink.snapshot.stream.records.contains { $0.payload == Array("after".utf8) }
        }
        #expect(crossed)
        #expect(try await sender.child.terminate() == .code(0))
    }

    @Test("MQTT 3.1.1 is said loudly: in the log, in status and in the beat")
    func oldVersion() async throws {
        let broker = try await Broker.start()
        let sender = try await RunningSender(broker, keys: ["broker": "{ url: '\(broker.url)', version: '3.1.1' }"])
        defer { sender.sink.stop() }
        #expect(sender.child.errors.contains("3.1.1"))
        let status = try await sender.status()
        #expect(status["sender"]?["state"] == "degraded")
        #expect(status["sender"]?["reason"]?.contains("3.1.1") == true)
        #expect(await eventually { sender.sink.snapshot.beats.last?.alarms.first?.contains("3.1.1") == true })
        try await broker.publish("acme/a", "crosses")
        #expect(await sender.records(atLeast: 1).count == 1)
        #expect(try await sender.child.terminate() == .code(0))
    }

    @Test("a second run on the same state is refused with 1, a wrong epoch with 2")
    func refusals() async throws {
        let broker = try await Broker.start()
        let sender = try await RunningSender(broker)
        defer { sender.sink.stop() }
        let program = Executable.path("diode-send")
        let second = try await run([program, "run", "--config", sender.configuration])
        #expect(second.exit == .code(1))
        #expect(second.errors.contains("send.db"))
        #expect(try await sender.child.terminate() == .code(0))
        let wrong = try await run([program, "run", "--config", sender.configuration, "--epoch", "5"])
        #expect(wrong.exit == .code(2))
        #expect(wrong.errors.contains("--epoch"))
        let none = try await run([program, "run", "--config", sender.configuration, "--epoch", "0"])
        #expect(none.exit == .code(2))
    }

    /// Publishes each topic's own name as its retained value.
    private func publishRetained(_ topics: [String], on broker: Broker) async throws {
        let settled = Lock(0)
        let connection = try Connection(
            ConnectionSettings(host: "127.0.0.1", port: broker.port),
            observer: .init(
                changed: { _ in },
                received: { batch in
                    let count = batch.settlements.count
                    settled.withLock { $0 += count }
                }))
        try connection.start()
        for topic in topics {
            try connection.publish(topic: topic, payload: Array(topic.utf8), qos: .atLeastOnce, retain: true)
        }
        #expect(await eventually(.seconds(20)) { settled.withLock { $0 } == topics.count })
        connection.stop(drain: .seconds(1))
    }
}
