internal import DiodeProtocol
internal import Storage

/// Brings back what a sender knew when it ended: the last known values, and the deliveries in doubt.
///
/// ```text
/// slots (table)  ─▶ NamespaceSlots ◀─ records of the blocks behind `replayFrom`
/// packets of the blocks behind `released` ─▶ RestoredDeliveries
/// ```
///
/// The table of slots may be newer than the block that the replay begins with; stamps say so, and what is older changes nothing.
struct JournalReplay: ~Copyable {
    /// What was brought back.
    struct Found: ~Copyable {
        var slots: NamespaceSlots
        var deliveries = RestoredDeliveries()

        consuming func takeSlots() -> NamespaceSlots { slots }
    }

    private static let readBytes = 4 << 20

    private var packing = BlockPacking()
    private var plain: [UInt8] = []
    /// The parts, so far, of a content that spans blocks.
    private var parts: [UInt8] = []
    private var found: Found
    /// Blocks that could not be read; their records are known to the receiver, but not to the slots.
    private(set) var unreadable = 0

    init(limits: NamespaceSlots.Limits) { found = Found(slots: NamespaceSlots(limits: limits)) }

    /// Moves out what was brought back; this is the end of the replay.
    consuming func takeFound() -> Found { found }

    /// Reads the table and then the blocks behind it.
    mutating func run(_ database: borrowing Database, marks: JournalMarks) throws(StorageError) {
        var rows = try database.prepare("SELECT id, topic, version, retained, event FROM slots ORDER BY id")
        while try rows.step() {
            found.slots.restore(
                topic: rows.blob(1), version: rows.unsigned(2), retained: rows.blob(3), event: rows.blob(4))
        }
        var newest = try database.prepare("SELECT ifnull(max(position), 0) FROM blocks")
        _ = try newest.step()
        let last = newest.unsigned(0)
        newest.reset()
        var next = min(marks.replayFrom, marks.released + 1)
        var reader = try JournalReader(path: database.path)
        while next <= last {
            let blocks = try reader.blocks(next...last, bytes: Self.readBytes)
            guard let end = blocks.last?.position else { return }
            for each in blocks { take(each, marks) }
            next = end + 1
        }
    }

    private mutating func take(_ journalled: JournalledBlock, _ marks: JournalMarks) {
        let block = journalled.block
        let packets = journalled.position > marks.released ? block.packets.packetsByOffset : [:]
        do throws(ContentError) {
            try packing.unpack(
                block.symbols.span.bytes.extracting(0..<block.packedBytes), flags: block.flags,
                plainBytes: block.plainBytes, into: &plain)
            if block.partIndex == 0 { parts = [] }
            parts.append(contentsOf: plain)
            guard block.partIndex == block.partCount - 1 else { return }
            var parts: [UInt8] = []
            swap(&parts, &self.parts)
            let content = try LiveContent(
                decoding: parts.span.bytes,
                sequenceCount: block.lastSequence.rawValue + 1 - block.firstSequence.rawValue)
            content.forEachItem { item, offset in
                guard case .record(let record) = item else { return }
                let sequence = SequenceNumber(rawValue: block.firstSequence.rawValue + offset)
                found.slots.replay(record, stamp: Stamp(epoch: block.id.epoch, sequence: sequence))
                guard let packet = packets[offset] else { return }
                found.deliveries.note(packet: packet, topic: record.topic, payload: record.payload)
            }
        } catch { unreadable += 1 }
    }
}
