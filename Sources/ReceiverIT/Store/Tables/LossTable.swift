internal import Account
internal import DiodeProtocol
internal import JSON
internal import Storage
internal import Time

/// Names losses in the database, inside the store thread's transaction.
///
/// What one reason takes away less than 5 s apart is one row, so that a full outbox does not fill the disk with words about
/// it. A row names at most 256 topics; the records of further ones are `others`.
package struct LossTable: ~Copyable {
    static let topicLimit = Loss.topicLimit
    private static let episode: UInt64 = 5_000

    private var newest: Statement
    private var insertion: Statement
    private var widening: Statement
    private var topicCount: Statement
    private var knownTopic: Statement
    private var topic: Statement
    private var others: Statement
    private var voidTopics: Statement
    private var void: Statement

    init(_ database: borrowing Database) throws(StorageError) {
        let newest = try database.prepare(
            """
            SELECT id, noted_at FROM losses WHERE link = ?1 AND acknowledged = ?4 AND layer = ?2 AND reason = ?3
            ORDER BY id DESC LIMIT 1
            """)
        let insertion = try database.prepare(
            """
            INSERT INTO losses (link, noted_at, records, from_at, to_at, first_epoch, first_sequence, last_epoch,
                last_sequence, others, layer, reason, acknowledged)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11, ?12)
            """)
        let widening = try database.prepare(
            """
            UPDATE losses SET noted_at = ?2, records = min(records + ?3, \(UInt64.mostRecords)), from_at = min(from_at, ?4),
                to_at = max(to_at, ?5),
                first_sequence = CASE WHEN (first_epoch, first_sequence) > (?6, ?7) THEN ?7 ELSE first_sequence END,
                first_epoch = min(first_epoch, ?6),
                last_sequence = CASE WHEN (last_epoch, last_sequence) < (?8, ?9) THEN ?9 ELSE last_sequence END,
                last_epoch = max(last_epoch, ?8)
            WHERE id = ?1
            """)
        let topicCount = try database.prepare("SELECT count(*) FROM loss_topics WHERE loss = ?1")
        let knownTopic = try database.prepare("SELECT 1 FROM loss_topics WHERE loss = ?1 AND topic = ?2")
        let topic = try database.prepare(
            """
            INSERT INTO loss_topics (loss, records, topic) VALUES (?1, ?2, ?3)
            ON CONFLICT (loss, topic) DO UPDATE SET records = min(records + excluded.records, \(UInt64.mostRecords))
            """)
        let others = try database.prepare(
            "UPDATE losses SET others = min(others + ?2, \(UInt64.mostRecords)) WHERE id = ?1")
        let condition =
            "link = ?1 AND (layer, reason) IN (VALUES \(Self.shedBySender)) AND first_epoch = ?2 AND first_sequence > ?3"
        let voidTopics = try database.prepare(
            "DELETE FROM loss_topics WHERE loss IN (SELECT id FROM losses WHERE \(condition))")
        let void = try database.prepare("DELETE FROM losses WHERE \(condition)")
        // Only now: a move-only value may not be left half made by a throw.
        self.newest = newest
        self.insertion = insertion
        self.widening = widening
        self.topicCount = topicCount
        self.knownTopic = knownTopic
        self.topic = topic
        self.others = others
        self.voidTopics = voidTopics
        self.void = void
    }

    /// Names a loss of a link.
    /// - Parameter isAcknowledged: somebody has accepted it before.
    /// - Returns: whether it begins an episode.
    mutating func note(
        _ loss: Loss, link: Int, at time: UnixMilliseconds, isAcknowledged: Bool = false,
        in database: borrowing Database
    ) throws(StorageError) -> Bool {
        let numbers = [
            time.rawValue, min(loss.records, .mostRecords), loss.from.rawValue, loss.to.rawValue,
            loss.first.epoch.rawValue,
            loss.first.sequence.rawValue, loss.last.epoch.rawValue, loss.last.sequence.rawValue,
        ]
        let id: UInt64
        let open = try openEpisode(of: loss, link: link, at: time, isAcknowledged: isAcknowledged)
        if let open {
            id = open
            widening.bind(from: 1, [id] + numbers)
            try widening.run()
        } else {
            insertion.bind(from: 1, [UInt64(link)] + numbers)
            insertion.bind(10, text: loss.cause.layer.storedWord)
            insertion.bind(11, text: loss.cause.storedReason)
            insertion.bind(12, isAcknowledged ? 1 : 0)
            try insertion.run()
            id = UInt64(database.lastRowID())
            // Now and then is enough.
            if id % 32 == 0 { try LossMerging.keepLimit(link: link, in: database) }
        }
        var unnamed = min(loss.others, .mostRecords)
        var room = try Self.topicLimit - topics(of: id)
        for (name, records) in loss.topics.sorted(by: { $0.value > $1.value }) {
            if room <= 0, try !isNamed(name, in: id) {
                unnamed.add(records: records)
                continue
            }
            topic.bind(3, text: name)
            try topic.run(id, min(records, .mostRecords))
            room -= 1
        }
        if unnamed > 0 { try others.run(id, unnamed) }
        return open == nil
    }

    /// What a link lost by layer and reason, for its balance: `[["outbox", "outbox-full", 12], …]`. Not what the sender shed, which may become void.
    static func sums(of link: Int, in database: borrowing Database) throws(StorageError) -> JSONValue {
        var rows = try database.prepare(
            """
            SELECT layer, reason, CAST(min(total(records), \(UInt64.mostRecords)) AS INTEGER) FROM losses
            WHERE link = ?1 AND (layer, reason) NOT IN (VALUES \(shedBySender)) GROUP BY layer, reason ORDER BY layer, reason
            """)
        rows.bind(1, Int64(link))
        var sums: [JSONValue] = []
        while try rows.step() { sums.append([.text(rows.text(0)), .text(rows.text(1)), .number(rows.integer(2))]) }
        return .array(sums)
    }

    /// By cause: not all that a sender shed was lost in its own layer.
    private static let shedBySender = ShedRun.Reason.allCases.map(LossCause.shedBySender).map {
        "('\($0.layer.storedWord)', '\($0.storedReason)')"
    }.joined(separator: ", ")

    /// What the sender shed behind this is void: it hands those messages over again.
    mutating func void(link: Int, epoch: Epoch, behind sequence: SequenceNumber) throws(StorageError) {
        try voidTopics.run(UInt64(link), epoch.rawValue, sequence.rawValue)
        try void.run(UInt64(link), epoch.rawValue, sequence.rawValue)
    }

    private mutating func openEpisode(
        of loss: Loss, link: Int, at time: UnixMilliseconds, isAcknowledged: Bool
    ) throws(StorageError) -> UInt64? {
        newest.bind(1, Int64(link))
        newest.bind(2, text: loss.cause.layer.storedWord)
        newest.bind(3, text: loss.cause.storedReason)
        newest.bind(4, isAcknowledged ? 1 : 0)
        defer { newest.reset() }
        guard try newest.step(), newest.unsigned(1).plus(Self.episode) > time.rawValue else { return nil }
        return newest.unsigned(0)
    }

    private mutating func topics(of id: UInt64) throws(StorageError) -> Int {
        topicCount.bind(1, unsigned: id)
        defer { topicCount.reset() }
        return try topicCount.step() ? Int(topicCount.integer(0)) : 0
    }

    private mutating func isNamed(_ name: String, in id: UInt64) throws(StorageError) -> Bool {
        knownTopic.bind(1, unsigned: id)
        knownTopic.bind(2, text: name)
        defer { knownTopic.reset() }
        return try knownTopic.step()
    }
}
