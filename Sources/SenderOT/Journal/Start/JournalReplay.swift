internal import DiodeProtocol
package import SenderOTCore
internal import Storage

/// Brings back what a sender knew when it ended: the last known values, and the deliveries in doubt.
///
/// ```text
/// slots (table)  ─▶ NamespaceSlots ◀─ records of the blocks behind `replayFrom`
/// packets of the blocks behind `released` ─▶ RestoredDeliveries
/// held   (table)  ─▶ what waited for the rate of its rule
/// ```
///
/// The table of slots may be newer than the block that the replay begins with; stamps say so, and what is older changes nothing.
package struct JournalReplay: ~Copyable {
    /// What was brought back.
    package struct Found: ~Copyable {
        var slots: NamespaceSlots
        package var deliveries = RestoredDeliveries()
        package var held: [RestoredHeldValue] = []
        /// The slots are the whole state: an earlier lifetime had found all of it.
        package var isWhole = false

        package consuming func takeSlots() -> NamespaceSlots { slots }
    }

    private static let readBytes = 4 << 20

    private var packing = BlockPacking()
    private var opener = BlockOpener()
    private var plain: [UInt8] = []
    /// The parts, so far, of a content that spans blocks.
    private var parts: [UInt8] = []
    private var found: Found
    private var slotMarks = SlotMarks()
    /// Blocks that could not be read; their records are known to the receiver, but not to the slots.
    private(set) var unreadable = 0

    init(limits: NamespaceSlots.Limits) { found = Found(slots: NamespaceSlots(limits: limits)) }

    /// Moves out what was brought back; this is the end of the replay.
    consuming func takeFound() -> Found { found }

    /// Reads the table and then the blocks behind it.
    mutating func run(_ database: borrowing Database, marks: JournalMarks) throws(StorageError) {
        slotMarks = try SlotTable.readMarks(database)
        found.slots.countUnnamed(slotMarks.forgotten)
        found.isWhole = slotMarks.isWhole
        var rows = try database.prepare("SELECT id, topic, version, retained, event FROM slots ORDER BY id")
        while try rows.step() {
            found.slots.restore(
                id: Int(rows.integer(0)), topic: rows.blob(1), version: rows.unsigned(2), retained: rows.blob(3),
                event: rows.blob(4))
        }
        rows.reset()
        found.held = try HeldTable.read(database)
        var newest = try database.prepare("SELECT ifnull(max(position), 0) FROM blocks")
        _ = try newest.step()
        let last = newest.unsigned(0)
        newest.reset()
        opener = BlockOpener(own: try SealTable.read(database))
        var next = min(marks.replayFrom, marks.released + 1)
        var reader = try JournalReader(path: database.path)
        while next <= last {
            let blocks = try reader.blocks(next...last, bytes: Self.readBytes)
            guard let end = blocks.last?.position else { return }
            for each in blocks { replay(each, marks) }
            next = end + 1
        }
    }

    private static func stamp(_ block: ClosedBlock, _ sequence: UInt64) -> Stamp {
        Stamp(epoch: block.id.epoch, sequence: SequenceNumber(rawValue: sequence))
    }

    private mutating func replay(_ journalled: JournalledBlock, _ marks: JournalMarks) {
        let block = journalled.block
        let packets = journalled.position > marks.released ? block.packets.packetsByOffset : [:]
        do throws(ContentError) {
            try packing.unpack(
                block.symbols.span.bytes.extracting(0..<block.packedBytes), flags: block.flags,
                plainBytes: block.plainBytes, context: block.sealedContext, opener: &opener, into: &plain)
            if block.partIndex == 0 { parts = [] }
            parts.append(contentsOf: plain)
            guard block.partIndex == block.partCount - 1 else { return }
            var parts: [UInt8] = []
            swap(&parts, &self.parts)
            let content = try LiveContent(
                decoding: parts.span.bytes,
                sequenceCount: block.lastSequence.rawValue + 1 - block.firstSequence.rawValue)
            // Before that the table has it all; what was forgotten since must not come back.
            let isNews = journalled.position >= marks.replayFrom
            content.forEachItem { item, offset in
                let sequence = block.firstSequence.rawValue + offset
                switch item {
                case .record(let record):
                    if isNews { found.slots.replay(record, stamp: Self.stamp(block, sequence)) }
                    guard let packet = packets[offset] else { return }
                    found.deliveries.note(packet: packet, topic: record.topic, payload: record.payload)
                case .shedRun(let run):
                    guard isNews else { return }
                    let last = Self.stamp(block, sequence + run.records - 1)
                    found.slots.replay(run, last: last, counted: slotMarks.newest)
                default: break
                }
            }
        } catch { unreadable += 1 }
    }
}
