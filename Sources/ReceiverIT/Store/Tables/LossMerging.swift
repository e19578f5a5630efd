internal import Account
internal import Storage

/// Keeps the table of losses within its limit: the oldest row is added to the next one of the same layer and reason, acknowledged or not
/// alike. Sums stay, and names as far as a row has room for them.
enum LossMerging {
    /// Rows of one link.
    static let rowLimit = 10_000
    /// Rows that go at once.
    private static let step = 64

    /// Call it now and then, inside the store thread's transaction.
    static func keepLimit(link: Int, rows limit: Int = rowLimit, in database: borrowing Database) throws(StorageError) {
        var count = try database.prepare("SELECT count(*) FROM losses WHERE link = ?1")
        count.bind(1, Int64(link))
        guard try count.step(), count.integer(0) > Int64(limit) else { return }
        for (from, into) in try pairs(link: link, in: database) { try merge(from, into: into, in: database) }
    }

    /// The oldest rows, each with the next one of its kind. A row may be both.
    private static func pairs(
        link: Int, in database: borrowing Database
    ) throws(StorageError) -> [(from: Int64, into: Int64)] {
        var rows = try database.prepare(
            """
            SELECT a.id, (
                SELECT b.id FROM losses b WHERE b.link = a.link AND b.layer = a.layer AND b.reason = a.reason AND b.id > a.id
                    AND b.acknowledged = a.acknowledged ORDER BY b.id LIMIT 1)
            FROM losses a WHERE a.link = ?1 ORDER BY a.id LIMIT ?2
            """)
        rows.bind(1, Int64(link))
        rows.bind(2, Int64(step))
        var pairs: [(from: Int64, into: Int64)] = []
        while try rows.step() { if !rows.isNull(1) { pairs.append((rows.integer(0), rows.integer(1))) } }
        return pairs
    }

    private static func merge(_ from: Int64, into: Int64, in database: borrowing Database) throws(StorageError) {
        try database.execute(
            """
            UPDATE losses SET records = min(losses.records + a.records, \(UInt64.mostRecords)),
                others = min(losses.others + a.others, \(UInt64.mostRecords)),
                from_at = min(losses.from_at, a.from_at), to_at = max(losses.to_at, a.to_at),
                first_sequence = CASE WHEN (losses.first_epoch, losses.first_sequence) > (a.first_epoch, a.first_sequence)
                    THEN a.first_sequence ELSE losses.first_sequence END,
                first_epoch = min(losses.first_epoch, a.first_epoch)
            FROM losses a WHERE losses.id = \(into) AND a.id = \(from);
            INSERT INTO loss_topics (loss, topic, records) SELECT \(into), topic, records FROM loss_topics WHERE loss = \(from)
                ON CONFLICT (loss, topic) DO UPDATE SET records = min(records + excluded.records, \(UInt64.mostRecords));
            UPDATE losses SET others = min(others + (
                SELECT CAST(min(total(records), \(UInt64.mostRecords)) AS INTEGER) FROM (
                    SELECT records FROM loss_topics WHERE loss = \(into) ORDER BY records DESC, topic
                    LIMIT -1 OFFSET \(LossTable.topicLimit))), \(UInt64.mostRecords))
                WHERE id = \(into);
            DELETE FROM loss_topics WHERE loss = \(into) AND topic IN (
                SELECT topic FROM loss_topics WHERE loss = \(into) ORDER BY records DESC, topic
                LIMIT -1 OFFSET \(LossTable.topicLimit));
            DELETE FROM loss_topics WHERE loss = \(from);
            DELETE FROM losses WHERE id = \(from)
            """)
    }
}
