internal import Account
internal import DiodeProtocol
internal import JSON
internal import Ledger
internal import ReceiverITCore
package import Storage
internal import Time

/// Writes and reads what was acknowledged, inside somebody else's transaction.
package enum AcknowledgementTable {
    /// Part of the schema. Losses bear a mark of their own, so that what is lost later begins a new row.
    static let sql = """
        CREATE TABLE acknowledgements (
            link INTEGER NOT NULL, kind TEXT NOT NULL, id INTEGER NOT NULL,
            at INTEGER NOT NULL, who TEXT NOT NULL, reason TEXT NOT NULL,
            records INTEGER NOT NULL,    -- that were lost then: a gap that loses more counts again
            PRIMARY KEY (link, kind, id)
        ) WITHOUT ROWID
        """

    /// The receiver as a whole among the links, which count from 1.
    package static let receiver = 0

    /// What is to be acknowledged, as it is found.
    private struct Found {
        let link: Int
        let name: String
        let records: UInt64
        let words: String
        /// Whether its own row agrees that it was; a loss's number may be given again.
        var mayBeKnown = true
    }

    /// Acknowledges, and notes it in the ledger.
    /// - Returns: what was acknowledged, for people.
    static func add(
        _ acknowledgement: Acknowledgement, at time: UnixMilliseconds, in database: borrowing Database,
        ledger: inout LedgerWriter
    ) throws(StorageError) -> Result<String, OperatorError> {
        let item = acknowledgement.item
        let found: Found
        switch item.kind {
        case .gap:
            switch try gap(item, of: acknowledgement.link, in: database) {
            case .success(let gap): found = gap
            case .failure(let error): return .failure(error)
            }
        case .loss:
            guard let loss = try loss(item, in: database) else { return .failure(.unknown(item)) }
            found = loss
        case .equivocation:
            guard let entry = try equivocation(item, in: database) else { return .failure(.unknown(item)) }
            found = entry
        case .alteration:
            guard let entry = try alteration(item, in: database) else { return .failure(.unknown(item)) }
            found = entry
        }
        var known = try database.prepare(
            "SELECT who, at, records FROM acknowledgements WHERE link = ?1 AND kind = ?2 AND id = ?3")
        known.bind(1, Int64(found.link))
        known.bind(2, text: item.kind.rawValue)
        known.bind(3, unsigned: item.number)
        if try known.step(), found.mayBeKnown, known.unsigned(2) >= found.records {
            let at = UnixMilliseconds(rawValue: known.unsigned(1))
            return .failure(.already(item, by: known.text(0), at: at))
        }
        known.reset()
        try insert(acknowledgement, found, at: time, in: database)
        let detail =
            "\(item), \(found.words): \(acknowledgement.reason) (\(acknowledgement.by); \(acknowledgement.account))"
        let body: JSONValue = [
            "detail": .text(detail), "item": .text(item.description), "records": .number(found.records),
            "by": .text(acknowledgement.by), "account": .text(acknowledgement.account),
            "reason": .text(acknowledgement.reason),
        ]
        try ledger.append(
            LedgerEntry(link: found.name, at: time.rawValue, kind: ReceiverAction.acknowledged, body: body.line))
        return .success(found.name.isEmpty ? "\(item), \(found.words)" : "\(item) of \(found.name), \(found.words)")
    }

    private static func insert(
        _ acknowledgement: Acknowledgement, _ found: Found, at time: UnixMilliseconds, in database: borrowing Database
    ) throws(StorageError) {
        var row = try database.prepare("INSERT OR REPLACE INTO acknowledgements VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
        row.bind(1, Int64(found.link))
        row.bind(2, text: acknowledgement.item.kind.rawValue)
        row.bind(3, unsigned: acknowledgement.item.number)
        row.bind(4, unsigned: time.rawValue)
        row.bind(5, text: acknowledgement.by)
        row.bind(6, text: acknowledgement.reason)
        row.bind(7, unsigned: found.records)
        try row.run()
        guard acknowledgement.item.kind == .loss else { return }
        var mark = try database.prepare("UPDATE losses SET acknowledged = 1 WHERE id = ?1")
        mark.bind(1, unsigned: acknowledgement.item.number)
        try mark.run()
    }

    // MARK: What there is

    private static func gap(
        _ item: AcknowledgedItem, of link: String?, in database: borrowing Database
    ) throws(StorageError) -> Result<Found, OperatorError> {
        var rows = try database.prepare(
            """
            SELECT links.id, links.name, gaps.missing, gaps.lost FROM gaps JOIN links ON links.id = gaps.link
            WHERE gaps.id = ?1 ORDER BY links.name
            """)
        rows.bind(1, unsigned: item.number)
        var found: [(gap: Found, missing: UInt64)] = []
        while try rows.step() {
            let lost = rows.unsigned(3)
            let gap = Found(
                link: Int(rows.integer(0)), name: rows.text(1), records: lost, words: "\(lost) records lost")
            if link == nil || link == gap.name { found.append((gap, rows.unsigned(2))) }
        }
        guard let (gap, missing) = found.first else { return .failure(.unknown(item)) }
        guard found.count == 1 else { return .failure(.ambiguous(item, links: found.map(\.gap.name))) }
        guard missing == 0 else { return .failure(.notLost(item, state: "open")) }
        guard gap.records > 0 else { return .failure(.notLost(item, state: "healed")) }
        return .success(gap)
    }

    private static func loss(
        _ item: AcknowledgedItem, in database: borrowing Database
    ) throws(StorageError) -> Found? {
        var row = try database.prepare(
            """
            SELECT links.id, links.name, records, layer, reason, acknowledged FROM losses JOIN links ON links.id = losses.link
            WHERE losses.id = ?1
            """)
        row.bind(1, unsigned: item.number)
        defer { row.reset() }
        guard try row.step() else { return nil }
        let cause = try row.lossCause(3, in: database)
        return Found(
            link: Int(row.integer(0)), name: row.text(1), records: row.unsigned(2),
            words: "\(row.unsigned(2)) records (\(cause.layer.storedWord), \(cause.storedReason))",
            mayBeKnown: row.integer(5) != 0)
    }

    private static func equivocation(
        _ item: AcknowledgedItem, in database: borrowing Database
    ) throws(StorageError) -> Found? {
        var row = try database.prepare(
            """
            SELECT links.id, links.name FROM ledger JOIN links ON links.name = ledger.link
            WHERE entry = ?1 AND kind = ?2
            """)
        row.bind(1, unsigned: item.number)
        row.bind(2, text: LinkEvent.Kind.equivocation)
        defer { row.reset() }
        guard try row.step() else { return nil }
        return Found(link: Int(row.integer(0)), name: row.text(1), records: 0, words: "two senders under one key")
    }

    /// It concerns the receiver as a whole, which stands in this table as link 0.
    private static func alteration(
        _ item: AcknowledgedItem, in database: borrowing Database
    ) throws(StorageError) -> Found? {
        var row = try database.prepare("SELECT 1 FROM ledger WHERE entry = ?1 AND kind = ?2")
        row.bind(1, unsigned: item.number)
        row.bind(2, text: ReceiverAction.altered)
        defer { row.reset() }
        guard try row.step() else { return nil }
        return Found(link: receiver, name: "", records: 0, words: "an account that was altered")
    }

    /// What was acknowledged of a link: numbers, and how many records were lost then.
    package static func acknowledged(
        _ kind: AcknowledgedItem.Kind, of link: Int, in database: borrowing Database
    ) throws(StorageError) -> [UInt64: UInt64] {
        var rows = try database.prepare("SELECT id, records FROM acknowledgements WHERE link = ?1 AND kind = ?2")
        rows.bind(1, Int64(link))
        rows.bind(2, text: kind.rawValue)
        var found: [UInt64: UInt64] = [:]
        while try rows.step() { found[rows.unsigned(0)] = rows.unsigned(1) }
        return found
    }
}
