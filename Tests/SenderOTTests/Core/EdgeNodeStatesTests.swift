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
        var rig = try CoreRig(slots: slots) { $0.snapshotPeriod = .seconds(1) }
        rig.core.beginSnapshots(now: rig.now)
        return rig
    }

    /// The newest record of the state, and the newest slice's entry for it.
    private func told(_ rig: inout CoreRig) throws -> (record: ReadRecord?, slot: ReadSlot?) {
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

    private func born(_ rig: inout CoreRig, value: UInt64 = 1) {
        rig.publish(
            Self.birth, PlantPayload(seq: 0, [("temperature", 5, value)], bdSeq: 3).bytes, qos: .atMostOnce)
    }

    @Test("P2 a folded state crosses as a record, and the slice behind it lists it; data fold into it")
    func crosses() throws {
        var rig = try rig()
        born(&rig)
        let first = try told(&rig)
        let record = try #require(first.record)
        #expect(record.flags.retain && record.flags.isReconciled)
        #expect(first.slot?.stamp.sequence.rawValue == record.sequence && first.slot?.payload == record.payload)
        rig.publish("spBv1.0/g/NDATA/n", PlantPayload(seq: 1, [(nil, 5, 77)]).bytes, qos: .atMostOnce)
        let second = try told(&rig)
        #expect(second.record?.payload != record.payload)
        #expect(second.slot?.payload == second.record?.payload)
        #expect(second.record?.version == 2)
    }

    @Test("A state that has not changed is not sent again; slices go on listing it")
    func unchanged() throws {
        var rig = try rig()
        born(&rig)
        _ = try told(&rig)
        let records = rig.stream.records.count
        let later = try told(&rig)
        #expect(rig.stream.records.count == records)
        #expect(later.slot != nil)
    }

    @Test("The state of a node that died is deleted, over a tombstone")
    func died() throws {
        var rig = try rig()
        born(&rig)
        _ = try told(&rig)
        rig.publish("spBv1.0/g/NDEATH/n", PlantPayload(seq: 0, [], bdSeq: 3).bytes)
        let told = try told(&rig)
        #expect(told.record?.payload.isEmpty == true && told.record?.flags.retain == true)
        #expect(told.slot?.payload.isEmpty == true)
    }

    @Test("What an edge node publishes with the retain flag is an event; what a broker retains of it says nothing")
    func retained() throws {
        var rig = try rig()
        let payload = PlantPayload(seq: 0, [("temperature", 5, 1)], bdSeq: 3).bytes
        rig.publish(Self.birth, payload, qos: .atMostOnce, retain: true)
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.last?.flags.retain == false)
        let began = rig.core.beginFetch()
        #expect(rig.publishFetched(Self.birth, payload, since: began) == .known)
    }

    @Test("A fetch of the retained set, in which no state is, deletes none")
    func fetched() throws {
        var rig = try rig()
        born(&rig)
        rig.publish("acme/gone", [1], retain: true)
        _ = try told(&rig)
        let unseen = rig.core.unseenTopics(since: rig.core.beginFetch(), at: rig.time)
        #expect(unseen.topics.count == 1 && unseen.retained == 1)
    }

    @Test("The plant cannot write where states stand")
    func refused() throws {
        var rig = try rig()
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
        var rig = try rig(slots: slots)
        #expect(try told(&rig).record?.payload.isEmpty == true)
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
        var rig = try rig(slots: slots)
        let asked = rig.core.rebirthRequests(now: rig.now, time: rig.time)
        #expect(asked.map { String(decoding: $0.topic, as: UTF8.self) } == ["spBv1.0/g/NCMD/n"])
        #expect(rig.core.rebirthRequests(now: rig.now, time: rig.time).isEmpty)
        born(&rig)
        try rig.pass(.seconds(3_600))
        #expect(rig.core.rebirthRequests(now: rig.now, time: rig.time).isEmpty)
    }
}
