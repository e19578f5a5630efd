internal import DiodeProtocol
internal import Storage

/// Where repetitions come from: the journal's blocks, and the table of what operators asked for.
///
/// ```text
/// resends   id │ first_position │ last_position
/// ```
struct EchoSource: ~Copyable {
    /// Blocks that an operator asked for.
    struct Resend: Sendable, Equatable {
        let id: Int64
        let positions: ClosedRange<UInt64>

        /// Each request is a transmission of its own, above all echoes.
        var transmission: TransmissionNumber {
            TransmissionNumber(
                rawValue: TransmissionNumber.firstResend.rawValue + UInt16(truncatingIfNeeded: id) & 0x7FFF)
        }
    }

    private let database: Database
    private var reader: JournalReader
    private var first: Statement
    private var moved: Statement
    private var removed: Statement
    private var waiting: Statement

    init(path: String) throws(StorageError) {
        let opened = try Database(path: path, schema: SenderDatabase.schema)
        let reader = try JournalReader(path: path)
        let first = try opened.prepare("SELECT id, first_position, last_position FROM resends ORDER BY id LIMIT 1")
        let moved = try opened.prepare("UPDATE resends SET first_position = ? WHERE id = ?")
        let removed = try opened.prepare("DELETE FROM resends WHERE id = ?")
        let waiting = try opened.prepare("SELECT ifnull(sum(last_position + 1 - first_position), 0) FROM resends")
        self.reader = reader
        self.first = first
        self.moved = moved
        self.removed = removed
        self.waiting = waiting
        database = opened
    }

    mutating func blocks(_ positions: ClosedRange<UInt64>, bytes: Int) throws(StorageError) -> [JournalledBlock] {
        try reader.blocks(positions, bytes: bytes)
    }

    /// The oldest request that is not done.
    mutating func nextResend() throws(StorageError) -> Resend? {
        defer { first.reset() }
        guard try first.step() else { return nil }
        let (low, high) = (first.unsigned(1), first.unsigned(2))
        return Resend(id: first.integer(0), positions: low...max(low, high))
    }

    /// A request was played up to, and with, this position.
    mutating func finish(_ request: Resend, through position: UInt64) throws(StorageError) {
        guard position < request.positions.upperBound else {
            removed.bind(1, request.id)
            return try removed.run()
        }
        moved.bind(1, unsigned: position + 1)
        moved.bind(2, request.id)
        try moved.run()
    }

    mutating func resendsWaiting() throws(StorageError) -> UInt64 {
        defer { waiting.reset() }
        return try waiting.step() ? waiting.unsigned(0) : 0
    }
}
