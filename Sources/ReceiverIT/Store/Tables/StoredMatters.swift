package import Account
internal import DiodeProtocol
internal import Outbox
internal import ReceiverITCore
package import Storage
internal import Time

/// What of a link's account is not in order as its rows tell it: the rule of the audit, for the daemon that must not look better (D19).
package enum StoredMatters {
    /// Reads all of it, inside somebody else's transaction or as one reading. `differs` is left to whoever has the replica.
    ///
    /// One pass over the link's gaps and losses, which are bounded: milliseconds where there are 100,000.
    package static func read(
        of id: Int, name: String, in database: borrowing Database
    ) throws(StorageError) -> AccountMatters {
        var matters = AccountMatters()
        let account = try StoredAccount(of: id, in: database)
        let named = try readGaps(of: id, into: &matters, in: database)
            .plus(try readLosses(of: id, into: &matters, in: database))
        matters.imbalances =
            account.totals.disagreements + account.epochs.compactMap(\.disagreement) + account.disagreements
        if Int64(clamping: matters.openRecords) != account.totals.missing {
            matters.imbalances.append(
                "\(account.totals.missing) records are missing and \(matters.openRecords) by the open gaps")
        }
        let lost = account.totals.lost.plus(account.totals.shed).plus(account.totals.dead)
        matters.unnamed = UInt64(max(0, lost.minus(Int64(clamping: named))))
        matters.equivocations = try equivocations(of: id, name: name, in: database)
        matters.alterations = try alterations(in: database)
        return matters
    }

    /// - Returns: records that gaps name as lost.
    private static func readGaps(
        of id: Int, into matters: inout AccountMatters, in database: borrowing Database
    ) throws(StorageError) -> UInt64 {
        let acknowledged = try AcknowledgementTable.acknowledged(.gap, of: id, in: database)
        var rows = try database.prepare(
            "SELECT id, missing, lost FROM gaps WHERE link = ?1 AND (missing > 0 OR lost > 0)")
        rows.bind(1, Int64(id))
        var named: UInt64 = 0
        while try rows.step() {
            let (missing, lost) = (rows.unsigned(1), rows.unsigned(2))
            named.add(records: lost)
            switch Gap.State(missing: missing, lost: lost) {
            case .open:
                matters.openGaps += 1
                matters.openRecords.add(records: missing)
            case .lost:
                if let known = acknowledged[rows.unsigned(0)], known >= lost { continue }
                matters.lostGaps += 1
                matters.lostGapRecords.add(records: lost)
            case .healed: break
            }
        }
        return named
    }

    /// - Returns: numbered records that losses name.
    private static func readLosses(
        of id: Int, into matters: inout AccountMatters, in database: borrowing Database
    ) throws(StorageError) -> UInt64 {
        var rows = try database.prepare(
            """
            SELECT layer, reason, records, acknowledged, from_at, to_at, last_epoch, last_sequence FROM losses
            WHERE link = ?1 ORDER BY id
            """)
        let nothing = Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0))
        rows.bind(1, Int64(id))
        var named: UInt64 = 0
        while try rows.step() {
            let cause = try rows.lossCause(0, in: database)
            let records = rows.unsigned(2)
            if cause.isNumbered { named.add(records: records) }
            guard rows.integer(3) == 0 else { continue }
            matters.note(
                cause, layer: cause.layer.storedWord, records: records,
                from: UnixMilliseconds(rawValue: rows.unsigned(4)), to: UnixMilliseconds(rawValue: rows.unsigned(5)),
                last: rows.stamp(6) ?? nothing)
        }
        return named
    }

    /// The same for what a start found changed.
    private static func alterations(in database: borrowing Database) throws(StorageError) -> [String] {
        let acknowledged =
            try AcknowledgementTable.acknowledged(.alteration, of: AcknowledgementTable.receiver, in: database).keys
            .max() ?? 0
        var row = try database.prepare(
            "SELECT count(*), max(entry) FROM ledger WHERE link = '' AND kind = ?1 AND entry > ?2")
        row.bind(1, text: ReceiverAction.altered)
        row.bind(2, unsigned: acknowledged)
        defer { row.reset() }
        guard try row.step(), row.integer(0) > 0 else { return [] }
        return ["the tables are not what the receiver wrote (alteration-\(row.integer(1)))"]
    }

    /// One sentence for all that nobody has acknowledged: who acknowledges one has looked into those before it.
    private static func equivocations(
        of id: Int, name: String, in database: borrowing Database
    ) throws(StorageError) -> [String] {
        let acknowledged = try AcknowledgementTable.acknowledged(.equivocation, of: id, in: database).keys.max() ?? 0
        var row = try database.prepare(
            "SELECT count(*), max(entry) FROM ledger WHERE link = ?1 AND kind = ?2 AND entry > ?3")
        row.bind(1, text: name)
        row.bind(2, text: LinkEvent.Kind.equivocation)
        row.bind(3, unsigned: acknowledged)
        defer { row.reset() }
        guard try row.step(), row.integer(0) > 0 else { return [] }
        return ["two senders use one key, or a sender's disk was rolled back (equivocation-\(row.integer(1)))"]
    }
}
