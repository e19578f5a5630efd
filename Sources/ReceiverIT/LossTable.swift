import Audit
import DiodeProtocol
import Outbox
import Storage
import Time

/// Records that never will be published, for one reason.
struct LossNote: Sendable, Equatable {
    /// `ot-broker`, `sender`, `outbox`, `it-broker`, `policy` (C4); `gap`: of gaps that are not listed one by one any more.
    var layer: String
    /// One word.
    var reason: String
    var records: UInt64
    /// Source times and stamps of the first and the last.
    var from, to: UnixMilliseconds
    var first, last: Stamp
    var topics: [String: UInt64]
    /// Records of topics that are not named.
    var others: UInt64
}

extension LossNote {
    /// A database was found damaged: nobody knows how many records it held that the IT broker had not got.
    init(unknownSince time: UnixMilliseconds) {
        let nothing = Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0))
        self.init(
            layer: "outbox", reason: ShedReason.damaged.rawValue, records: 0, from: time, to: time, first: nothing,
            last: nothing, topics: [:], others: 0)
    }

    init(_ loss: OutboxLoss) {
        self.init(
            layer: loss.cause.layer, reason: loss.cause.reason, records: loss.records, from: loss.from, to: loss.to,
            first: loss.first, last: loss.last, topics: loss.topics, others: loss.others)
    }

    /// What never reached the sender: it has no stamps, and no topics that anybody knows.
    /// - Parameter stamp: of the last record before the statement.
    init(_ drop: BrokerDrop, at stamp: Stamp) {
        // The count is the broker's word, and sums of such counts must stay numbers.
        let records = min(drop.records ?? 0, 1 << 40)
        self.init(
            layer: AuditLoss.otBroker, reason: drop.reason.word, records: records, from: drop.from, to: drop.to,
            first: stamp, last: stamp, topics: [:], others: records)
    }

    /// - Parameter stamp: of the first record that was shed.
    init(_ run: ShedRun, at stamp: Stamp) {
        var topics: [String: UInt64] = [:]
        for entry in run.entries { topics[entry.topic, default: 0] += entry.records }
        var last = stamp
        last.sequence = SequenceNumber(rawValue: stamp.sequence.rawValue + run.records - 1)
        self.init(
            layer: "sender", reason: "\(run.reason)", records: run.records, from: run.from, to: run.to, first: stamp,
            last: last, topics: topics, others: 0)
    }
}

extension BrokerDrop.Reason {
    /// For the audit.
    fileprivate var word: String {
        switch self {
        case .queueLimit: "queue-limit"
        case .sessionLost: "session-lost"
        case .restarted: "restarted"
        }
    }
}

extension LossNote {
    /// Takes a later loss for the same reason in.
    mutating func merge(_ other: LossNote) {
        records += other.records
        from = min(from, other.from)
        to = max(to, other.to)
        first = min(first, other.first)
        last = max(last, other.last)
        others += other.others
        for (topic, records) in other.topics {
            if topics[topic] != nil || topics.count < LossTable.topicLimit {
                topics[topic, default: 0] += records
            } else {
                others += records
            }
        }
    }
}

/// Names losses in the database, inside the store thread's transaction.
///
/// What one reason takes away less than 5 s apart is one row, so that a full outbox does not fill the disk with words about
/// it. A row names at most 256 topics; the records of further ones are `others`.
struct LossTable: ~Copyable {
    static let topicLimit = OutboxLoss.topicLimit
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
            UPDATE losses SET noted_at = ?2, records = records + ?3, from_at = min(from_at, ?4),
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
            ON CONFLICT (loss, topic) DO UPDATE SET records = records + excluded.records
            """)
        let others = try database.prepare("UPDATE losses SET others = others + ?2 WHERE id = ?1")
        let condition = "link = ?1 AND layer = 'sender' AND first_epoch = ?2 AND first_sequence > ?3"
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
        _ loss: LossNote, link: Int, at time: UnixMilliseconds, isAcknowledged: Bool = false,
        in database: borrowing Database
    ) throws(StorageError) -> Bool {
        let numbers = [
            time.rawValue, loss.records, loss.from.rawValue, loss.to.rawValue, loss.first.epoch.rawValue,
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
            insertion.bind(10, text: loss.layer)
            insertion.bind(11, text: loss.reason)
            insertion.bind(12, isAcknowledged ? 1 : 0)
            try insertion.run()
            id = UInt64(database.lastRowID())
            // Now and then is enough.
            if id % 32 == 0 { try LossMerging.keepLimit(link: link, in: database) }
        }
        var unnamed = loss.others
        var room = try Self.topicLimit - topics(of: id)
        for (name, records) in loss.topics.sorted(by: { $0.value > $1.value }) {
            if room <= 0, try !isNamed(name, in: id) {
                unnamed += records
                continue
            }
            topic.bind(3, text: name)
            try topic.run(id, records)
            room -= 1
        }
        if unnamed > 0 { try others.run(id, unnamed) }
        return open == nil
    }

    /// What the sender shed behind this is void: it hands those messages over again.
    mutating func void(link: Int, epoch: Epoch, behind sequence: SequenceNumber) throws(StorageError) {
        try voidTopics.run(UInt64(link), epoch.rawValue, sequence.rawValue)
        try void.run(UInt64(link), epoch.rawValue, sequence.rawValue)
    }

    private mutating func openEpisode(
        of loss: LossNote, link: Int, at time: UnixMilliseconds, isAcknowledged: Bool
    ) throws(StorageError) -> UInt64? {
        newest.bind(1, Int64(link))
        newest.bind(2, text: loss.layer)
        newest.bind(3, text: loss.reason)
        newest.bind(4, isAcknowledged ? 1 : 0)
        defer { newest.reset() }
        guard try newest.step(), newest.unsigned(1) + Self.episode > time.rawValue else { return nil }
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

extension LossTable {
    /// Everything that a link lost, the oldest first.
    static func losses(of link: Int, in database: borrowing Database) throws(StorageError) -> [AuditLoss] {
        var rows = try database.prepare(
            """
            SELECT id, layer, reason, from_at, to_at, records, acknowledged, others FROM losses WHERE link = ?1
            ORDER BY id
            """)
        var topics = try database.prepare(
            "SELECT topic, records FROM loss_topics WHERE loss = ?1 ORDER BY records DESC, topic")
        rows.bind(1, Int64(link))
        var losses: [AuditLoss] = []
        while try rows.step() {
            var loss = AuditLoss(
                id: rows.unsigned(0), layer: rows.text(1), reason: rows.text(2),
                from: UnixMilliseconds(rawValue: rows.unsigned(3)), to: UnixMilliseconds(rawValue: rows.unsigned(4)),
                records: rows.unsigned(5), isAcknowledged: rows.integer(6) != 0, topics: [])
            topics.bind(1, unsigned: rows.unsigned(0))
            while try topics.step() {
                loss.topics.append(TopicCount(topic: topics.text(0), records: topics.unsigned(1)))
            }
            topics.reset()
            let others = rows.unsigned(7)
            if others > 0 { loss.topics.append(TopicCount(topic: TopicCount.unnamed, records: others)) }
            losses.append(loss)
        }
        return losses
    }
}
