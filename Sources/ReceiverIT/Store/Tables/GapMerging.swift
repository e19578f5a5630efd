internal import Account
internal import DiodeProtocol
internal import JSON
internal import Ledger
internal import Storage
internal import Time

/// Keeps the table of lost gaps within its limit: the oldest ones that nothing can fill any more become losses of the layer `gap`, one for
/// each cause. Records, topics and what was acknowledged stay, and losses have a limit of their own (``LossMerging``).
///
/// ```text
///  gaps  12 lost │ 13 lost, a hole is left │ 14 open │ 15 lost        limit
///        └─▶ losses: gap, link, 4,711 records, topics                 ledger: gap.merged, through 12
/// ```
enum GapMerging {
    /// Lost gaps of one link, beside those that may still be filled by hand: these are as many as there are holes.
    static let rowLimit = 10_000
    /// Gaps that go at once.
    private static let step = 500

    /// Call it where gaps were lost, inside the store thread's transaction.
    static func keepLimit(
        _ id: Int, name: String, rows limit: Int = rowLimit, at time: UnixMilliseconds, losses: inout LossTable,
        ledger: inout LedgerWriter, in database: borrowing Database
    ) throws(StorageError) {
        var count = try database.prepare("SELECT count(*) FROM gaps WHERE link = ?1 AND lost > 0 AND missing = 0")
        count.bind(1, Int64(id))
        guard try count.step(), count.integer(0) > Int64(limit) else { return }
        count.reset()
        let oldest = try unfillable(id, in: database)
        guard let last = oldest.last else { return }
        let acknowledged = try AcknowledgementTable.acknowledged(.gap, of: id, in: database)
        for gap in oldest {
            let isKnown = acknowledged[gap.id].map { $0 >= gap.lost } ?? false
            _ = try losses.note(
                loss(gap, topics(of: gap.id, link: id, in: database)), link: id, at: time, isAcknowledged: isKnown,
                in: database)
            try database.execute(
                """
                DELETE FROM gaps WHERE link = \(id) AND id = \(gap.id);
                DELETE FROM gap_topics WHERE link = \(id) AND gap = \(gap.id);
                DELETE FROM acknowledgements WHERE link = \(id) AND kind = 'gap' AND id = \(gap.id)
                """)
        }
        let records = oldest.reduce(into: UInt64(0)) { $0.add(records: $1.lost) }
        let body: JSONValue = [
            "through": .number(last.id), "gaps": .number(oldest.count), "records": .number(records),
        ]
        try ledger.append(LedgerEntry(link: name, at: time.rawValue, kind: LedgerGaps.merged, body: body.line))
    }

    /// The oldest lost gaps without a hole: their blocks would not be taken any more.
    private static func unfillable(_ id: Int, in database: borrowing Database) throws(StorageError) -> [Gap] {
        try LinkLoader.gaps(
            of: id, database,
            """
            AND lost > 0 AND missing = 0 AND NOT EXISTS (
                SELECT 1 FROM holes WHERE holes.link = gaps.link AND holes.epoch = gaps.epoch
                    AND holes.first_block BETWEEN gaps.first_block AND gaps.last_block AND holes.gap = gaps.id)
            """, limit: step)
    }

    private static func topics(
        of gap: UInt64, link: Int, in database: borrowing Database
    ) throws(StorageError) -> [String: UInt64] {
        var rows = try database.prepare("SELECT topic, records FROM gap_topics WHERE link = ?1 AND gap = ?2")
        rows.bind(1, Int64(link))
        rows.bind(2, unsigned: gap)
        var topics: [String: UInt64] = [:]
        while try rows.step() { topics[String(decoding: rows.bytes(0), as: UTF8.self)] = rows.unsigned(1) }
        return topics
    }

    /// A jump over several gaps is named in all of them, so that no gap may name more than it lost.
    private static func loss(_ gap: Gap, _ topics: [String: UInt64]) -> Loss {
        var left = gap.lost
        var named: [String: UInt64] = [:]
        for (topic, records) in topics.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) where left > 0 {
            named[topic] = min(records, left)
            left -= min(records, left)
        }
        let from = gap.sourceFrom ?? gap.sourceTo ?? gap.openedAt
        return Loss(
            .gap(gap.cause), records: gap.lost, first: Stamp(epoch: gap.epoch, sequence: gap.firstSequence),
            last: Stamp(epoch: gap.epoch, sequence: gap.lastSequence), from: from,
            to: max(from, gap.sourceTo ?? gap.sourceFrom ?? gap.closedAt ?? from), topics: named, others: left)
    }
}
