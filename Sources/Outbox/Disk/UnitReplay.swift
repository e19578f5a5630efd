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
