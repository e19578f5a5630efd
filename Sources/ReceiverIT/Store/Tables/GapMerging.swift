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
        var merged: [Merged.Kind: Merged] = [:]
        for gap in oldest {
            let isKnown = acknowledged[gap.id].map { $0 >= gap.lost } ?? false
            merged[Merged.Kind(cause: gap.cause, isAcknowledged: isKnown), default: Merged()].gaps.append(gap)
        }
        try nameTopics(of: &merged, link: id, in: database)
        for (kind, merged) in merged.sorted(by: { $0.value.gaps[0].id < $1.value.gaps[0].id }) {
            guard let loss = merged.loss else { continue }
            _ = try losses.note(loss, link: id, at: time, isAcknowledged: kind.isAcknowledged, in: database)
        }
        for gap in oldest {
            try database.execute(
                """
                DELETE FROM gaps WHERE link = \(id) AND id = \(gap.id);
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

    /// Names the topics of gaps that go. A jump all of whose gaps go into one loss is named there, and goes, too; if its gaps go into several
    /// losses, nobody can say into which of them its records do, and it goes without a name. A jump that reaches gaps which stay, stays.
    private static func nameTopics(
        of merged: inout [Merged.Kind: Merged], link: Int, in database: borrowing Database
    ) throws(StorageError) {
        let order = GapOrder(try LinkLoader.gaps(of: link, database, "AND (missing > 0 OR lost > 0)"))
        var kinds: [UInt64: Merged.Kind] = [:]
        for (kind, merged) in merged { for gap in merged.gaps { kinds[gap.id] = kind } }
        var removal = try database.prepare(
            "DELETE FROM version_jumps WHERE link = ?1 AND topic = ?2 AND before_epoch = ?3 AND before_sequence = ?4")
        for jump in try LinkLoader.jumps(of: link, database) {
            let gaps = order.gaps[order.places(after: jump.after, before: jump.before)]
            guard gaps.allSatisfy({ kinds[$0.id] != nil }) else { continue }
            if let kind = gaps.first.flatMap({ kinds[$0.id] }), gaps.allSatisfy({ kinds[$0.id] == kind }) {
                merged[kind]?.jumps.append(jump)
            }
            removal.bind(1, Int64(link))
            removal.bind(2, blob: jump.topic.span.bytes)
            removal.bind(3, unsigned: jump.before.epoch.rawValue)
            removal.bind(4, unsigned: jump.before.sequence.rawValue)
            try removal.run()
        }
    }
}

/// Gaps that go into one loss.
private struct Merged {
    /// What such gaps have in common.
    struct Kind: Hashable {
        let cause: Gap.Cause
        let isAcknowledged: Bool
    }

    var gaps: [Gap] = []
    var jumps: [VersionJump] = []

    /// Never more records by name than were lost.
    var loss: Loss? {
        var loss: Loss?
        for gap in gaps {
            let from = gap.sourceFrom ?? gap.sourceTo ?? gap.openedAt
            let one = Loss(
                .gap(gap.cause), records: gap.lost, first: Stamp(epoch: gap.epoch, sequence: gap.firstSequence),
                last: Stamp(epoch: gap.epoch, sequence: gap.lastSequence), from: from,
                to: max(from, gap.sourceTo ?? gap.sourceFrom ?? gap.closedAt ?? from))
            loss?.merge(one)
            loss = loss ?? one
        }
        guard var left = loss?.records else { return nil }
        var named: [String: UInt64] = [:]
        for jump in jumps.sorted(by: { ($0.records, $0.before) < ($1.records, $1.before) }) where left > 0 {
            let topic = String(decoding: jump.topic, as: UTF8.self)
            guard named[topic] != nil || named.count < Loss.topicLimit else { continue }
            named[topic, default: 0].add(records: min(jump.records, left))
            left -= min(jump.records, left)
        }
        loss?.topics = named
        loss?.others = left
        return loss
    }
}
