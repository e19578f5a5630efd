internal import DiodeProtocol
internal import Storage

/// What the journal's blocks are sealed with: a start reads the newest of them back (ADR 0028).
///
/// ```text
/// seals        1            2          3                    a start reads from here: 1 has gone
/// blocks   ────┴────────────┴────┬─────┴──────▶             when 3 was written, 2 was still needed
///                                replay_from
/// ```
/// Keys go into the transaction of the first block that is sealed with them, and are deleted once a start reads none of their blocks. So a file that
/// falls into wrong hands opens what crossed the link since then, beside the namespace's values, which it has anyway.
struct SealTable: ~Copyable {
    private var insertion: Statement
    private var removal: Statement
    /// The ephemeral key that was stored last.
    private var newest: [UInt8] = []

    init(_ database: borrowing Database) throws(StorageError) {
        let insertion = try database.prepare("INSERT INTO seals (first_position, keys) VALUES (?, ?)")
        let removal = try database.prepare(
            """
            DELETE FROM seals WHERE id < (
                SELECT max(id) FROM seals
                WHERE first_position <= (SELECT min(replay_from, released + 1) FROM journal))
            """)
        // Only now: a move-only value may not be left half made by a throw.
        self.insertion = insertion
        self.removal = removal
    }

    /// A block is about to be written that is sealed with these.
    mutating func note(_ keys: SealKeys, from position: UInt64) throws(StorageError) {
        guard keys.ephemeral != newest else { return }
        try removal.run()
        insertion.bind(1, unsigned: position)
        insertion.bind(2, blob: keys.stored.span.bytes)
        try insertion.run()
        newest = keys.ephemeral
    }

    /// What the transaction had written is not there.
    mutating func rolledBack() { newest = [] }

    /// All that are stored, oldest first.
    static func read(_ database: borrowing Database) throws(StorageError) -> [SealKeys] {
        var rows = try database.prepare("SELECT keys FROM seals ORDER BY id")
        var found: [SealKeys] = []
        while try rows.step() {
            if let keys = SealKeys(stored: rows.blob(0)) { found.append(keys) }
        }
        return found
    }
}
