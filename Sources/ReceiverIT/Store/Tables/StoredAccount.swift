package import DiodeProtocol
package import Storage
internal import ReceiverITCore
package import Account

/// The double entry of a link as its rows tell it, inside the transaction of whoever asks: an audit, or the store that notes a
/// balance.
///
/// `delivered + late = published + outbox + shed + dead + folded`: a record that came and became void with the sender's power
/// stands in `repeated` alone. It has gone one of the five ways, nearly always published; nobody remembers which, so it is
/// taken off in that order.
package struct StoredAccount {
    package private(set) var totals = AuditTotals()
    package private(set) var epochs: [AuditEpoch] = []
    package private(set) var beginsAt: Stamp?
    /// What the tracker released is what came to the outbox, what came there went one of its ways or lies in its rows, and
    /// each epoch adds up to its numbers; or a sentence for each that does not hold.
    package private(set) var disagreements: [String] = []

    /// What became of what was released: the totals, and what lies in the rows.
    private struct Outbox {
        var appended: UInt64 = 0
        var published: UInt64 = 0
        var folded: UInt64 = 0
        var dead: UInt64 = 0
        var shed: UInt64 = 0
        /// Counted, not worked out.
        var waiting: UInt64 = 0
        /// Publishes that repair what the IT broker retains, and how many of them were made: outside of both sums.
        var refreshes: UInt64 = 0
        var refreshed: UInt64 = 0
        var unrefreshed: UInt64 = 0
    }

    package init(of id: Int, in database: borrowing Database) throws(StorageError) {
        let (row, _) = try LinkLoader.row(of: id, database)
        let tracks = try LinkLoader.tracks(of: id, database)
        beginsAt = row.tracker.beginsAt
        let account = tracks.reduce(row.tracker.foldedAccount) { $0 + $1.account }
        epochs = tracks.map { AuditEpoch(EpochReport($0)) }
        for epoch in epochs
        where Int64(clamping: epoch.firstSequence.rawValue) + epoch.sent
            != Int64(clamping: epoch.lastSequence.rawValue) + 1
        {
            disagreements.append(
                "epoch \(epoch.epoch.rawValue) goes from \(epoch.firstSequence.rawValue) to \(epoch.lastSequence.rawValue)"
                    + " and counts \(epoch.sent)")
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
        take(try Self.outbox(of: id, in: database), released: account)
    }

    private mutating func take(_ outbox: Outbox, released account: EpochAccount) {
        let released = account.delivered + account.late + account.repeated
        let left = outbox.published + outbox.folded + outbox.dead + outbox.shed
        if released != outbox.appended {
            disagreements.append("\(released) records were released and \(outbox.appended) came to the outbox")
        }
        if outbox.appended != left + outbox.waiting {
            disagreements.append(
                "\(outbox.appended) records came to the outbox, \(left) left it and \(outbox.waiting) lie in it")
        }
        var void = account.repeated
        func less(_ records: UInt64) -> Int64 {
            let taken = min(records, void)
            void -= taken
            return Int64(clamping: records - taken)
        }
        totals.published = less(outbox.published)
        totals.outbox = less(outbox.waiting)
        totals.shed = less(outbox.shed)
        totals.dead = less(outbox.dead)
        totals.folded = less(outbox.folded)
        totals.refreshed = Int64(clamping: outbox.refreshed)
    }

    private static func outbox(of id: Int, in database: borrowing Database) throws(StorageError) -> Outbox {
        var outbox = Outbox()
        var rows = try database.prepare("SELECT name, records FROM outbox_totals WHERE link = ?1")
        rows.bind(1, Int64(id))
        while try rows.step() {
            let records = rows.unsigned(1)
            switch rows.text(0) {
            case "appended": outbox.appended = records
            // Published twice in doubt: outside of both sums.
            case "repeated": break
            case "refreshes": outbox.refreshes = records
            case "refreshed": outbox.refreshed = records
            case "unrefreshed": outbox.unrefreshed = records
            case "published": outbox.published = records
            case "folded": outbox.folded = records
            case let name where name.hasPrefix("dead."): outbox.dead += records
            case let name where name.hasPrefix("shed."): outbox.shed += records
            case let name: throw .corrupt(path: database.path, reason: "outbox total \(name)")
            }
        }
        // Units have a delivery at every position; last-known values are rows of their own.
        outbox.waiting =
            try number("SELECT ending - max(settled, boundary) FROM outbox WHERE link = ?1", id, in: database)
            + number(
                """
                SELECT count(*) FROM last_known WHERE link = ?1
                    AND position >= (SELECT settled FROM outbox WHERE link = ?1)
                """, id, in: database)
        outbox.waiting -= min(outbox.waiting, outbox.refreshes - outbox.refreshed - outbox.unrefreshed)
        return outbox
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

extension AuditEpoch {
    init(_ report: EpochReport) {
        self.init(
            epoch: report.epoch, firstSequence: report.firstSequence, lastSequence: report.lastSequence,
            sent: Int64(clamping: report.account.sent), delivered: Int64(clamping: report.account.delivered),
            late: Int64(clamping: report.account.late), missing: Int64(clamping: report.account.missing),
            lost: Int64(clamping: report.account.lost), startedAt: report.startedAt, endedAt: report.endedAt)
    }
}
