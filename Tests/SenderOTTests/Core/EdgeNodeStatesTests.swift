import DiodeProtocol
import Sparkplug
import TestKit
import Testing

@testable import SenderOT
import Time
@testable import SenderOTCore

/// States of Sparkplug edge nodes on their way through a whole core (ADR 0016).
struct EdgeNodeStatesTests {
    /// A payload of the schema (Sparkplug B, proto2): only what these tests need.
    private struct PlantPayload {
        var bytes: [UInt8] = []

        init(seq: UInt64, _ metrics: [(name: String?, alias: UInt64?, value: UInt64)], bdSeq: UInt64? = nil) {
            number(1, 1_700_000_000_000)
            var metrics = metrics
            if let bdSeq { metrics.append(("bdSeq", nil, bdSeq)) }
            for metric in metrics {
                var inner = PlantPayload()
                if let name = metric.name { inner.text(1, name) }
                if let alias = metric.alias { inner.number(2, alias) }
                inner.number(3, 1_700_000_000_000)
                if metric.name != nil { inner.number(4, metric.name == "bdSeq" ? 4 : 7) }
                inner.number(metric.name == "bdSeq" ? 11 : 10, metric.value)
                length(2, inner.bytes)
            }
            number(3, seq)
        }

        private init() {}

        private mutating func number(_ field: UInt8, _ value: UInt64) {
            varint(UInt64(field) << 3)
            varint(value)
        }

        private mutating func text(_ field: UInt8, _ value: String) { length(field, Array(value.utf8)) }

        private mutating func length(_ field: UInt8, _ value: [UInt8]) {
            varint(UInt64(field) << 3 | 2)
            varint(UInt64(value.count))
            bytes += value
        }

        private mutating func varint(_ value: UInt64) {
            var value = value
            while value >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
                value >>= 7
            }
            bytes.append(UInt8(value))
        }
    }

    private static let birth = "spBv1.0/g/NBIRTH/n"
    private static let state = "diode/state/spBv1.0/g/NBIRTH/n"

    private func rig(slots: consuming NamespaceSlots? = nil) throws -> CoreRig {
        let rig = try CoreRig(slots: slots) { $0.snapshotPeriod = .seconds(1) }
        rig.core.beginSnapshots(now: rig.now)
        return rig
    }

    /// The newest record of the state, and the newest slice's entry for it.
    private func told(_ rig: CoreRig) throws -> (record: ReadRecord?, slot: ReadSlot?) {
        try rig.endGulp(idle: true)
        rig.slices = []
        try rig.run(.milliseconds(2_500))
        try rig.endGulp(idle: true)
        let slots = try rig.slices.map { try ReadSlice($0.blocks).slots }
        return (
            rig.stream.records.last { $0.topic == Self.state },
            slots.last { $0.keys.contains { $0.topic == Self.state } }?
                .first { $0.key.topic == Self.state }?.value
        )
    }

    private func born(_ rig: CoreRig, value: UInt64 = 1) {
        rig.publish(
            Self.birth, PlantPayload(seq: 0, [("temperature", 5, value)], bdSeq: 3).bytes, qos: .atMostOnce)
    }

    @Test("P2 a folded state crosses as a record, and the slice behind it lists it; data fold into it")
    func crosses() throws {
        let rig = try rig()
        born(rig)
        let first = try told(rig)
        let record = try #require(first.record)
        #expect(record.flags.retain && record.flags.isReconciled)
        #expect(first.slot?.stamp.sequence.rawValue == record.sequence && first.slot?.payload == record.payload)
        rig.publish("spBv1.0/g/NDATA/n", PlantPayload(seq: 1, [(nil, 5, 77)]).bytes, qos: .atMostOnce)
        let second = try told(rig)
        #expect(second.record?.payload != record.payload)
        #expect(second.slot?.payload == second.record?.payload)
        #expect(second.record?.version == 2)
    }

    @Test("A state that has not changed is not sent again; slices go on listing it")
    func unchanged() throws {
        let rig = try rig()
        born(rig)
        _ = try told(rig)
        let records = rig.stream.records.count
        let later = try told(rig)
        #expect(rig.stream.records.count == records)
        #expect(later.slot != nil)
    }

    @Test("The state of a node that died is deleted, over a tombstone")
    func died() throws {
        let rig = try rig()
        born(rig)
        _ = try told(rig)
        rig.publish("spBv1.0/g/NDEATH/n", PlantPayload(seq: 0, [], bdSeq: 3).bytes)
        let told = try told(rig)
        #expect(told.record?.payload.isEmpty == true && told.record?.flags.retain == true)
        #expect(told.slot?.payload.isEmpty == true)
    }

    @Test("What an edge node publishes with the retain flag is an event; what a broker retains of it says nothing")
    func retained() throws {
        let rig = try rig()
        let payload = PlantPayload(seq: 0, [("temperature", 5, 1)], bdSeq: 3).bytes
        rig.publish(Self.birth, payload, qos: .atMostOnce, retain: true)
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.last?.flags.retain == false)
        let began = rig.core.beginFetch()
        #expect(rig.publishFetched(Self.birth, payload, since: began) == .known)
    }

    @Test("A fetch of the retained set, in which no state is, deletes none")
    func fetched() throws {
        let rig = try rig()
        born(rig)
        rig.publish("acme/gone", [1], retain: true)
        _ = try told(rig)
        let unseen = rig.core.unseenTopics(since: rig.core.beginFetch(), at: rig.time)
        #expect(unseen.topics.count == 1 && unseen.retained == 1)
    }

    @Test("The plant cannot write where states stand")
    func refused() throws {
        let rig = try rig()
        #expect(rig.publish(Self.state, [1], retain: true) == .filtered(.reservedForDiode))
    }

    @Test(
        "P1 after a start the states go on, and what came behind the last of them is folded: a death is not forgotten")
    func restarted() throws {
        var slots = NamespaceSlots()
        let sequence = { (number: UInt64) in
            Stamp(epoch: Epoch(rawValue: 6), sequence: SequenceNumber(rawValue: number))
        }
        func put(
            _ topic: String, _ payload: [UInt8], retain: Bool, _ stamp: Stamp, into slots: inout NamespaceSlots
        ) throws {
            let topic = Array(topic.utf8)
            let inserted = slots.insert(topic.span.bytes)
            let id = try #require(inserted)
            _ = slots.nextVersion(id, in: BlockNumber(rawValue: 1))
            let content = NamespaceSlots.Content(
                properties: RawSpan(), payload: payload.span.bytes, qos: .atLeastOnce, retain: retain)
            slots.store(content, in: id, stamp: stamp, time: UnixMilliseconds(rawValue: 1))
        }
        let birth = PlantPayload(seq: 0, [("temperature", 5, 1)], bdSeq: 3).bytes
        try put(Self.birth, birth, retain: false, sequence(1), into: &slots)
        try put(Self.state, birth, retain: true, sequence(2), into: &slots)
        let death = PlantPayload(seq: 0, [], bdSeq: 3).bytes
        try put("spBv1.0/g/NDEATH/n", death, retain: false, sequence(3), into: &slots)
        let rig = try rig(slots: slots)
        #expect(try told(rig).record?.payload.isEmpty == true)
    }

    @Test("A start asks the nodes whose state it goes on with for a birth, once in a while")
    func asks() throws {
        var slots = NamespaceSlots()
        let topic = Array(Self.state.utf8)
        let inserted = slots.insert(topic.span.bytes)
        let id = try #require(inserted)
        _ = slots.nextVersion(id, in: BlockNumber(rawValue: 1))
        let birth = PlantPayload(seq: 0, [("temperature", 5, 1)], bdSeq: 3).bytes
        slots.store(
            NamespaceSlots.Content(
                properties: RawSpan(), payload: birth.span.bytes, qos: .atLeastOnce, retain: true), in: id,
            stamp: Stamp(epoch: Epoch(rawValue: 6), sequence: SequenceNumber(rawValue: 2)),
            time: UnixMilliseconds(rawValue: 1))
        let rig = try rig(slots: slots)
        let asked = rig.core.rebirthRequests(now: rig.now, time: rig.time)
        #expect(asked.map { String(decoding: $0.topic, as: UTF8.self) } == ["spBv1.0/g/NCMD/n"])
        #expect(rig.core.rebirthRequests(now: rig.now, time: rig.time).isEmpty)
        born(rig)
        try rig.pass(.seconds(3_600))
        #expect(rig.core.rebirthRequests(now: rig.now, time: rig.time).isEmpty)
    }

    // MARK: What is no birth, and nodes that nobody hears

    @Test("An empty payload on a topic of an edge node stays at the sender, counted, and changes nothing")
    func cleared() throws {
        let rig = try rig()
        born(rig)
        let before = try told(rig).record
        for topic in ["NBIRTH/n", "NDEATH/n", "NDATA/n", "DBIRTH/n/d", "DDEATH/n/d", "DDATA/n/d"] {
            #expect(rig.publish("spBv1.0/g/\(topic)", [], retain: true) == .filtered(.cleared))
            #expect(rig.publish("spBv1.0/g/\(topic)", []) == .filtered(.cleared))
        }
        #expect(rig.core.counters.filtered[ExportPolicy.Refusal.cleared.rawValue] == 12)
        #expect(rig.core.reportEdgeNodes(now: rig.now).report.faults[.cleared] == 12)
        rig.publish("spBv1.0/g/NDATA/n", PlantPayload(seq: 1, [(nil, 5, 77)]).bytes, qos: .atMostOnce)
        let after = try told(rig).record
        #expect(after?.payload != before?.payload && after?.payload.isEmpty == false)
    }

    @Test("JSON under a topic of an edge node crosses as an ordinary message, retained values and their deletion too")
    func json() throws {
        let rig = try rig()
        let text = Array("{\"timestamp\":1,\"metrics\":[]}".utf8)
        rig.publish(Self.birth, text, retain: true)
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.last?.flags.retain == true && rig.stream.records.last?.payload == text)
        rig.publish(Self.birth, [], retain: true)
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.last?.flags.retain == true && rig.stream.records.last?.payload == [])
        #expect(rig.core.reportEdgeNodes(now: rig.now).report.nodes == 0)
        #expect(rig.publish(Self.birth, [], retain: true) == .filtered(.cleared), "nothing is retained any more")
    }

    @Test("The state of a host stays, also what clears it; anything else below STATE is the plant's")
    func hosts() throws {
        let rig = try rig()
        for payload in ["ONLINE", "OFFLINE", "{\"online\":true,\"timestamp\":1}", ""] {
            #expect(rig.publish("STATE/EMS", Array(payload.utf8), retain: true) == .filtered(.commandOrState))
        }
        rig.publish("STATE/press1", Array("21".utf8), retain: true)
        rig.publish("STATE/press1", [], retain: true)
        rig.publish("STATE/press1/temp", Array("ONLINE".utf8))
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.map(\.topic) == ["STATE/press1", "STATE/press1", "STATE/press1/temp"])
    }

    @Test(
        "P9 a plant whose broker is lost before its retained set is in is dead, too, also where no state was told yet")
    func brokerLostEarly() throws {
        let rig = try CoreRig { $0.snapshotPeriod = .seconds(1) }
        rig.core.noteBroker(isOnline: true, now: rig.now)
        born(rig)
        rig.core.noteBroker(isOnline: false, now: rig.now)
        try rig.run(.seconds(11))
        try rig.endGulp(idle: true)
        let states = rig.stream.records.filter { $0.topic == Self.state }
        #expect(states.map(\.payload) == [[]] && states.allSatisfy { $0.flags.retain && $0.flags.isReconciled })
    }

    @Test("A plant whose broker is away for too long is dead at once, and lives again as soon as it is heard")
    func brokerLost() throws {
        let rig = try rig()
        rig.core.noteBroker(isOnline: true, now: rig.now)
        born(rig)
        #expect(try told(rig).record?.payload.isEmpty == false)
        rig.core.noteBroker(isOnline: false, now: rig.now)
        let before = rig.stream.records.count
        try rig.run(.milliseconds(9_900))
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.count == before)
        try rig.run(.milliseconds(200))
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.last?.topic == Self.state && rig.stream.records.last?.payload == [])
        #expect(rig.core.takeNotices().map(\.what) == ["edge nodes presumed dead"])
        try rig.run(.seconds(60))
        rig.core.noteBroker(isOnline: true, now: rig.now)
        rig.publish("spBv1.0/g/NDATA/n", PlantPayload(seq: 1, [(nil, 5, 77)]).bytes, qos: .atMostOnce)
        try rig.run(.milliseconds(10))
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.last?.topic == Self.state && rig.stream.records.last?.payload.isEmpty == false)
    }

    @Test("A node that does not answer after the broker was away is dead; one that answers lives")
    func silent() throws {
        let rig = try rig()
        born(rig)
        _ = try told(rig)
        rig.core.noteBroker(isOnline: false, now: rig.now)
        rig.core.noteBroker(isOnline: true, now: rig.now)
        #expect(rig.core.rebirthRequests(now: rig.now, time: rig.time).count == 1)
        try rig.run(.seconds(31))
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.last?.topic == Self.state && rig.stream.records.last?.payload == [])
        born(rig)
        rig.core.noteBroker(isOnline: true, now: rig.now)
        _ = rig.core.rebirthRequests(now: rig.now, time: rig.time)
        born(rig, value: 2)
        try rig.run(.seconds(60))
        try rig.endGulp(idle: true)
        #expect(rig.core.reportEdgeNodes(now: rig.now).report.born == 1)
    }

    @Test("P8 P9 a birth above the largest record, and a node without a place, are lost by name, once, with an alarm")
    func limits() throws {
        let rig = try CoreRig {
            $0.snapshotPeriod = .seconds(1)
            $0.maximumRecordBytes = 2_000
            $0.edgeNodes.limits.nodes = 1
        }
        rig.core.beginSnapshots(now: rig.now)
        let metrics = (0..<100).map { (name: Optional("metric \($0)"), alias: Optional(UInt64($0)), value: UInt64(1)) }
        for _ in 0..<3 {
            rig.publish(Self.birth, PlantPayload(seq: 0, metrics, bdSeq: 1).bytes, qos: .atMostOnce)
            rig.publish("spBv1.0/g/NBIRTH/m", PlantPayload(seq: 0, [("a", 1, 1)], bdSeq: 1).bytes, qos: .atMostOnce)
        }
        try rig.run(.seconds(3))
        try rig.endGulp(idle: true)
        let named = rig.stream.sheds.flatMap(\.run.entries).map { ($0.topic, $0.records) }
        #expect(named.filter { $0.0 == Self.state }.map { $0.1 } == [1])
        #expect(named.filter { $0.0 == "diode/state/spBv1.0/g/NBIRTH/m" }.map { $0.1 } == [1])
        let told = rig.core.reportEdgeNodes(now: rig.now)
        #expect(told.report.limited == 2)
        #expect(told.alarm?.contains("beyond a limit") == true && told.alarm?.contains("g/m") == true)
        #expect(rig.core.takeNotices().contains { $0.what == "edge nodes beyond a limit" })
    }
}
