import Crypto
import DiodeProtocol
import Testing

@testable import SenderOT

/// What a namespace holds, kept the plain way: from the records as they are read off the stream, and from slices.
struct NaiveState {
    private(set) var slots: [SlotName: ReadSlot] = [:]

    /// Applies a record, unless its slot is newer.
    mutating func apply(_ record: ReadRecord, epoch: Epoch) {
        let stamp = Stamp(epoch: epoch, sequence: SequenceNumber(rawValue: record.sequence))
        let isDeletion = record.flags.retain && record.payload.isEmpty
        let kind: SlotKind = !record.flags.retain ? .lastEvent : isDeletion ? .tombstone : .retained
        apply(
            ReadSlot(
                stamp: stamp, version: record.version, qos: record.flags.qos, retain: record.flags.retain,
                time: record.time, properties: isDeletion ? [] : record.properties, payload: record.payload),
            as: SlotName(topic: record.topic, kind: kind))
    }

    private mutating func apply(_ slot: ReadSlot, as name: SlotName) {
        // A retained value and a tombstone are two states of one slot.
        let names: [SlotKind] = name.kind == .lastEvent ? [.lastEvent] : [.retained, .tombstone]
        let held = names.compactMap { slots[SlotName(topic: name.topic, kind: $0)]?.stamp }.max()
        if let held, held >= slot.stamp { return }
        for kind in names { slots[SlotName(topic: name.topic, kind: kind)] = nil }
        slots[name] = slot
    }

    /// Applies a slice: what it lists, and the absence of what it does not list (ADR 0013).
    mutating func apply(_ slice: ReadSlice) {
        for (name, slot) in slice.slots { apply(slot, as: name) }
        slots = slots.filter { name, slot in
            let hash = NaiveState.hash(name.topic)
            let isInside = slice.heading.from <= hash && hash <= slice.heading.to
            return !isInside || slice.slots[name] != nil || slot.stamp > slice.heading.capture
        }
    }

    /// The digest, from nothing (W-37).
    var digest: Digest32 {
        var hasher = SymbolHasher()
        var digest = StateDigest()
        for (name, slot) in slots where name.kind != .tombstone {
            let topic = Array(name.topic.utf8)
            digest.add(
                hasher.slot(
                    name.kind, topic: topic.span.bytes, stamp: slot.stamp, qos: slot.qos,
                    properties: slot.properties.span.bytes, payload: slot.payload.span.bytes))
        }
        return digest.sum
    }

    var topics: Set<String> { Set(slots.keys.map(\.topic)) }
    var heldSlots: Int { slots.keys.count { $0.kind != .tombstone } }

    static func hash(_ topic: String) -> TopicHash {
        TopicHash(rawValue: SHA256Hasher.hash(topic.utf8.span.bytes).first)
    }
}

/// Expects that slices are one whole round: a chain of intervals from the first hash to the last.
func expectRound(_ slices: [ReadSlice]) {
    #expect(slices.first?.heading.from.rawValue == 0)
    #expect(slices.last?.heading.to.rawValue == .max)
    #expect(slices.map(\.heading.isLast) == slices.map { $0.heading.to.rawValue == .max })
    #expect(slices.map(\.heading.slice) == Array(0..<UInt64(slices.count)))
    for (one, next) in zip(slices, slices.dropFirst()) {
        #expect(next.heading.from.rawValue == one.heading.to.rawValue + 1)
        #expect(next.heading.round == one.heading.round)
    }
}
