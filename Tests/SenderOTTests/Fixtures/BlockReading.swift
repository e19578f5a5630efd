import DiodeProtocol
import FEC
import Testing

@testable import SenderOT
@testable import SenderOTCore
import Time

/// A record as a receiver reads it.
struct ReadRecord: Equatable {
    var topic: String
    var payload: [UInt8]
    var properties: [UInt8]
    var flags: RecordFlags
    var version: UInt64
    var sequence: UInt64
    var time: UInt64
}

/// What live blocks say, read as a receiver does: parts joined, items with their sequences.
struct ReadStream {
    var records: [ReadRecord] = []
    var sheds: [(sequence: UInt64, run: ShedRun)] = []
    var unobserved: [Unobserved] = []
    var drops: [BrokerDrop] = []
    var actions: [Action] = []
    /// With the last sequence before each.
    var checkpoints: [(after: UInt64, checkpoint: Checkpoint)] = []
    var lastSequence: UInt64 = 0
    var lastBlock: UInt64 = 0
    private var parts: [UInt8] = []

    /// Checks block and sequence continuity (WIRE W-09, W-24) and reads the items.
    mutating func read(_ block: ClosedBlock) throws {
        #expect(block.id.block.rawValue == lastBlock + 1)
        lastBlock = block.id.block.rawValue
        let isContinuation = block.partIndex > 0
        #expect(block.firstSequence.rawValue == (isContinuation ? lastSequence : lastSequence + 1))
        lastSequence = block.lastSequence.rawValue
        #expect(block.symbols.count == block.shape.sourceSymbols * block.shape.symbolBytes)
        #expect(block.symbols[block.packedBytes...].allSatisfy { $0 == 0 }, "W-14 padding is zero")
        var packing = BlockPacking()
        var plain: [UInt8] = []
        try packing.unpack(
            block.symbols.span.bytes.extracting(0..<block.packedBytes), flags: block.flags,
            plainBytes: block.plainBytes, into: &plain)
        if !isContinuation { #expect(parts.isEmpty, "all parts before were there") }
        try ContentParts.append(plain.span.bytes, to: &parts)
        guard block.partIndex == block.partCount - 1 else { return }
        let content = parts
        parts = []
        let first = block.firstSequence.rawValue
        let live = try LiveContent(
            decoding: content.span.bytes, sequenceCount: block.lastSequence.rawValue + 1 - first)
        var found = ReadStream()
        live.forEachItem { item, offset in
            switch item {
            case .record(let record):
                found.records.append(
                    ReadRecord(
                        topic: record.topic.withUnsafeBytes { String(decoding: $0, as: UTF8.self) },
                        payload: record.payload.withUnsafeBytes { Array($0) },
                        properties: record.properties.withUnsafeBytes { Array($0) }, flags: record.flags,
                        version: record.version.rawValue, sequence: first + offset, time: record.time.rawValue))
            case .shedRun(let run): found.sheds.append((first + offset, run))
            case .unobserved(let interval): found.unobserved.append(interval)
            case .action(let action): found.actions.append(action)
            case .checkpoint(let checkpoint): found.checkpoints.append((first + offset - 1, checkpoint))
            case .brokerDrop(let drop): found.drops.append(drop)
            default: Issue.record("an item that the sender does not make yet")
            }
        }
        records += found.records
        sheds += found.sheds
        unobserved += found.unobserved
        drops += found.drops
        actions += found.actions
        checkpoints += found.checkpoints
    }
}
