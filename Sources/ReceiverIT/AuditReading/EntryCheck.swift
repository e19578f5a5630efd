internal import Account
internal import Audit
internal import JSON
internal import Ledger
internal import ReceiverITCore
internal import ReceiverITStore
internal import Storage

/// Compares what the ledger's entries say of acknowledgements and of the account with the tables: `--audit --verify`.
///
/// ```text
///  entries "ack"      ─▶ the last of each item ─▶ table acknowledgements, row by row, both ways; marks of losses
///  entries "balance"  ─▶ the newest ───────────▶ numbers that only grow: losses of the receiver by cause, records that left the outbox
/// ```
/// The seal says whether a table is as it was written; a noted head says whether an entry is. So what a table says is proven by a noted head
/// where an entry says it, too.
struct EntryCheck {
    private struct Item: Hashable {
        let kind, number: String
    }

    private struct Accepted: Equatable {
        var at: UInt64
        var who, reason: String
        var records: UInt64
    }

    private let link: String
    private let id: Int
    private let folded: FoldedKinds

    init(link: String, id: Int, folded: FoldedKinds) {
        self.link = link
        self.id = id
        self.folded = folded
    }

    /// What differs first, as a sentence without a full stop; nil: nothing.
    func difference(of audit: LinkAudit, in database: borrowing Database) throws(StorageError) -> String? {
        if let difference = try acknowledgements(audit, in: database) { return difference }
        return try balance(audit, in: database)
    }

    // MARK: Acknowledgements

    private func acknowledgements(
        _ audit: LinkAudit, in database: borrowing Database
    ) throws(StorageError) -> String? {
        let said = try acceptedByEntries(in: database)
        let there = try acceptedByTable(in: database)
        let merged =
            try LedgerReader.entries(of: link, kind: LedgerGaps.merged, in: database)
            .compactMap { $0.json["through"]?.integer }.max() ?? 0
        for (item, (accepted, entry)) in said.sorted(by: { $0.value.entry < $1.value.entry }) {
            // It went with its gap into a loss that bears the mark.
            if item.kind == AcknowledgedItem.Kind.gap.rawValue, Int64(item.number) ?? 0 <= merged { continue }
            guard let row = there[item] else {
                return
                    "\(item.kind)-\(item.number) was acknowledged by entry \(entry) of the ledger, and not by the table"
            }
            guard row == accepted else {
                return
                    "\(item.kind)-\(item.number) is acknowledged otherwise by entry \(entry) of the ledger than by the table"
            }
        }
        // Entries that tell of acknowledgements are folded last of all.
        guard !folded.contains(ReceiverAction.acknowledged) else { return nil }
        for item in there.keys where said[item] == nil {
            return "\(item.kind)-\(item.number) is acknowledged by the table, and no entry of the ledger tells of it"
        }
        for loss in audit.losses where loss.isAcknowledged && loss.cause.layer != .gap {
            guard let number = loss.id, said[Item(kind: "loss", number: String(number))] == nil else { continue }
            return "loss-\(number) is acknowledged by the table, and no entry of the ledger tells of it"
        }
        return nil
    }

    private func acceptedByEntries(
        in database: borrowing Database
    ) throws(StorageError) -> [Item: (accepted: Accepted, entry: Int64)] {
        let forgotten = try forgotten(in: database)
        var said: [Item: (accepted: Accepted, entry: Int64)] = [:]
        for (number, entry) in try LedgerReader.numberedEntries(
            of: link, kind: ReceiverAction.acknowledged, in: database)
        where number > forgotten {
            let body = entry.json
            let name = (body["item"]?.text ?? "").split(separator: "-", maxSplits: 1)
            guard name.count == 2, let who = body["by"]?.text, let reason = body["reason"]?.text,
                let records = body["records"]?.integer
            else { continue }
            said[Item(kind: String(name[0]), number: String(name[1]))] = (
                Accepted(at: entry.at, who: who, reason: reason, records: UInt64(clamping: records)), number
            )
        }
        return said
    }

    private func acceptedByTable(in database: borrowing Database) throws(StorageError) -> [Item: Accepted] {
        var rows = try database.prepare(
            "SELECT kind, id, at, who, reason, records FROM acknowledgements WHERE link = ?1")
        rows.bind(1, Int64(id))
        var there: [Item: Accepted] = [:]
        while try rows.step() {
            there[Item(kind: rows.text(0), number: String(rows.unsigned(1)))] = Accepted(
                at: rows.unsigned(2), who: rows.text(3), reason: rows.text(4), records: rows.unsigned(5))
        }
        return there
    }

    // MARK: The account

    private func balance(_ audit: LinkAudit, in database: borrowing Database) throws(StorageError) -> String? {
        guard
            let (number, entry) = try LedgerReader.numberedEntries(of: link, kind: LinkBalance.kind, in: database).last,
            number > (try forgotten(in: database))
        else { return nil }
        let body = entry.json
        let place = "entry \(number) of the ledger"
        var there: [LossCause: UInt64] = [:]
        for loss in audit.losses { there[loss.cause] = (there[loss.cause] ?? 0) &+ loss.records }
        for row in body["losses"]?.elements ?? [] {
            guard let cells = row.elements, cells.count == 3, let layer = cells[0].text, let reason = cells[1].text,
                let records = cells[2].integer, let cause = LossCause(storedLayer: layer, reason: reason)
            else { return "\(place) tells of losses, and cannot be read" }
            let known = Int64(clamping: there[cause] ?? 0)
            guard known < records else { continue }
            return "\(records) records were lost (\(layer), \(reason)) by \(place), and \(known) by the table of losses"
        }
        // What became void with the sender's power left the outbox, too, and is in none of these numbers.
        let voids = try LedgerReader.numberedEntries(of: link, kind: LinkEvent.Kind.void, in: database)
        guard voids.last?.number ?? 0 < number, let totals = body["totals"].flatMap({ LinkTotals(json: $0) }) else {
            return nil
        }
        let (said, known) = (Self.left(totals), Self.left(audit.totals))
        guard known < said else { return nil }
        return "\(said) records of \(link) were published, shed, dead or folded by \(place), and \(known) by the tables"
    }

    /// Records that have left the outbox.
    private static func left(_ totals: LinkTotals) -> Int64 {
        totals.published.plus(totals.shed).plus(totals.dead).plus(totals.folded)
    }

    /// The entry that says that the link was forgotten; 0: none.
    private func forgotten(in database: borrowing Database) throws(StorageError) -> Int64 {
        try LedgerReader.numberedEntries(of: "", kind: ReceiverAction.forgotten, in: database)
            .last { $0.entry.json["link"]?.text == link }?.number ?? 0
    }
}
