public import DiodeProtocol
public import Storage

/// What a bundle came to.
public struct ResendAnswer: Sendable, Equatable {
    /// Blocks that the journal holds: they are queued.
    public var held: UInt64 = 0
    /// Blocks that it has no more, or never had.
    public var gone: UInt64 = 0

    public init(held: UInt64 = 0, gone: UInt64 = 0) {
        self.held = held
        self.gone = gone
    }
}

/// Why a bundle was not queued; then nothing of it was.
public enum ResendError: Error, Hashable, Sendable, CustomStringConvertible {
    case storage(StorageError)
    /// So many requests wait already.
    case full(Int)

    public var description: String {
        switch self {
        case .storage(let error): error.description
        case .full(let limit): "\(limit) requests wait already: ask again when some of them have been played"
        }
    }
}

/// Queues what operators ask for, in the journal's database: it outlives a restart (D5).
///
/// ```text
/// bundle: epoch, blocks ─▶ positions that the journal holds ─▶ resends ─▶ EchoPlayer
/// ```
public enum ResendQueue {
    /// The most requests that wait.
    public static let limit = 65_536

    /// Queues the blocks of a bundle that the journal holds; what waits already is not queued again. The caller has compared the
    /// fingerprints.
    /// - Parameter path: of the sender's database.
    public static func add(_ bundle: ResendBundle, in path: String) throws(ResendError) -> ResendAnswer {
        var answer = ResendAnswer()
        var isFull = false
        do throws(StorageError) {
            let database = try Database(path: path, schema: SenderDatabase.schema)
            var lookup = try ResendLookup(database)
            var insertion = try database.prepare(
                """
                INSERT INTO resends (first_position, last_position) SELECT ?1, ?2
                WHERE NOT EXISTS (SELECT 1 FROM resends WHERE first_position <= ?1 AND last_position >= ?2)
                """)
            try database.begin()
            do throws(StorageError) {
                for run in bundle.runs {
                    let found = try lookup.find(run)
                    answer.held += found?.count ?? 0
                    answer.gone += run.count - (found?.count ?? 0)
                    guard let found else { continue }
                    insertion.bind(1, unsigned: found.positions.lowerBound)
                    insertion.bind(2, unsigned: found.positions.upperBound)
                    try insertion.run()
                }
                isFull = try lookup.waiting() > limit
                if isFull { database.rollBack() } else { try database.commit() }
            } catch {
                database.rollBack()
                throw error
            }
        } catch { throw .storage(error) }
        guard !isFull else { throw .full(limit) }
        return answer
    }
}

/// Finds the journal's positions of blocks.
private struct ResendLookup: ~Copyable {
    private var epoch: Statement
    private var blocks: Statement
    private var count: Statement

    init(_ database: borrowing Database) throws(StorageError) {
        let epoch = try database.prepare(
            """
            SELECT first_position, (SELECT min(first_position) FROM epochs WHERE epoch > ?1 AND first_position > e.first_position)
            FROM epochs AS e WHERE epoch = ?1
            """)
        let blocks = try database.prepare(
            "SELECT count(*), min(position), max(position) FROM blocks WHERE position BETWEEN ? AND ?")
        let count = try database.prepare("SELECT count(*) FROM resends")
        self.epoch = epoch
        self.blocks = blocks
        self.count = count
    }

    /// - Returns: nil if the journal holds none of them.
    mutating func find(
        _ run: ResendBundle.Run
    ) throws(StorageError) -> (positions: ClosedRange<UInt64>, count: UInt64)? {
        epoch.bind(1, unsigned: run.epoch.rawValue)
        defer { epoch.reset() }
        guard try epoch.step() else { return nil }
        let (first, next) = (epoch.unsigned(0), epoch.unsigned(1))
        guard first > 0, first <= UInt64(Int64.max) else { return nil }
        // Numbers of a bundle are anybody's, below 2⁶³, as positions are: the sum of two is below 2⁶⁴.
        let low = first + run.blocks.lowerBound.rawValue - 1
        let last = first + run.blocks.upperBound.rawValue - 1
        let high = min(last, next > 0 ? next - 1 : UInt64(Int64.max))
        guard low <= high else { return nil }
        blocks.bind(1, unsigned: low)
        blocks.bind(2, unsigned: high)
        defer { blocks.reset() }
        guard try blocks.step(), blocks.unsigned(0) > 0 else { return nil }
        return (blocks.unsigned(1)...blocks.unsigned(2), blocks.unsigned(0))
    }

    /// How many requests wait.
    mutating func waiting() throws(StorageError) -> Int {
        defer { count.reset() }
        return try count.step() ? Int(count.integer(0)) : 0
    }
}
