import DiodeProtocol
import MQTT
import Testing

@testable import SenderOT
@testable import SenderOTCore
import MQTTProtocol
import Time

/// What the options of a rule do to messages: no broker, virtual time.
@Suite struct AdmissionTests {
    private func rig(_ rules: [ExportPolicy.Rule]) throws -> CoreRig {
        try CoreRig { $0.policy = ExportPolicy(rules: rules) }
    }

    private func rig(
        _ filter: String = "acme/#", interval: Duration? = nil, deadband: Deadband? = nil, most: Int? = nil,
        prefix: String = ""
    ) throws -> CoreRig {
        try rig([
            .init(
                filter: try TopicFilter(filter), interval: interval, deadband: deadband, maximumPayloadBytes: most,
                prefix: prefix)
        ])
    }

    private func stamp(_ sequence: UInt64) -> Stamp {
        Stamp(epoch: Epoch(rawValue: 7), sequence: SequenceNumber(rawValue: sequence))
    }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func payloads(_ rig: CoreRig) -> [String] {
        rig.stream.records.map { "\($0.topic)=" + String(decoding: $0.payload, as: UTF8.self) }
    }

    @Test("a payload above max_payload stays, is counted, and takes no sequence")
    func size() throws {
        let rig = try rig(most: 3)
        #expect(rig.publish("acme/a", [1, 2, 3, 4], retain: true, delivery: 1) == .filtered(.tooLarge))
        #expect(rig.core.takeSettled() == DeliveryTicket(rawValue: 1))
        #expect(rig.publish("acme/a", [1, 2, 3], retain: true) == .recorded(stamp(1)))
        #expect(rig.core.counters.filteredInAll == 1)
    }

    @Test("P2 what is retained and too large was not deleted")
    func sizeOfFetched() throws {
        let rig = try rig(most: 3)
        rig.publish("acme/a", [1], retain: true)
        let began = rig.core.beginFetch()
        #expect(rig.publishFetched("acme/a", [1, 2, 3, 4], since: began) == .filtered(.tooLarge))
        #expect(rig.core.unseenTopics(since: began, at: rig.time).topics.isEmpty)
    }

    @Test("the first rule that exports a topic decides on what terms")
    func firstRule() throws {
        let rig = try rig([
            .init(
                filter: try TopicFilter("acme/#"), exceptions: [try TopicFilter("acme/large/#")],
                maximumPayloadBytes: 1),
            .init(filter: try TopicFilter("#"), prefix: "rest"),
        ])
        #expect(rig.publish("acme/a", [1, 2]) == .filtered(.tooLarge))
        rig.publish("acme/large/a", [1, 2])
        rig.publish("b", [3])
        rig.publish("acme/a", [4])
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.map(\.topic) == ["rest/acme/large/a", "rest/b", "acme/a"])
    }

    @Test("a prefix is part of the topic on the link, deletions and fetched values included")
    func prefix() throws {
        let rig = try rig(prefix: "plant")
        rig.publish("acme/a", Self.text("1"), retain: true)
        let began = rig.core.beginFetch()
        #expect(rig.publishFetched("acme/a", Self.text("1"), since: began) == .known)
        #expect(rig.core.unseenTopics(since: began, at: rig.time).topics.isEmpty)
        rig.publish("acme/a", [], retain: true)
        try rig.endGulp(idle: true)
        #expect(Self.payloads(rig) == ["plant/acme/a=1", "plant/acme/a="])
        #expect(rig.publish("acme/" + String(repeating: "x", count: 65_525), [1]) == .filtered(.topicTooLong))
    }

    @Test(
        "a deadband compares with what was sent, so a slow drift crosses; what is no number does, too",
        arguments: [
            (["10", "10.4", "10.6", "10.2", "11.1"], ["10", "10.6", "11.1"]),
            (["10", "9.6", "9.5"], ["10", "9.5"]), (["10", "error", "10"], ["10", "error", "10"]),
            (["10", "10", "", "10"], ["10", "", "10"]),
        ])
    func deadband(published: [String], sent: [String]) throws {
        let rig = try rig(deadband: Deadband(delta: 0.5))
        for payload in published { rig.publish("acme/a", Self.text(payload), retain: true) }
        try rig.endGulp(idle: true)
        #expect(Self.payloads(rig) == sent.map { "acme/a=\($0)" })
        let filtered = rig.core.counters.filtered[ExportPolicy.Refusal.deadband.rawValue]
        #expect(filtered == UInt64(published.count - sent.count))
    }

    @Test("max_rate: the first leaves at once, of the rest the last when the interval is over, with its own time")
    func rate() throws {
        let rig = try rig(interval: .seconds(1))
        #expect(rig.publish("acme/a", Self.text("1"), delivery: 1) == .recorded(stamp(1)))
        try rig.pass(.milliseconds(100))
        #expect(rig.publish("acme/a", Self.text("2"), delivery: 2) == .held)
        #expect(rig.publish("acme/b", Self.text("1"), delivery: 3) == .recorded(stamp(2)))
        try rig.pass(.milliseconds(100))
        let time = rig.time
        #expect(rig.publish("acme/a", Self.text("3"), delivery: 4) == .held)
        try rig.run(.milliseconds(799))
        #expect(Self.payloads(rig) == ["acme/a=1", "acme/b=1"])
        try rig.run(.milliseconds(10))
        try rig.endGulp(idle: true)
        #expect(Self.payloads(rig) == ["acme/a=1", "acme/b=1", "acme/a=3"])
        #expect(rig.stream.records.last?.time == time.rawValue)
        #expect(rig.core.counters.filtered[ExportPolicy.Refusal.superseded.rawValue] == 1)
        // The interval begins anew with it, and is over when nothing comes.
        #expect(rig.publish("acme/a", Self.text("4")) == .held)
        try rig.run(.seconds(3))
        #expect(rig.publish("acme/a", Self.text("5")) == .recorded(stamp(5)))
        #expect(rig.stream.lastSequence == 4)
    }

    @Test("P3 a deletion waits for nothing and takes a waiting value with it; an event that waits goes before it")
    func deletion() throws {
        let rig = try rig(interval: .seconds(1))
        rig.publish("acme/a", Self.text("1"), retain: true)
        #expect(rig.publish("acme/a", Self.text("2"), retain: true) == .held)
        #expect(rig.publish("acme/a", Self.text("event")) == .held)
        #expect(rig.publish("acme/a", [], retain: true) == .recorded(stamp(3)))
        #expect(rig.publish("acme/a", Self.text("3"), retain: true) == .held)
        try rig.run(.seconds(3))
        try rig.endGulp(idle: true)
        #expect(Self.payloads(rig) == ["acme/a=1", "acme/a=event", "acme/a=", "acme/a=3"])
    }

    @Test("P2 a retained value and an event of one topic wait beside each other and leave in their order")
    func kinds() throws {
        let rig = try rig(interval: .seconds(1))
        rig.publish("acme/a", Self.text("0"))
        rig.publish("acme/a", Self.text("event 1"))
        rig.publish("acme/a", Self.text("value"), retain: true)
        rig.publish("acme/a", Self.text("event 2"))
        try rig.run(.seconds(2))
        try rig.endGulp(idle: true)
        #expect(Self.payloads(rig) == ["acme/a=0", "acme/a=value", "acme/a=event 2"])
        #expect(rig.stream.records.map(\.flags.retain) == [false, true, false])
    }

    @Test("what comes back to what was sent takes a waiting value's place and stays itself")
    func deadbandOverRate() throws {
        let rig = try rig(interval: .seconds(1), deadband: Deadband(delta: 1))
        rig.publish("acme/a", Self.text("10"))
        #expect(rig.publish("acme/a", Self.text("20")) == .held)
        #expect(rig.publish("acme/a", Self.text("10.5")) == .filtered(.deadband))
        try rig.run(.seconds(2))
        try rig.endGulp(idle: true)
        #expect(Self.payloads(rig) == ["acme/a=10"])
        #expect(rig.core.counters.filteredInAll == 2)
    }

    @Test("P3 a fetched value never passes one that waits and came later")
    func fetched() throws {
        let rig = try rig(interval: .seconds(1))
        rig.publish("acme/a", Self.text("1"), retain: true)
        rig.publish("acme/a", Self.text("2"), retain: true)
        let began = rig.core.beginFetch()
        // It is older than the fetch, so the fetch knows better.
        #expect(rig.publishFetched("acme/a", Self.text("3"), since: began) == .held)
        #expect(rig.core.unseenTopics(since: began, at: rig.time).topics.isEmpty)
        rig.publish("acme/a", Self.text("4"), retain: true)
        #expect(rig.publishFetched("acme/a", Self.text("3"), since: began) == .known)
        try rig.run(.seconds(2))
        try rig.endGulp(idle: true)
        #expect(Self.payloads(rig) == ["acme/a=1", "acme/a=4"])
    }

    @Test("P2 a value that waits is not shown once the broker retains nothing of its topic any more")
    func deletedMeanwhile() throws {
        let rig = try rig(interval: .seconds(1), prefix: "p")
        rig.publish("acme/a", Self.text("1"), retain: true)
        rig.publish("acme/a", Self.text("2"), retain: true)
        let began = rig.core.beginFetch()
        for topic in rig.core.unseenTopics(since: began, at: rig.time).topics {
            rig.core.deleteUnseen(topic, since: began, now: rig.now, time: rig.time)
        }
        try rig.run(.seconds(2))
        try rig.endGulp(idle: true)
        #expect(Self.payloads(rig) == ["p/acme/a=1", "p/acme/a="])
    }

    @Test("a policy that changes meanwhile decides about what waits")
    func changedPolicy() throws {
        let rig = try rig(interval: .seconds(1))
        rig.publish("acme/a", Self.text("1"))
        rig.publish("acme/b", Self.text("1"))
        rig.publish("acme/a", Self.text("2"))
        rig.publish("acme/b", Self.text("2"))
        rig.core.replacePolicy(
            ExportPolicy(rules: [.init(filter: try TopicFilter("acme/a"), interval: .seconds(1), prefix: "new")]))
        try rig.run(.seconds(2))
        try rig.endGulp(idle: true)
        #expect(Self.payloads(rig) == ["acme/a=1", "acme/b=1", "new/acme/a=2"])
    }

    @Test("a sender that stops lets go what waits")
    func stop() throws {
        let rig = try rig(interval: .seconds(60))
        rig.publish("acme/a", Self.text("1"))
        rig.publish("acme/a", Self.text("2"))
        rig.core.letGoAll(now: rig.now)
        try rig.endGulp(idle: true)
        #expect(Self.payloads(rig) == ["acme/a=1", "acme/a=2"])
    }

    @Test("Sparkplug messages count each other: only the size limit applies to them")
    func sparkplug() throws {
        let rig = try rig("#", interval: .seconds(60), deadband: Deadband(delta: 9), most: 4, prefix: "p")
        for payload in ["1", "2", "3", "large"] { rig.publish("spBv1.0/g/NDATA/n", Self.text(payload)) }
        rig.publish("spBv1.0x", Self.text("1"))
        try rig.endGulp(idle: true)
        let data = "spBv1.0/g/NDATA/n"
        #expect(Self.payloads(rig) == ["\(data)=1", "\(data)=2", "\(data)=3", "p/spBv1.0x=1"])
    }

    @Test("P2 what a narrower policy does not export any more is deleted by number, and its last events are forgotten")
    func narrowed() throws {
        let rig = try rig([.init(filter: try TopicFilter("#"))])
        for topic in ["a/x", "b/x", "c"] { rig.publish(topic, Self.text("1"), retain: true) }
        for topic in ["a/x", "b/event"] { rig.publish(topic, Self.text("event")) }
        rig.publish("c", [], retain: true)
        rig.core.replacePolicy(ExportPolicy(rules: [.init(filter: try TopicFilter("a/#"), prefix: "p")]))
        #expect(rig.core.unexported() == .init(retained: 2, events: 2))
        #expect(rig.core.endUnexported(from: 0, now: rig.now, time: rig.time) == nil)
        #expect(rig.core.unexported().isEmpty)
        try rig.endGulp(idle: true)
        #expect(Self.payloads(rig).suffix(2) == ["a/x=", "b/x="] && rig.stream.lastSequence == 8)
        #expect(rig.core.stateNow().slots == 0)
        let began = rig.core.beginFetch()
        #expect(rig.publishFetched("a/x", Self.text("1"), since: began) == .recorded(stamp(9)))
        #expect(rig.core.unexported().isEmpty)
    }

    // On disk.

    @Test("P1 the row of a waiting value is written before its delivery leaves, and removed behind its block")
    func rows() throws {
        let rig = try rig(interval: .seconds(1))
        rig.publish("acme/a", Self.text("1"), delivery: 1)
        rig.publish("acme/a", Self.text("2"), delivery: 2)
        #expect(rig.core.takeHeldPuts().map(\.key.topic) == [Self.text("acme/a")])
        rig.publish("acme/a", Self.text("3"), qos: .atMostOnce)
        #expect(rig.core.takeHeldPuts().isEmpty, "QoS 0 waits in memory alone")
        rig.publish("acme/a", Self.text("4"), delivery: 3)
        #expect(rig.core.takeHeldPuts().count == 1)
        try rig.endGulp(idle: true)
        #expect(rig.core.takeHeldRemovals().isEmpty)
        rig.now = rig.now.advanced(by: .seconds(1))
        rig.core.letGo(now: rig.now)
        #expect(rig.core.takeHeldRemovals().isEmpty, "its block is open")
        try rig.endGulp(idle: true)
        let removals = rig.core.takeHeldRemovals()
        #expect(removals.map(\.key.topic) == [Self.text("acme/a")] && removals[0].row == nil)
        #expect(Self.payloads(rig) == ["acme/a=1", "acme/a=4"])
    }

    @Test("P1 what waited when the sender was killed leaves at its next start, unless it had left")
    func restored() throws {
        let old = try rig(interval: .seconds(60))
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
        let rig = try rig(interval: .seconds(60))
        rig.publish("acme/b", Self.text("2"))
        rig.core.restore(held, now: rig.now)
        #expect(rig.core.takeHeldRemovals().isEmpty)
        try rig.pass(.zero)
        try rig.endGulp(idle: true)
        #expect(Self.payloads(rig) == ["acme/b=2", "acme/a=2"])
        #expect(Set(rig.core.takeHeldRemovals().map(\.key.topic)) == [Self.text("acme/a"), Self.text("acme/b")])
    }
}
