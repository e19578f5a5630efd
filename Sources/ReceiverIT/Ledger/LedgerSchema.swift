/// The ledger's table in the receiver's database. Part of its first migration.
public enum LedgerSchema {
    /// Rows are appended; `entry` counts from 1 without holes but those that a fold names (``LedgerFold``).
    public static let sql = """
        CREATE TABLE ledger (
            entry INTEGER PRIMARY KEY,
            link TEXT NOT NULL,
            at INTEGER NOT NULL,         -- Unix milliseconds
            kind TEXT NOT NULL,
            body TEXT NOT NULL,          -- JSON
            hash BLOB NOT NULL           -- of this entry and, through the one before, of all before it
        );
        CREATE INDEX ledger_kind ON ledger (link, kind, entry);
        """
}
