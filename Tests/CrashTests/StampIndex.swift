import DiodeProtocol
import TestKit

@testable import SenderOT

/// Which stamps a number got, read back from the sender's journal: how a number that did not arrive is found in an audit, which
/// knows stamps and nothing of payloads.
struct StampIndex {
    private(set) var stamps: [Int: [Stamp]] = [:]
    private(set) var blocks = 0
    /// Blocks that could not be read: there must be none.
    private(set) var unreadable = 0

    /// Reads a whole journal.
    /// - Parameter wanted: the numbers that are looked for.
    init(journal path: String, numbers wanted: Set<Int>) throws {
        var reader = try JournalReader(path: path)
        var packing = BlockPacking()
        var plain: [UInt8] = []
        var content: [UInt8] = []
        var next: UInt64 = 1
        while true {
            let found = try reader.blocks(next...UInt64(Int64.max), bytes: 4 << 20)
            guard let last = found.last else { return }
            next = last.position + 1
            for block in found.map(\.block) {
                blocks += 1
                do throws(ContentError) {
                    try packing.unpack(
                        block.symbols.span.bytes.extracting(0..<block.packedBytes), flags: block.flags,
                        plainBytes: block.plainBytes, into: &plain)
                    if block.partIndex == 0 { content = [] }
                    content.append(contentsOf: plain)
                    guard block.partIndex == block.partCount - 1 else { continue }
                    try note(content, block, wanted)
                } catch { unreadable += 1 }
            }
        }
    }

    private mutating func note(_ bytes: [UInt8], _ block: ClosedBlock, _ wanted: Set<Int>) throws(ContentError) {
        let content = try LiveContent(
            decoding: bytes.span.bytes,
            sequenceCount: block.lastSequence.rawValue + 1 - block.firstSequence.rawValue)
        content.forEachItem { item, offset in
            guard case .record(let record) = item, let number = NumberedMessage.number(in: record.payload),
                wanted.contains(number)
            else { return }
            let sequence = SequenceNumber(rawValue: block.firstSequence.rawValue + offset)
            stamps[number, default: []].append(Stamp(epoch: block.id.epoch, sequence: sequence))
        }
    }
}
