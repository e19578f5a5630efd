/// The tables that a report reads, the ledger aside, which is bound by its own chain.
///
/// Not among them is what no report reads and what later rounds prove by themselves: `contents`, `units`, `outbox_notes`.
package enum SealedTables {
    package static let names = [
        "links", "vitals", "epochs", "holes", "filled", "gaps", "version_jumps", "losses", "loss_topics",
        "acknowledgements", "senders", "rotations", "topics", "outbox", "outbox_totals", "outbox_outputs",
        "outbox_output_totals",
        "last_known",
    ]
    /// Those that are not sealed.
    package static let others = ["contents", "units", "outbox_notes", "ledger", "seal"]

    /// A migration.
    static let sql = """
        CREATE TABLE IF NOT EXISTS seal (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            entry INTEGER NOT NULL, hash BLOB NOT NULL,  -- the ledger's head
            sums TEXT NOT NULL,                          -- a line a table: name, rows, sum of their hashes
            audit_key BLOB NOT NULL, signature BLOB NOT NULL
        )
        """
}
