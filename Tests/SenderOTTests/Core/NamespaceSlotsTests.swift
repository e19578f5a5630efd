import DiodeProtocol
import TestKit
import Testing

@testable import SenderOT
import Time
@testable import SenderOTCore

@Suite struct NamespaceSlotsTests {
    private func stamp(_ sequence: UInt64) -> Stamp {
        Stamp(epoch: Epoch(rawValue: 7), sequence: SequenceNumber(rawValue: sequence))
    }

    private func insert(_ name: String, into slots: inout NamespaceSlots) -> NamespaceSlots.TopicID? {
        slots.insert(name.utf8.span.bytes)
    }

    private func find(_ name: String, in slots: borrowing NamespaceSlots) -> NamespaceSlots.TopicID? {
        slots.find(name.utf8.span.bytes)
    }

    /// What the naive model remembers of a topic.
    private struct Known {
        var version: UInt64 = 0
        var retained: (stamp: UInt64, payload: [UInt8]?)?
        var event: (stamp: UInt64, payload: [UInt8])?
    }

    @Test("D6 slots agree with a naive model over random publishes, values growing and shrinking")
    func model() async throws {
        try await withSeed { random in
            var slots = NamespaceSlots()
            var model: [String: Known] = [:]
            for sequence in 1...20_000 as ClosedRange<UInt64> {
                let name = "acme/\(Int.random(in: 0..<900, using: &random))"
                let retain = Bool.random(using: &random)
                let size = [0, 0, 10, 300, 5_000].randomElement(using: &random) ?? 0
                let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: sequence), count: size)
                let content = NamespaceSlots.Content(
                    properties: RawSpan(), payload: payload.span.bytes, qos: .atLeastOnce, retain: retain)
                let inserted = insert(name, into: &slots)
                let id = try #require(inserted)
                let found = find(name, in: slots)
                #expect(found == id)
                let version = slots.nextVersion(id, in: BlockNumber(rawValue: 1))
                slots.store(content, in: id, stamp: stamp(sequence), time: UnixMilliseconds(rawValue: sequence))
                var known = model[name] ?? Known()
                known.version += 1
                if retain {
                    known.retained = (sequence, payload.isEmpty ? nil : payload)
                } else {
                    known.event = (sequence, payload)
                }
                model[name] = known
                #expect(version.rawValue == known.version)
            }
            let count = slots.topicCount
            #expect(count == model.count)
            var bytes = 0
            for (name, known) in model {
                let topic = Array(name.utf8)
                let found = find(name, in: slots)
                let id = try #require(found)
                let (held, version, retained, event) =
                    (slots.topic(id), slots.version(id), slots.retained(id), slots.event(id))
                #expect(held == topic)
                #expect(version.rawValue == known.version)
                #expect(retained.stamp.sequence.rawValue == known.retained?.stamp ?? 0)
                let state: NamespaceSlots.Value.State =
                    known.retained.map { $0.payload == nil ? .tombstone : .held } ?? .empty
                #expect(retained.state == state)
                #expect(retained.content == known.retained?.payload ?? [])
                #expect(event.content == known.event?.payload ?? [])
                bytes += TopicTable.bytesPerTopic + topic.count + retained.content.count + event.content.count
            }
            let heldBytes = slots.heldBytes
            #expect(heldBytes == bytes)
            let none = find("acme/none", in: slots)
            #expect(none == nil)
        }
    }

    @Test("P8 the limits of topics and of bytes hold")
    func limits() throws {
        var slots = NamespaceSlots(limits: .init(topics: 3, bytes: 4 * TopicTable.bytesPerTopic))
        for name in ["a", "b", "c"] {
            let id = insert(name, into: &slots)
            #expect(id != nil)
        }
        let refused = insert("d", into: &slots)
        #expect(refused == nil)
        let known = insert("a", into: &slots)
        let id = try #require(known, "a topic that is held is found at the limit")
        let fits = [UInt8](repeating: 0, count: slots.limits.bytes - slots.heldBytes)
        let tooLarge = fits + [0]
        let content = NamespaceSlots.Content(
            properties: RawSpan(), payload: fits.span.bytes, qos: .atMostOnce, retain: true)
        let larger = NamespaceSlots.Content(
            properties: RawSpan(), payload: tooLarge.span.bytes, qos: .atMostOnce, retain: true)
        let (hasRoom, hasNone) = (slots.hasRoom(for: content, in: id), slots.hasRoom(for: larger, in: id))
        #expect(hasRoom)
        #expect(!hasNone)
        slots.store(content, in: id, stamp: stamp(1), time: UnixMilliseconds(rawValue: 1))
        let heldBytes = slots.heldBytes
        #expect(heldBytes == 4 * TopicTable.bytesPerTopic)
        let again = slots.hasRoom(for: content, in: id)
        #expect(again, "a value may be replaced by one of its size")
        var narrow = NamespaceSlots(limits: .init(topics: 10, bytes: TopicTable.bytesPerTopic + 1))
        let (longer, shorter) = (insert("ab", into: &narrow), insert("a", into: &narrow))
        #expect(longer == nil)
        #expect(shorter != nil)
    }

    @Test("P8 a row whose id no table has is written anew at a place and removed, whatever the id")
    func foreignRow() {
        for id in [-5, -1_000_000, Int.min, Int.max] {
            var slots = NamespaceSlots()
            slots.restore(id: id, topic: "acme/x".utf8.span.bytes, version: 3, retained: RawSpan(), event: RawSpan())
            let (batch, _) = slots.takeChanged(
                10, newest: Stamp(epoch: Epoch(rawValue: 1), sequence: SequenceNumber(rawValue: 0)))
            #expect(batch.rows.map(\.id) == [0], "\(id)")
            #expect(batch.removed == [id])
            let version = slots.find("acme/x".utf8.span.bytes).map { slots.version($0).rawValue }
            #expect(version == 3)
        }
    }
}
