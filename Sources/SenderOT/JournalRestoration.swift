internal import DiodeProtocol
internal import MQTT
internal import Storage

/// What a sender knows of the lifetimes before it, from its database.
struct JournalRestoration: Sendable {
    let epoch: ReservedEpoch
    var marks = JournalMarks()
    /// How far each echo was played.
    var echoes = ""
    /// An operator released held deletions while no daemon ran.
    var deletionsAccepted = false
    /// Where the blocks of each epoch begin, this one included.
    var firstPositions: [Epoch: UInt64] = [:]
    /// Blocks of earlier epochs that never went on the wire: they go out under their own numbers, before anything new.
    var unsent: ClosedRange<UInt64>?
    /// Earlier epochs, oldest first: what was committed under them; the rest of what they sent is void.
    var earlierEpochs: [Beat.EpochSummary] = []
    /// Epochs before those, and their records.
    var olderEpochs: Beat.Pair?

    /// Epochs that a beat lists beside its own.
    private static let listedEpochs = Beat.maximumEpochs - 1

    init(epoch: ReservedEpoch) {
        self.epoch = epoch
        firstPositions[epoch.epoch] = epoch.firstPosition
    }

    /// Reads what `epoch`, which was reserved just now, continues.
    init(of epoch: ReservedEpoch, from database: borrowing Database) throws(StorageError) {
        self.init(epoch: epoch)
        var journal = try database.prepare(
            "SELECT sent, released, replay_from, echoes, deletions_accepted FROM journal")
        if try journal.step() {
            marks = JournalMarks(
                sent: journal.unsigned(0), released: journal.unsigned(1), replayFrom: max(journal.unsigned(2), 1))
            guard max(marks.sent, marks.released, marks.replayFrom) <= UInt64(Int64.max) else {
                throw .corrupt(path: database.path, reason: "a mark of the journal is no position")
            }
            echoes = journal.text(3)
            deletionsAccepted = journal.integer(4) != 0
        }
        journal.reset()
        if deletionsAccepted { try database.execute("UPDATE journal SET deletions_accepted = 0") }
        try Self.closeEpochs(database)
        try readEpochs(database)
        var newest = try database.prepare("SELECT max(position) FROM blocks")
        if try newest.step(), newest.unsigned(0) > marks.sent {
            unsent = marks.sent + 1...newest.unsigned(0)
        }
        newest.reset()
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

    private mutating func readEpochs(_ database: borrowing Database) throws(StorageError) {
        var rows = try database.prepare(
            """
            SELECT epoch, incarnation, first_position, last_sequence, last_block FROM epochs WHERE epoch < ?
            ORDER BY epoch DESC
            """)
        rows.bind(1, unsigned: epoch.epoch.rawValue)
        var older = Beat.Pair(0, 0)
        while try rows.step() {
            let summary = Beat.EpochSummary(
                epoch: Epoch(rawValue: rows.unsigned(0)), incarnation: Incarnation(rawValue: rows.unsigned(1)),
                firstSequence: SequenceNumber(rawValue: 1), lastCommitted: SequenceNumber(rawValue: rows.unsigned(3)),
                lastBlock: BlockNumber(rawValue: rows.unsigned(4)))
            if earlierEpochs.count < Self.listedEpochs {
                earlierEpochs.insert(summary, at: 0)
                firstPositions[summary.epoch] = rows.unsigned(2)
            } else {
                older = Beat.Pair(older.first + 1, older.second &+ summary.lastCommitted.rawValue)
            }
        }
        if older.first > 0 { olderEpochs = older }
    }
}

/// Deliveries of an earlier lifetime that are in the journal and were perhaps not acknowledged: the broker may send them
/// again, and they must not be numbered again (DESIGN D7).
struct RestoredDeliveries: Sendable {
    /// Packet identifier to a hash of topic and payload, good within this process.
    private var contents: [UInt16: Int] = [:]

    init() {}

    var isEmpty: Bool { contents.isEmpty }
    var count: Int { contents.count }

    mutating func note(packet: UInt16, topic: RawSpan, payload: RawSpan) {
        contents[packet] = Self.hash(topic, payload)
    }

    /// The session is a new one: packet identifiers mean something else now.
    mutating func removeAll() { contents = [:] }

    /// Whether this message is in the journal already. Its packet identifier is not looked for again.
    mutating func contains(packet: UInt16, isDuplicate: Bool, topic: RawSpan, payload: RawSpan) -> Bool {
        guard let known = contents.removeValue(forKey: packet) else { return false }
        return isDuplicate && known == Self.hash(topic, payload)
    }

    private static func hash(_ topic: RawSpan, _ payload: RawSpan) -> Int {
        var hasher = Hasher()
        hasher.combine(topic.byteCount)
        topic.withUnsafeBytes { hasher.combine(bytes: $0) }
        payload.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
