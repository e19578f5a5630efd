internal import DiodeProtocol
internal import Storage
internal import Time

/// A topic's slots as they are kept on disk. Values are encoded by `NamespaceSlots.Value`.
struct SlotRow: Sendable {
    var id: Int
    var topic: [UInt8]
    var version: UInt64
    var retained: [UInt8]
    var event: [UInt8]
}

/// Topics whose slots changed, and which blocks of this epoch that concerns.
struct SlotBatch: Sendable {
    var rows: [SlotRow] = []
    /// Ids whose topics were forgotten.
    var removed: [Int] = []
    /// What the rows that are on disk after this say no more: versions forgotten, and records without a topic.
    var forgotten: UInt64 = 0
    /// The stamp given last: what was shed without a topic up to there is in `forgotten`.
    var newest = Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0))
    /// The slots are the whole state, not only what was found of it so far.
    var isWhole = false
    /// The rows speak of blocks up to this one, so it has to be written before them, or with them.
    var through = BlockNumber(rawValue: 0)
    /// Changes of this and later blocks are in no row yet; nil if changes from before this epoch are among them.
    var replayFrom: BlockNumber?

    var isEmpty: Bool { rows.isEmpty && removed.isEmpty }
}

extension NamespaceSlots.Value {
    private static let headerBytes = 38

    /// The value as the table holds it; nothing for an empty one.
    ///
    /// ```text
    /// │ state (1) │ QoS (1) │ bytes of properties (4) │ epoch (8) │ sequence (8) │ version (8) │ time (8) │ properties, payload │
    /// ```
    var encoded: [UInt8] {
        guard state != .empty else { return [] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerBytes + content.count)
        bytes.append(state.rawValue)
        bytes.append(qos.rawValue)
        Self.append(UInt32(propertiesBytes), to: &bytes)
        for word in [stamp.epoch.rawValue, stamp.sequence.rawValue, version.rawValue, time.rawValue] {
            Self.append(word, to: &bytes)
        }
        bytes.append(contentsOf: content)
        return bytes
    }

    /// What cannot be read is an empty value: the journal or the broker has it again.
    init(encoded bytes: RawSpan) {
        self.init()
        guard bytes.byteCount >= Self.headerBytes, let state = State(rawValue: Self.number(bytes, 0)),
            let qos = QualityOfService(rawValue: Self.number(bytes, 1))
        else { return }
        let properties = Int(Self.number(bytes, 2) as UInt32)
        guard properties <= bytes.byteCount - Self.headerBytes else { return }
        set(
            state: state, qos: qos, propertiesBytes: properties,
            stamp: Stamp(
                epoch: Epoch(rawValue: Self.number(bytes, 6)),
                sequence: SequenceNumber(rawValue: Self.number(bytes, 14))),
            version: TopicVersion(rawValue: Self.number(bytes, 22)),
            time: UnixMilliseconds(rawValue: Self.number(bytes, 30)),
            content: bytes.extracting(Self.headerBytes..<bytes.byteCount).withUnsafeBytes { Array($0) })
    }

    private static func append(_ value: some FixedWidthInteger & UnsignedInteger, to bytes: inout [UInt8]) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    private static func number<Number: FixedWidthInteger & UnsignedInteger>(_ bytes: RawSpan, _ offset: Int) -> Number {
        var value: Number = 0
        for index in 0..<MemoryLayout<Number>.size {
            // One byte numbers are shifted out entirely by what the compiler calls an overshift: that is 0.
            value = value << 8 | Number(bytes.unsafeLoad(fromByteOffset: offset + index, as: UInt8.self))
        }
        return value
    }
}

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
