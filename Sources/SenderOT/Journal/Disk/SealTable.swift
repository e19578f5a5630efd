internal import DiodeProtocol
internal import Storage

/// What the journal's blocks are sealed with: a start reads the newest of them back (ADR 0028).
///
/// ```text
/// seals        1            2          3 (none)             from 3 on blocks are not sealed
/// blocks   ────┴────────────┴────┬─────┴──────▶             a start reads from here: 1 goes, and 2 once the mark is at 3
///                                replay_from
/// ```
/// A row goes into the transaction of the first block that is sealed otherwise than those before it, and out once a start reads none of its blocks.
/// So a file that falls into wrong hands opens what its newest keys have sealed, beside the namespace's values, which it has anyway.
struct SealTable: ~Copyable {
    private struct State {
        /// The ephemeral key of the newest row; empty where its blocks are not sealed, or there is no row.
        var newest: [UInt8] = []
        /// Where each row's blocks begin, ascending.
        var positions: [UInt64] = []
    }

    private var insertion: Statement
    private var removal: Statement
    private var state = State()
    /// As of the last transaction that committed.
    private var kept = State()

    init(_ database: borrowing Database) throws(StorageError) {
        let insertion = try database.prepare("INSERT INTO seals (first_position, keys) VALUES (?, ?)")
        let removal = try database.prepare("DELETE FROM seals WHERE first_position < ?")
        var state = State()
        var rows = try database.prepare("SELECT first_position, keys FROM seals ORDER BY id")
        while try rows.step() {
            state.positions.append(rows.unsigned(0))
            state.newest = SealKeys(stored: rows.blob(1))?.ephemeral ?? []
        }
        // Only now: a move-only value may not be left half made by a throw.
        self.insertion = insertion
        self.removal = removal
        self.state = state
        kept = state
    }

    /// A block is about to be written.
    /// - Parameter keys: what it is sealed with; nil: it is not.
    mutating func note(_ keys: SealKeys?, from position: UInt64) throws(StorageError) {
        let ephemeral = keys?.ephemeral ?? []
        guard ephemeral != state.newest else { return }
        let stored = keys?.stored ?? []
        insertion.bind(1, unsigned: position)
        insertion.bind(2, blob: stored.span.bytes)
        try insertion.run()
        state.newest = ephemeral
        state.positions.append(position)
    }

    /// Deletes what no start needs any more.
    /// - Parameter position: a start reads from there on.
    mutating func forget(before position: UInt64) throws(StorageError) {
        guard let needed = state.positions.lastIndex(where: { $0 <= position }), needed > 0 else { return }
        removal.bind(1, unsigned: state.positions[needed])
        try removal.run()
        state.positions.removeFirst(needed)
    }

    mutating func committed() { kept = state }

    mutating func rolledBack() { state = kept }

    /// All that are stored, oldest first.
    static func read(_ database: borrowing Database) throws(StorageError) -> [SealKeys] {
        var rows = try database.prepare("SELECT keys FROM seals WHERE length(keys) > 0 ORDER BY id")
        var found: [SealKeys] = []
        while try rows.step() {
            // Blocks of one that cannot be read are counted as unreadable.
            if let keys = SealKeys(stored: rows.blob(0)) { found.append(keys) }
        }
        return found
    }
}
