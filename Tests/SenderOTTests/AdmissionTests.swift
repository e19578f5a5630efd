import DiodeProtocol
import MQTT
import Testing

@testable import SenderOT
import Time

/// What the options of a rule do to messages: no broker, virtual time.
@Suite struct AdmissionTests {
    private func bench(_ rules: [ExportPolicy.Rule]) throws -> CoreBench {
        try CoreBench { $0.policy = ExportPolicy(rules: rules) }
    }

    private func bench(
        _ filter: String = "acme/#", interval: Duration? = nil, deadband: Deadband? = nil, most: Int? = nil,
        prefix: String = ""
    ) throws -> CoreBench {
        try bench([
            .init(
                filter: try TopicFilter(filter), interval: interval, deadband: deadband, maximumPayloadBytes: most,
                prefix: prefix)
        ])
    }

    private func stamp(_ sequence: UInt64) -> Stamp {
        Stamp(epoch: Epoch(rawValue: 7), sequence: SequenceNumber(rawValue: sequence))
    }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func payloads(_ bench: borrowing CoreBench) -> [String] {
        bench.stream.records.map { "\($0.topic)=" + String(decoding: $0.payload, as: UTF8.self) }
    }

    @Test("a payload above max_payload stays, is counted, and takes no sequence")
    func size() throws {
        var bench = try bench(most: 3)
        #expect(bench.publish("acme/a", [1, 2, 3, 4], retain: true, delivery: 1) == .filtered(.tooLarge))
        #expect(bench.core.takeSettled() == DeliveryTicket(rawValue: 1))
        #expect(bench.publish("acme/a", [1, 2, 3], retain: true) == .taken(stamp(1)))
        #expect(bench.core.counters.filteredInAll == 1)
    }

    @Test("P2 what is retained and too large was not deleted")
    func sizeOfFetched() throws {
        var bench = try bench(most: 3)
        bench.publish("acme/a", [1], retain: true)
        let began = bench.core.beginFetch()
        #expect(bench.publishFetched("acme/a", [1, 2, 3, 4], since: began) == .filtered(.tooLarge))
        #expect(bench.core.unseenTopics(since: began).topics.isEmpty)
    }

    @Test("the first rule that exports a topic decides on what terms")
    func firstRule() throws {
        var bench = try bench([
            .init(
                filter: try TopicFilter("acme/#"), exceptions: [try TopicFilter("acme/large/#")],
                maximumPayloadBytes: 1),
            .init(filter: try TopicFilter("#"), prefix: "rest"),
        ])
        #expect(bench.publish("acme/a", [1, 2]) == .filtered(.tooLarge))
        bench.publish("acme/large/a", [1, 2])
        bench.publish("b", [3])
        bench.publish("acme/a", [4])
        try bench.endGulp(idle: true)
        #expect(bench.stream.records.map(\.topic) == ["rest/acme/large/a", "rest/b", "acme/a"])
    }

    @Test("a prefix is part of the topic on the link, deletions and fetched values included")
    func prefix() throws {
        var bench = try bench(prefix: "plant")
        bench.publish("acme/a", Self.text("1"), retain: true)
        let began = bench.core.beginFetch()
        #expect(bench.publishFetched("acme/a", Self.text("1"), since: began) == .known)
        #expect(bench.core.unseenTopics(since: began).topics.isEmpty)
        bench.publish("acme/a", [], retain: true)
        try bench.endGulp(idle: true)
        #expect(Self.payloads(bench) == ["plant/acme/a=1", "plant/acme/a="])
        #expect(bench.publish("acme/" + String(repeating: "x", count: 65_525), [1]) == .filtered(.topicTooLong))
    }

    @Test(
        "a deadband compares with what was sent, so a slow drift crosses; what is no number does, too",
        arguments: [
            (["10", "10.4", "10.6", "10.2", "11.1"], ["10", "10.6", "11.1"]),
            (["10", "9.6", "9.5"], ["10", "9.5"]), (["10", "error", "10"], ["10", "error", "10"]),
            (["10", "10", "", "10"], ["10", "", "10"]),
        ])
    func deadband(published: [String], sent: [String]) throws {
        var bench = try bench(deadband: Deadband(delta: 0.5))
        for payload in published { bench.publish("acme/a", Self.text(payload), retain: true) }
        try bench.endGulp(idle: true)
        #expect(Self.payloads(bench) == sent.map { "acme/a=\($0)" })
        let filtered = bench.core.counters.filtered[ExportPolicy.Refusal.deadband.rawValue]
        #expect(filtered == UInt64(published.count - sent.count))
    }

    @Test("max_rate: the first leaves at once, of the rest the last when the interval is over, with its own time")
    func rate() throws {
        var bench = try bench(interval: .seconds(1))
        #expect(bench.publish("acme/a", Self.text("1"), delivery: 1) == .taken(stamp(1)))
        try bench.pass(.milliseconds(100))
        #expect(bench.publish("acme/a", Self.text("2"), delivery: 2) == .held)
        #expect(bench.publish("acme/b", Self.text("1"), delivery: 3) == .taken(stamp(2)))
        try bench.pass(.milliseconds(100))
        let time = bench.time
        #expect(bench.publish("acme/a", Self.text("3"), delivery: 4) == .held)
        try bench.run(.milliseconds(799))
        #expect(Self.payloads(bench) == ["acme/a=1", "acme/b=1"])
        try bench.run(.milliseconds(10))
        try bench.endGulp(idle: true)
        #expect(Self.payloads(bench) == ["acme/a=1", "acme/b=1", "acme/a=3"])
        #expect(bench.stream.records.last?.time == time.rawValue)
        #expect(bench.core.counters.filtered[ExportPolicy.Refusal.superseded.rawValue] == 1)
        // The interval begins anew with it, and is over when nothing comes.
        #expect(bench.publish("acme/a", Self.text("4")) == .held)
        try bench.run(.seconds(3))
        #expect(bench.publish("acme/a", Self.text("5")) == .taken(stamp(5)))
        #expect(bench.stream.lastSequence == 4)
    }

    @Test("P3 a deletion waits for nothing and takes a waiting value with it; an event that waits goes before it")
    func deletion() throws {
        var bench = try bench(interval: .seconds(1))
        bench.publish("acme/a", Self.text("1"), retain: true)
        #expect(bench.publish("acme/a", Self.text("2"), retain: true) == .held)
        #expect(bench.publish("acme/a", Self.text("event")) == .held)
        #expect(bench.publish("acme/a", [], retain: true) == .taken(stamp(3)))
        #expect(bench.publish("acme/a", Self.text("3"), retain: true) == .held)
        try bench.run(.seconds(3))
        try bench.endGulp(idle: true)
        #expect(Self.payloads(bench) == ["acme/a=1", "acme/a=event", "acme/a=", "acme/a=3"])
    }

    @Test("P2 a retained value and an event of one topic wait beside each other and leave in their order")
    func kinds() throws {
        var bench = try bench(interval: .seconds(1))
        bench.publish("acme/a", Self.text("0"))
        bench.publish("acme/a", Self.text("event 1"))
        bench.publish("acme/a", Self.text("value"), retain: true)
        bench.publish("acme/a", Self.text("event 2"))
        try bench.run(.seconds(2))
        try bench.endGulp(idle: true)
        #expect(Self.payloads(bench) == ["acme/a=0", "acme/a=value", "acme/a=event 2"])
        #expect(bench.stream.records.map(\.flags.retain) == [false, true, false])
    }

    @Test("what comes back to what was sent takes a waiting value's place and stays itself")
    func deadbandOverRate() throws {
        var bench = try bench(interval: .seconds(1), deadband: Deadband(delta: 1))
        bench.publish("acme/a", Self.text("10"))
        #expect(bench.publish("acme/a", Self.text("20")) == .held)
        #expect(bench.publish("acme/a", Self.text("10.5")) == .filtered(.deadband))
        try bench.run(.seconds(2))
        try bench.endGulp(idle: true)
        #expect(Self.payloads(bench) == ["acme/a=10"])
        #expect(bench.core.counters.filteredInAll == 2)
    }

    @Test("P3 a fetched value never passes one that waits and came later")
    func fetched() throws {
        var bench = try bench(interval: .seconds(1))
        bench.publish("acme/a", Self.text("1"), retain: true)
        bench.publish("acme/a", Self.text("2"), retain: true)
        let began = bench.core.beginFetch()
        // It is older than the fetch, so the fetch knows better.
        #expect(bench.publishFetched("acme/a", Self.text("3"), since: began) == .held)
        #expect(bench.core.unseenTopics(since: began).topics.isEmpty)
        bench.publish("acme/a", Self.text("4"), retain: true)
        #expect(bench.publishFetched("acme/a", Self.text("3"), since: began) == .known)
        try bench.run(.seconds(2))
        try bench.endGulp(idle: true)
        #expect(Self.payloads(bench) == ["acme/a=1", "acme/a=4"])
    }

    @Test("P2 a value that waits is not shown once the broker retains nothing of its topic any more")
    func deletedMeanwhile() throws {
        var bench = try bench(interval: .seconds(1), prefix: "p")
        bench.publish("acme/a", Self.text("1"), retain: true)
        bench.publish("acme/a", Self.text("2"), retain: true)
        let began = bench.core.beginFetch()
        for topic in bench.core.unseenTopics(since: began).topics {
            bench.core.deleteUnseen(topic, since: began, now: bench.now, time: bench.time)
        }
        try bench.run(.seconds(2))
        try bench.endGulp(idle: true)
        #expect(Self.payloads(bench) == ["p/acme/a=1", "p/acme/a="])
    }

    @Test("a policy that changes meanwhile decides about what waits")
    func changedPolicy() throws {
        var bench = try bench(interval: .seconds(1))
        bench.publish("acme/a", Self.text("1"))
        bench.publish("acme/b", Self.text("1"))
        bench.publish("acme/a", Self.text("2"))
        bench.publish("acme/b", Self.text("2"))
        bench.core.replacePolicy(
            ExportPolicy(rules: [.init(filter: try TopicFilter("acme/a"), interval: .seconds(1), prefix: "new")]))
        try bench.run(.seconds(2))
        try bench.endGulp(idle: true)
        #expect(Self.payloads(bench) == ["acme/a=1", "acme/b=1", "new/acme/a=2"])
    }

    @Test("a sender that stops lets go what waits")
    func stop() throws {
        var bench = try bench(interval: .seconds(60))
        bench.publish("acme/a", Self.text("1"))
        bench.publish("acme/a", Self.text("2"))
        bench.core.letGoAll(now: bench.now)
        try bench.endGulp(idle: true)
        #expect(Self.payloads(bench) == ["acme/a=1", "acme/a=2"])
    }

    @Test("Sparkplug messages count each other: only the size limit applies to them")
    func sparkplug() throws {
        var bench = try bench("#", interval: .seconds(60), deadband: Deadband(delta: 9), most: 4, prefix: "p")
        for payload in ["1", "2", "3", "large"] { bench.publish("spBv1.0/g/NDATA/n", Self.text(payload)) }
        bench.publish("spBv1.0x", Self.text("1"))
        try bench.endGulp(idle: true)
        let data = "spBv1.0/g/NDATA/n"
        #expect(Self.payloads(bench) == ["\(data)=1", "\(data)=2", "\(data)=3", "p/spBv1.0x=1"])
    }

    @Test("P2 what a narrower policy does not export any more is deleted by number, and its last events are forgotten")
    func narrowed() throws {
        var bench = try bench([.init(filter: try TopicFilter("#"))])
        for topic in ["a/x", "b/x", "c"] { bench.publish(topic, Self.text("1"), retain: true) }
        for topic in ["a/x", "b/event"] { bench.publish(topic, Self.text("event")) }
        bench.publish("c", [], retain: true)
        bench.core.replacePolicy(ExportPolicy(rules: [.init(filter: try TopicFilter("a/#"), prefix: "p")]))
        #expect(bench.core.unexported() == .init(retained: 2, events: 2))
        #expect(bench.core.endUnexported(from: 0, now: bench.now, time: bench.time) == nil)
        #expect(bench.core.unexported().isEmpty)
        try bench.endGulp(idle: true)
        #expect(Self.payloads(bench).suffix(2) == ["a/x=", "b/x="] && bench.stream.lastSequence == 8)
        #expect(bench.core.stateNow().slots == 0)
        let began = bench.core.beginFetch()
        #expect(bench.publishFetched("a/x", Self.text("1"), since: began) == .taken(stamp(9)))
        #expect(bench.core.unexported().isEmpty)
    }

    // On disk.

    @Test("P1 the row of a waiting value is written before its delivery leaves, and removed behind its block")
    func rows() throws {
        var bench = try bench(interval: .seconds(1))
        bench.publish("acme/a", Self.text("1"), delivery: 1)
        bench.publish("acme/a", Self.text("2"), delivery: 2)
        #expect(bench.core.takeHeldPuts().map(\.key.topic) == [Self.text("acme/a")])
        bench.publish("acme/a", Self.text("3"), qos: .atMostOnce)
        #expect(bench.core.takeHeldPuts().isEmpty, "QoS 0 waits in memory alone")
        bench.publish("acme/a", Self.text("4"), delivery: 3)
        #expect(bench.core.takeHeldPuts().count == 1)
        try bench.endGulp(idle: true)
        #expect(bench.core.takeHeldRemovals().isEmpty)
        bench.now = bench.now.advanced(by: .seconds(1))
        bench.core.letGo(now: bench.now)
        #expect(bench.core.takeHeldRemovals().isEmpty, "its block is open")
        try bench.endGulp(idle: true)
        let removals = bench.core.takeHeldRemovals()
        #expect(removals.map(\.key.topic) == [Self.text("acme/a")] && removals[0].row == nil)
        #expect(Self.payloads(bench) == ["acme/a=1", "acme/a=4"])
    }

    @Test("P1 what waited when the sender was killed leaves at its next start, unless it had left")
    func restored() throws {
        var old = try bench(interval: .seconds(60))
        for topic in ["acme/a", "acme/b"] {
            old.publish(topic, Self.text("1"), delivery: 1)
            old.publish(topic, Self.text("2"), delivery: 2)
        }
        let held = try old.core.takeHeldPuts().map { change in
            let row = try #require(change.row)
            return RestoredHeldValue(
                topic: change.key.topic,
                value: HeldValue(NamespaceSlots.Value(encoded: row.span.bytes), retain: change.key.retain))
        }
        var bench = try bench(interval: .seconds(60))
        bench.publish("acme/b", Self.text("2"))
        bench.core.restore(held, now: bench.now)
        #expect(bench.core.takeHeldRemovals().isEmpty)
        try bench.pass(.zero)
        try bench.endGulp(idle: true)
        #expect(Self.payloads(bench) == ["acme/b=2", "acme/a=2"])
        #expect(Set(bench.core.takeHeldRemovals().map(\.key.topic)) == [Self.text("acme/a"), Self.text("acme/b")])
    }
}
