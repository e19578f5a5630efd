import DiodeProtocol
import Testing

@testable import SenderOT
@testable import SenderOTCore
import Time

/// A slot as a slice tells of it, its topic aside.
struct ReadSlot: Equatable {
    var stamp: Stamp
    var version: UInt64
    var qos: QualityOfService
    var retain: Bool
    var time: UInt64
    var properties: [UInt8]
    var payload: [UInt8]
}

/// Which slot of which topic.
struct SlotName: Hashable {
    var topic: String
    var kind: SlotKind
}

/// A slice, read as a receiver does.
struct ReadSlice {
    let heading: SliceHeading
    var slots: [SlotName: ReadSlot] = [:]

    init(_ blocks: [ClosedBlock]) throws {
        var packing = BlockPacking()
        var plain: [UInt8] = []
        var content: [UInt8] = []
        for (index, block) in blocks.enumerated() {
            #expect(block.id.channel == .snapshot && block.partIndex == index && block.partCount == blocks.count)
            #expect(block.firstSequence.rawValue == 0 && block.lastSequence.rawValue == 0, "W-08")
            #expect(block.symbols[block.packedBytes...].allSatisfy { $0 == 0 }, "W-14 padding is zero")
            try packing.unpack(
                block.symbols.span.bytes.extracting(0..<block.packedBytes), flags: block.flags,
                plainBytes: block.plainBytes, into: &plain)
            try ContentParts.append(plain.span.bytes, to: &content)
        }
        var hasher = SymbolHasher()
        let slice = try SliceContent(decoding: content.span.bytes, with: &hasher)
        heading = slice.heading
        var found: [SlotName: ReadSlot] = [:]
        slice.forEachEntry { entry in
            let topic = entry.record.topic.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            found[SlotName(topic: topic, kind: entry.kind)] = ReadSlot(
                stamp: entry.stamp, version: entry.record.version.rawValue, qos: entry.record.flags.qos,
                retain: entry.record.flags.retain, time: entry.record.time.rawValue,
                properties: entry.record.properties.withUnsafeBytes { Array($0) },
                payload: entry.record.payload.withUnsafeBytes { Array($0) })
        }
        slots = found
    }
}
