internal import DiodeProtocol
internal import SenderOTCore
internal import Storage
internal import Time

/// A block of the journal with its place in it.
struct JournalledBlock: Sendable {
    let position: UInt64
    let block: ClosedBlock
}

/// Reads blocks back, on a connection of its own: beside the thread that writes them.
struct JournalReader: ~Copyable {
    private let database: Database
    private var selection: Statement

    /// - Parameter path: of a database that the journal has opened already.
    init(path: String) throws(StorageError) {
        let opened = try Database(path: path, schema: SenderDatabase.schema, access: .readOnly)
        selection = try opened.prepare(
            """
            SELECT b.position, b.epoch, b.block, b.first_sequence, b.last_sequence, b.flags, b.part, b.parts, b.plain_bytes, b.source_symbols,
                b.symbol_bytes, b.symbols, b.closed_at, b.packets, b.content, e.incarnation, b.salt
            FROM blocks AS b JOIN epochs AS e ON e.epoch = b.epoch
            WHERE position BETWEEN ? AND ? ORDER BY position
            """)
        database = opened
    }

    /// The blocks of a range of positions, from the lowest on, until they have so many bytes; at least one, if one is left.
    /// - Throws: what the database refuses; `corrupt` for a row that no sender has written.
    mutating func blocks(_ range: ClosedRange<UInt64>, bytes limit: Int) throws(StorageError) -> [JournalledBlock] {
        selection.bind(1, unsigned: range.lowerBound)
        selection.bind(2, unsigned: range.upperBound)
        defer { selection.reset() }
        var found: [JournalledBlock] = []
        var bytes = 0
        while bytes < limit, try selection.step() {
            guard let block = Self.block(selection) else {
                throw .corrupt(path: database.path, reason: "row \(selection.unsigned(0)) of blocks is no block")
            }
            bytes += block.symbols.count
            found.append(JournalledBlock(position: selection.unsigned(0), block: block))
        }
        return found
    }

    /// The block of a row; nil unless a header of it is within the wire's rules, and nothing of it is sealed without a salt.
    private static func block(_ row: borrowing Statement) -> ClosedBlock? {
        let content = row.blob(14)
        let salt = BlockSalt(stored: row.blob(16))
        guard let flags = UInt8(exactly: row.integer(5)), row.isNull(16) || salt != nil else { return nil }
        var header = TransmissionHeader.smallest
        header.id = BlockID(
            channel: .live, epoch: Epoch(rawValue: row.unsigned(1)),
            incarnation: Incarnation(rawValue: row.unsigned(15)),
            block: BlockNumber(rawValue: row.unsigned(2)))
        header.flags = TransmissionHeader.Flags(rawValue: flags)
        (header.firstSequence, header.lastSequence) = (
            SequenceNumber(rawValue: row.unsigned(3)), SequenceNumber(rawValue: row.unsigned(4))
        )
        (header.partIndex, header.partCount) = (Int(row.integer(6)), Int(row.integer(7)))
        (header.packedBytes, header.plainBytes) = (content.byteCount, Int(row.integer(8)))
        (header.sourceSymbols, header.symbolBytes) = (Int(row.integer(9)), Int(row.integer(10)))
        header.symbolCount = Int(row.integer(11))
        guard header.defect == nil, header.symbolCount >= header.sourceSymbols,
            salt != nil || !header.flags.contains(.sealed)
        else { return nil }
        var symbols = [UInt8](repeating: 0, count: header.sourceSymbols * header.symbolBytes)
        var span = symbols.mutableSpan
        var target = span.mutableBytes
        target.store(content, at: 0)
        return ClosedBlock(
            id: header.id, flags: header.flags, partIndex: header.partIndex, partCount: header.partCount,
            firstSequence: header.firstSequence, lastSequence: header.lastSequence, packedBytes: header.packedBytes,
            plainBytes: header.plainBytes,
            shape: BlockGeometry.Shape(
                sourceSymbols: header.sourceSymbols, symbolBytes: header.symbolBytes, symbolCount: header.symbolCount),
            symbols: symbols, salt: salt, lastDelivery: nil, packets: PacketList(bytes: row.blob(13)),
            closedAt: UnixMilliseconds(rawValue: row.unsigned(12)))
    }
}
