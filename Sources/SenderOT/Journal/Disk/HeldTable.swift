internal import Collections
internal import DiodeProtocol
internal import SenderOTCore
internal import Storage

/// Writes the table of values that wait for the rate of their rules, inside the journal's transactions.
struct HeldTable: ~Copyable {
    private var replacement: Statement
    private var removal: Statement

    init(_ database: borrowing Database) throws(StorageError) {
        let replacement = try database.prepare("INSERT OR REPLACE INTO held VALUES (?, ?, ?)")
        let removal = try database.prepare("DELETE FROM held WHERE topic = ? AND retain = ?")
        self.replacement = replacement
        self.removal = removal
    }

    /// Writes a row, or removes it.
    mutating func write(_ key: HeldKey, _ row: [UInt8]?) throws(StorageError) {
        guard let row else {
            removal.bind(1, blob: key.topic.span.bytes)
            removal.bind(2, key.retain ? 1 : 0)
            return try removal.run()
        }
        replacement.bind(1, blob: key.topic.span.bytes)
        replacement.bind(2, key.retain ? 1 : 0)
        replacement.bind(3, blob: row.span.bytes)
        try replacement.run()
    }

    /// What waited when an earlier lifetime ended, in the order in which it came. A row that cannot be read is left out.
    static func read(_ database: borrowing Database) throws(StorageError) -> [RestoredHeldValue] {
        var found: [RestoredHeldValue] = []
        var rows = try database.prepare("SELECT topic, retain, value FROM held")
        while try rows.step() {
            let value = NamespaceSlots.Value(encoded: rows.blob(2))
            guard value.state == .held else { continue }
            found.append(
                RestoredHeldValue(
                    topic: [UInt8](copying: rows.blob(0)),
                    value: HeldValue(value, retain: rows.integer(1) != 0)))
        }
        return found.sorted { $0.value.time < $1.value.time }
    }
}
