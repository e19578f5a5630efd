import DiodeProtocol
import TestKit

@testable import SenderOT
@testable import SenderOTCore
@testable import SenderOTJournal

/// Which stamps each number got, read back from the sender's journal: how a number that did not arrive is found in an audit, which
/// knows stamps and nothing of payloads.
///
/// A journal on a full disk gives its oldest blocks up, so it is read before each such event and once at the end.
struct StampIndex {
    /// The newest stamp of each number as │ place in `epochs`:16 │ sequence:48 │, 0 for none; 8 bytes a number over a million of them.
    private var newest: [UInt64] = []
    /// Earlier ones, of those that were numbered more than once.
    private var earlier: [Int: [UInt64]] = [:]
    private var epochs: [Epoch] = []
    private var next: UInt64 = 1
    /// Blocks that could not be read: there must be none.
    private(set) var unreadable = 0

    /// All stamps that a number got.
    subscript(number: Int) -> [Stamp] {
        guard number < newest.count, newest[number] != 0 else { return [] }
        return ((earlier[number] ?? []) + [newest[number]]).map {
            Stamp(epoch: epochs[Int($0 >> 48)], sequence: SequenceNumber(rawValue: $0 & (1 << 48 - 1)))
        }
    }

    /// A loss of power takes blocks back, and others come in their places: all that is there is to be read again.
    mutating func startOver() { next = 1 }

    /// Reads what the journal holds and was not read before.
    mutating func read(journal path: String) throws {
        var reader = try JournalReader(path: path)
        var packing = BlockPacking()
        var plain: [UInt8] = []
        while true {
            let found = try reader.blocks(next...UInt64(Int64.max), bytes: 4 << 20)
            guard let last = found.last else { return }
            next = last.position + 1
            for block in found.map(\.block) where block.partCount == 1 {
                do throws(ContentError) {
                    try packing.unpack(
                        block.symbols.span.bytes.extracting(0..<block.packedBytes), flags: block.flags,
                        plainBytes: block.plainBytes, into: &plain)
                    try note(plain, block)
                } catch { unreadable += 1 }
            }
        }
    }

    private mutating func note(_ bytes: [UInt8], _ block: ClosedBlock) throws(ContentError) {
        let content = try LiveContent(
            decoding: bytes.span.bytes,
            sequenceCount: block.lastSequence.rawValue + 1 - block.firstSequence.rawValue)
        if epochs.last != block.id.epoch, !epochs.contains(block.id.epoch) { epochs.append(block.id.epoch) }
        let place = UInt64(epochs.lastIndex(of: block.id.epoch) ?? 0) << 48
        content.forEachItem { item, offset in
            guard case .record(let record) = item, let number = NumberedMessage.number(in: record.payload) else {
                return
            }
            note(number, place | (block.firstSequence.rawValue + offset))
        }
    }

    private mutating func note(_ number: Int, _ stamp: UInt64) {
        if number >= newest.count {
            newest.append(contentsOf: repeatElement(0, count: number + 65_536 - newest.count))
        }
        defer { newest[number] = stamp }
        guard newest[number] != 0, newest[number] != stamp else { return }
        if earlier[number]?.contains(newest[number]) != true { earlier[number, default: []].append(newest[number]) }
    }
}
