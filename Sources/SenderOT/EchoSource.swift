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
            TransmissionNumber(rawValue: 256 + UInt16(truncatingIfNeeded: id) & 0x7FFF)
        }
    }

    /// What a request came to.
    struct Request: Sendable, Equatable {
        var held: UInt64 = 0
        var gone: UInt64 = 0
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

    /// Queues the blocks of a bundle that the journal holds.
    /// - Returns: how many it holds, and how many it has no more.
    static func request(
        _ ranges: [(epoch: Epoch, blocks: ClosedRange<UInt64>)], in path: String
    ) throws(StorageError) -> Request {
        let database = try Database(path: path, schema: SenderDatabase.schema)
        var position = try database.prepare("SELECT first_position FROM epochs WHERE epoch = ?")
        var held = try database.prepare("SELECT count(*) FROM blocks WHERE position BETWEEN ? AND ? AND epoch = ?")
        var insertion = try database.prepare("INSERT INTO resends (first_position, last_position) VALUES (?, ?)")
        var result = Request()
        try database.begin()
        do throws(StorageError) {
            for range in ranges {
                // 64 KiB of bundle hold fewer than 2¹⁶ ranges: the sum stays far below 2⁶⁴.
                let wanted = min(range.blocks.upperBound - range.blocks.lowerBound, 1 << 46) + 1
                position.bind(1, unsigned: range.epoch.rawValue)
                guard try position.step() else {
                    result.gone += wanted
                    continue
                }
                let first = position.unsigned(0)
                position.reset()
                // Numbers of a bundle are anybody's: sums may overflow.
                let (low, overflowLow) = first.addingReportingOverflow(range.blocks.lowerBound &- 1)
                let (high, overflowHigh) = first.addingReportingOverflow(range.blocks.upperBound &- 1)
                guard range.blocks.lowerBound > 0, !overflowLow, !overflowHigh, high <= UInt64(Int64.max) else {
                    result.gone += wanted
                    continue
                }
                held.bind(1, unsigned: low)
                held.bind(2, unsigned: high)
                held.bind(3, unsigned: range.epoch.rawValue)
                let count = try held.step() ? held.unsigned(0) : 0
                held.reset()
                result.held += count
                result.gone += wanted - min(count, wanted)
                guard count > 0 else { continue }
                insertion.bind(1, unsigned: low)
                insertion.bind(2, unsigned: high)
                try insertion.run()
            }
            try database.commit()
        } catch {
            database.rollBack()
            throw error
        }
        return result
    }
}
