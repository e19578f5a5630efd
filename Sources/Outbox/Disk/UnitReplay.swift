public import Deliveries
public import Storage

/// Reads stored units again: they are the log behind the replica's last checkpoint.
public enum UnitReplay {
    /// Hands over every unit of a link from a position on, in order, published or not.
    /// - Parameters:
    ///   - position: the checkpoint that was passed to `OutboxWriter.write`; nil for all that is stored.
    ///   - body: the unit and the position after it.
    /// - Throws: what the database or the body throws.
    public static func read(
        link: Int, from position: OutboxPosition?, in database: borrowing Database,
        _ body: (DeliveryUnit, OutboxPosition) throws(StorageError) -> Void
    ) throws(StorageError) {
        var units = try database.prepare(
            "SELECT \(UnitRow.columns) FROM units WHERE id >= ?1 AND id < ?2 ORDER BY id")
        units.bind(1, OutboxSchema.id(link: link, position: position?.rawValue ?? 0))
        units.bind(2, OutboxSchema.id(link: link, position: OutboxSchema.positionLimit - 1))
        let now = ReadingTime()
        while try units.step() {
            let placed = try UnitRow.read(units, path: database.path, now: now)
            try body(placed.unit, OutboxPosition(rawValue: placed.end))
        }
    }
}

extension OutboxTotals {
    /// What the database has of a link; nothing at all if it knows no outbox of it.
    /// - Throws: `corrupt` for a total of a name that nobody here knows.
    public init(of link: Int, in database: borrowing Database) throws(StorageError) {
        self.init()
        var rows = try database.prepare("SELECT name, records FROM outbox_totals WHERE link = ?1")
        rows.bind(1, Int64(link))
        while try rows.step() {
            guard restore(rows.text(0), rows.unsigned(1)) else {
                throw .corrupt(path: database.path, reason: "outbox total \(rows.text(0))")
            }
        }
    }
}

extension SavedOutbox {
    /// - Returns: nil if the link has no outbox there.
    init?(link: Int, in database: borrowing Database) throws(StorageError) {
        var row = try database.prepare(
            "SELECT settled, boundary, ending, permitted, unit_bytes, known_bytes FROM outbox WHERE link = ?1")
        row.bind(1, Int64(link))
        guard try row.step() else { return nil }
        settled = row.unsigned(0)
        boundary = row.unsigned(1)
        ending = row.unsigned(2)
        let permitted = min(row.unsigned(3), row.unsigned(2))
        unitBytes = Int(row.integer(4))
        knownBytes = Int(row.integer(5))
        row.reset()
        totals = try OutboxTotals(of: link, in: database)
        guard totals.left <= totals.appended, max(settled, boundary) <= ending, ending < OutboxSchema.positionLimit
        else { throw .corrupt(path: database.path, reason: "the outbox of link \(link) does not add up") }
        var known = try database.prepare(
            "SELECT count(*) FROM last_known WHERE link = ?1 AND position >= ?2 AND position < ?3")
        known.bind(1, Int64(link))
        known.bind(2, unsigned: settled)
        known.bind(3, unsigned: permitted)
        inDoubt = 0
        while try known.step() { inDoubt = known.unsigned(0) }
        // Units have a delivery at every position.
        let first = max(settled, boundary)
        if permitted > first { inDoubt += permitted - first }
    }
}
