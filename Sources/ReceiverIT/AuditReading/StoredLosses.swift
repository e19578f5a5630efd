internal import Account
internal import Audit
internal import DiodeProtocol
internal import ReceiverITStore
internal import Storage
internal import Time

/// Reads back the losses that the store has named.
enum StoredLosses {
    /// Everything that a link lost, the oldest first.
    static func read(_ link: Int, in database: borrowing Database) throws(StorageError) -> [AuditLoss] {
        var rows = try database.prepare(
            """
            SELECT id, layer, reason, records, first_epoch, first_sequence, last_epoch, last_sequence, from_at, to_at,
                others, acknowledged FROM losses WHERE link = ?1 ORDER BY id
            """)
        var topics = try database.prepare("SELECT topic, records FROM loss_topics WHERE loss = ?1")
        rows.bind(1, Int64(link))
        var losses: [AuditLoss] = []
        while try rows.step() {
            topics.bind(1, unsigned: rows.unsigned(0))
            var named: [TopicCount] = []
            while try topics.step() {
                named.append(TopicCount(topic: topics.text(0), records: topics.unsigned(1)))
            }
            topics.reset()
            let nothing = Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0))
            let loss = Loss(
                try rows.lossCause(1, in: database), records: rows.unsigned(3), first: rows.stamp(4) ?? nothing,
                last: rows.stamp(6) ?? nothing, from: UnixMilliseconds(rawValue: rows.unsigned(8)),
                to: UnixMilliseconds(rawValue: rows.unsigned(9)), others: rows.unsigned(10))
            losses.append(
                AuditLoss(id: rows.unsigned(0), loss, named: named, isAcknowledged: rows.integer(11) != 0))
        }
        return losses
    }
}
