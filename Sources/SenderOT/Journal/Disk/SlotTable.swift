internal import DiodeProtocol
internal import SenderOTCore
internal import Storage
internal import Time

/// What the journal's row says of the slots beside their table.
struct SlotMarks: Sendable, Equatable {
    /// See `SlotBatch`.
    var forgotten: UInt64 = 0
    var newest = Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0))
    var isWhole = false
}

/// Writes the table of slots, inside the journal's transactions.
struct SlotTable: ~Copyable {
    private var replacement: Statement
    private var removal: Statement
    private var marks: Statement

    init(_ database: borrowing Database) throws(StorageError) {
        let replacement = try database.prepare("INSERT OR REPLACE INTO slots VALUES (?, ?, ?, ?, ?)")
        let removal = try database.prepare("DELETE FROM slots WHERE id = ?")
        let marks = try database.prepare(
            "UPDATE journal SET forgotten = ?, slots_epoch = ?, slots_sequence = ?, slots_whole = ?")
        self.replacement = replacement
        self.removal = removal
        self.marks = marks
    }

    /// Reads what the journal's row says of the slots.
    static func readMarks(_ database: borrowing Database) throws(StorageError) -> SlotMarks {
        var row = try database.prepare("SELECT forgotten, slots_epoch, slots_sequence, slots_whole FROM journal")
        guard try row.step() else { return SlotMarks() }
        return SlotMarks(
            forgotten: row.unsigned(0),
            newest: Stamp(
                epoch: Epoch(rawValue: row.unsigned(1)), sequence: SequenceNumber(rawValue: row.unsigned(2))),
            isWhole: row.integer(3) != 0)
    }

    mutating func write(_ batch: SlotBatch) throws(StorageError) {
        for row in batch.rows { try put(row) }
        for id in batch.removed {
            removal.bind(1, Int64(id))
            try removal.run()
        }
        marks.bind(1, unsigned: batch.forgotten)
        marks.bind(2, unsigned: batch.newest.epoch.rawValue)
        marks.bind(3, unsigned: batch.newest.sequence.rawValue)
        marks.bind(4, batch.isWhole ? 1 : 0)
        try marks.run()
    }

    private mutating func put(_ row: SlotRow) throws(StorageError) {
        replacement.bind(1, Int64(row.id))
        replacement.bind(2, blob: row.topic.span.bytes)
        replacement.bind(3, unsigned: row.version)
        replacement.bind(4, blob: row.retained.span.bytes)
        replacement.bind(5, blob: row.event.span.bytes)
        try replacement.run()
    }
}
