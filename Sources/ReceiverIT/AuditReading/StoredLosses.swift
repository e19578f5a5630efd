internal import Account
internal import Audit
internal import Storage
internal import Time

/// Reads back the losses that the store has named.
enum StoredLosses {
    /// Everything that a link lost, the oldest first.
    static func read(_ link: Int, in database: borrowing Database) throws(StorageError) -> [AuditLoss] {
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
