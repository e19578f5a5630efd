internal import Collections
internal import DiodeProtocol
internal import Storage
internal import Time

/// What a sender knows of the lifetimes before it, from its database.
package struct JournalRestoration: Sendable {
    package let epoch: ReservedEpoch
    var marks = JournalMarks()
    /// How far each echo was played.
    package var echoes = ""
    /// What was known of the OT broker.
    package var broker = ""
    /// An operator released held deletions while no daemon ran.
    package var deletionsAccepted = false
    /// Where the blocks of each epoch begin, this one included.
    var firstPositions: [Epoch: UInt64] = [:]
    /// Blocks that an operator asked for and that were not repeated.
    var queuedResends: UInt64 = 0
    /// Blocks of earlier epochs that never went on the wire: they go out under their own numbers, before anything new.
    package var unsent: ClosedRange<UInt64>?
    /// Earlier epochs, oldest first: what was committed under them; the rest of what they sent is void.
    var earlierEpochs: [Beat.EpochSummary] = []
    /// Epochs before those, and their records.
    var olderEpochs: Beat.Pair?

    /// When the oldest block was closed; nil while there is none.
    var oldest: UnixMilliseconds?
    /// No block was ever removed.
    var isWhole: Bool

    /// Epochs that a beat lists beside its own.
    private static let listedEpochs = Beat.maximumEpochs - 1

    init(epoch: ReservedEpoch) {
        self.epoch = epoch
        isWhole = epoch.firstPosition == 1
        firstPositions[epoch.epoch] = epoch.firstPosition
    }

    /// Reads what `epoch`, which was reserved just now, continues.
    init(of epoch: ReservedEpoch, from database: borrowing Database) throws(StorageError) {
        self.init(epoch: epoch)
        var journal = try database.prepare(
            """
            SELECT sent, released, replay_from, echoes, deletions_accepted, folded_epochs, folded_records, broker
            FROM journal
            """)
        var folded = Beat.Pair(0, 0)
        if try journal.step() {
            marks = JournalMarks(
                sent: journal.unsigned(0), released: journal.unsigned(1), replayFrom: max(journal.unsigned(2), 1))
            guard max(marks.sent, marks.released, marks.replayFrom) <= UInt64(Int64.max) else {
                throw .corrupt(path: database.path, reason: "a mark of the journal is no position")
            }
            echoes = journal.text(3)
            deletionsAccepted = journal.integer(4) != 0
            folded = Beat.Pair(journal.unsigned(5), journal.unsigned(6))
            broker = journal.text(7)
        }
        journal.reset()
        if deletionsAccepted { try database.execute("UPDATE journal SET deletions_accepted = 0") }
        try Self.closeEpochs(database)
        try readEpochs(database, folded)
        var newest = try database.prepare("SELECT max(position) FROM blocks")
        if try newest.step(), newest.unsigned(0) > marks.sent {
            unsent = marks.sent + 1...newest.unsigned(0)
        }
        newest.reset()
        var first = try database.prepare("SELECT position, closed_at FROM blocks ORDER BY position LIMIT 1")
        if try first.step() {
            (isWhole, oldest) = (first.unsigned(0) == 1, UnixMilliseconds(rawValue: first.unsigned(1)))
        }
        first.reset()
        var queued = try database.prepare("SELECT ifnull(sum(last_position + 1 - first_position), 0) FROM resends")
        if try queued.step() { queuedResends = queued.unsigned(0) }
        queued.reset()
    }

    /// The row of the epoch that ended last lags behind its blocks.
    private static func closeEpochs(_ database: borrowing Database) throws(StorageError) {
        try database.execute(
            """
            UPDATE epochs SET
                last_sequence = max(epochs.last_sequence, b.newest), last_block = max(last_block, b.block)
            FROM (SELECT epoch, block, last_sequence AS newest FROM blocks ORDER BY position DESC LIMIT 1) AS b
            WHERE epochs.epoch = b.epoch
            """)
    }

    /// - Parameter folded: how many epochs have no row any more, and their records.
    private mutating func readEpochs(
        _ database: borrowing Database, _ folded: Beat.Pair
    ) throws(StorageError) {
        var oldest = try database.prepare("SELECT epoch FROM blocks ORDER BY position LIMIT 1")
        let floor = try oldest.step() ? oldest.unsigned(0) : epoch.epoch.rawValue
        oldest.reset()
        var rows = try database.prepare(
            """
            SELECT epoch, incarnation, first_position, last_sequence, last_block FROM epochs WHERE epoch < ?
            ORDER BY epoch DESC
            """)
        rows.bind(1, unsigned: epoch.epoch.rawValue)
        var (older, folding) = (folded, folded)
        var newestFolded: UInt64?
        while try rows.step() {
            let summary = Beat.EpochSummary(
                epoch: Epoch(rawValue: rows.unsigned(0)), incarnation: Incarnation(rawValue: rows.unsigned(1)),
                firstSequence: SequenceNumber(rawValue: 1), lastCommitted: SequenceNumber(rawValue: rows.unsigned(3)),
                lastBlock: BlockNumber(rawValue: rows.unsigned(4)))
            if earlierEpochs.count < Self.listedEpochs {
                earlierEpochs.insert(summary, at: 0)
                firstPositions[summary.epoch] = rows.unsigned(2)
                continue
            }
            older.add(epochOf: summary.lastCommitted)
            guard summary.epoch.rawValue < floor else { continue }
            folding.add(epochOf: summary.lastCommitted)
            newestFolded = newestFolded ?? summary.epoch.rawValue
        }
        rows.reset()
        if older.first > 0 { olderEpochs = older }
        if let newestFolded { try Self.fold(database, through: newestFolded, folding) }
    }

    /// Epochs that the journal does not reach and a beat does not list are kept as totals alone: so the table does not grow
    /// with each start.
    private static func fold(
        _ database: borrowing Database, through epoch: UInt64, _ totals: Beat.Pair
    ) throws(StorageError) {
        do throws(StorageError) {
            try database.begin()
            var update = try database.prepare("UPDATE journal SET folded_epochs = ?, folded_records = ?")
            update.bind(1, unsigned: totals.first)
            update.bind(2, unsigned: totals.second)
            try update.run()
            var removal = try database.prepare("DELETE FROM epochs WHERE epoch <= ?")
            removal.bind(1, unsigned: epoch)
            try removal.run()
            try database.commit()
        } catch {
            database.rollBack()
            // A later start has room for it.
            guard case .full = error else { throw error }
        }
    }
}

extension Beat.Pair {
    /// Counts one more epoch, and its records; at 2⁶³ − 1 it counts no further.
    fileprivate mutating func add(epochOf last: SequenceNumber) {
        let limit = UInt64(Int64.max)
        first = min(first, limit - 1) + 1
        second = min(min(second, limit) + min(last.rawValue, limit), limit)
    }
}

/// Deliveries of an earlier lifetime that are in the journal and were perhaps not acknowledged: the broker may send them
/// again, and they must not be numbered again (ADR 0009).
package struct RestoredDeliveries: Sendable {
    /// Packet identifier to a hash of topic and payload, good within this process.
    private var contents: [UInt16: Int] = [:]

    init() {}

    package var isEmpty: Bool { contents.isEmpty }
    var count: Int { contents.count }

    mutating func note(packet: UInt16, topic: RawSpan, payload: RawSpan) {
        contents[packet] = topic.processHash(with: payload)
    }

    /// The session is a new one: packet identifiers mean something else now.
    package mutating func removeAll() { contents = [:] }

    /// Whether this message is in the journal already. Its packet identifier is not looked for again.
    package mutating func contains(packet: UInt16, isDuplicate: Bool, topic: RawSpan, payload: RawSpan) -> Bool {
        guard let known = contents.removeValue(forKey: packet) else { return false }
        return isDuplicate && known == topic.processHash(with: payload)
    }
}
