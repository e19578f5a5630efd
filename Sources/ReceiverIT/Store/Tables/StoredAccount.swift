package import Account
package import DiodeProtocol
internal import Outbox
internal import ReceiverITCore
package import Storage

/// The double entry of a link as its rows tell it, inside the transaction of whoever asks: an audit, or the store that notes a
/// balance.
///
/// `delivered + late = published + outbox + shed + dead + folded`: a record that came and became void with the sender's power
/// stands in `repeated` alone, beside what the IT broker may have been sent twice. It has gone one of the five ways, nearly always published; nobody remembers which, so it is
/// taken off in that order.
package struct StoredAccount {
    package private(set) var totals = LinkTotals()
    package private(set) var epochs: [EpochTotals] = []
    package private(set) var beginsAt: Stamp?
    /// What the tracker released is what came to the outbox, what came there went one of its ways or lies in its rows, and
    /// each epoch adds up to its numbers; or a sentence for each that does not hold.
    package private(set) var disagreements: [String] = []

    package init(of id: Int, in database: borrowing Database) throws(StorageError) {
        let (row, _) = try LinkLoader.row(of: id, database)
        let tracks = try LinkLoader.tracks(of: id, database)
        beginsAt = row.tracker.beginsAt
        let account = tracks.reduce(row.tracker.foldedAccount) { $0 + $1.account }
        epochs = tracks.map { EpochTotals(EpochReport($0)) }
        for epoch in epochs
        where Int64(clamping: epoch.firstSequence.rawValue).plus(epoch.sums.sent)
            != Int64(clamping: epoch.lastSequence.rawValue).plus(1)
        {
            disagreements.append(
                "epoch \(epoch.epoch.rawValue) goes from \(epoch.firstSequence.rawValue) to \(epoch.lastSequence.rawValue)"
                    + " and counts \(epoch.sums.sent)")
        }
        totals.sent = Int64(clamping: account.sent)
        totals.decided = totals.sent
        totals.delivered = Int64(clamping: account.delivered)
        totals.late = Int64(clamping: account.late)
        totals.missing = Int64(clamping: account.missing)
        totals.lost = Int64(clamping: account.lost)
        totals.repeated = Int64(clamping: account.repeated)
        totals.pending = Int64(
            clamping: tracks.reduce(into: UInt64(0)) { sum, track in
                let newest = track.announced?.sequence ?? 0
                sum.add(records: newest - min(newest, track.frontier.sequence))
            })
        take(try OutboxTotals(of: id, in: database), waiting: try Self.waiting(of: id, in: database), released: account)
    }

    /// - Parameter rows: deliveries that lie in rows and have not left, refreshes among them: counted, not worked out.
    private mutating func take(_ outbox: OutboxTotals, waiting rows: UInt64, released account: EpochAccount) {
        let released = account.delivered.plus(account.late).plus(account.repeated)
        let left = outbox.left
        let waiting = rows - min(rows, outbox.refreshesLeft)
        if released != outbox.appended {
            disagreements.append("\(released) records were released and \(outbox.appended) came to the outbox")
        }
        if outbox.appended != left.plus(waiting) {
            disagreements.append(
                "\(outbox.appended) records came to the outbox, \(left) left it and \(waiting) lie in it")
        }
        var void = account.repeated
        func less(_ records: UInt64) -> Int64 {
            let taken = min(records, void)
            void -= taken
            return Int64(clamping: records - taken)
        }
        totals.published = less(outbox.published)
        totals.outbox = less(waiting)
        totals.shed = less(outbox.shedSum)
        totals.dead = less(outbox.deadSum)
        totals.folded = less(outbox.folded)
        totals.refreshed = Int64(clamping: outbox.refreshed)
        totals.repeated = totals.repeated.plus(Int64(clamping: outbox.repeatedInDoubt))
    }

    private static func waiting(of id: Int, in database: borrowing Database) throws(StorageError) -> UInt64 {
        // Units have a delivery at every position; last-known values are rows of their own.
        try number("SELECT ending - max(settled, boundary) FROM outbox WHERE link = ?1", id, in: database)
            .plus(
                number(
                    """
                    SELECT count(*) FROM last_known WHERE link = ?1
                        AND position >= (SELECT settled FROM outbox WHERE link = ?1)
                    """, id, in: database))
    }

    private static func number(
        _ sql: String, _ id: Int, in database: borrowing Database
    ) throws(StorageError) -> UInt64 {
        var row = try database.prepare(sql)
        row.bind(1, Int64(id))
        defer { row.reset() }
        return try row.step() ? row.unsigned(0) : 0
    }
}

extension EpochTotals {
    init(_ report: EpochReport) {
        self.init(
            epoch: report.epoch, sender: report.sender, firstSequence: report.firstSequence,
            lastSequence: report.lastSequence,
            sums: EpochSums(report.account), startedAt: report.startedAt, endedAt: report.endedAt)
    }
}
