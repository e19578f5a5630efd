/// The outbox's tables in the receiver's database.
///
/// ```text
/// outbox                one row a link: how far it was stored; how far the IT broker has settled and may take
/// outbox_totals         one row a link and way out, of the IT broker
/// outbox_outputs        one row a link and further output: how far it has settled and may take
/// outbox_output_totals  one row a link, further output and way out
/// outbox_notes          one row a link, output and note: what the output wants to know again after a restart
/// units                 one row a unit: id = link << 48 | position of its first delivery, so in order within each link
/// last_known            one row a value that outlived the limit; older than every unit from `boundary` on
/// ```
public enum OutboxSchema {
    /// All tables but those of further outputs. Part of the database's first migration.
    public static let sql = """
        CREATE TABLE outbox (
            link INTEGER PRIMARY KEY,
            settled INTEGER NOT NULL,    -- every delivery before this position has left
            boundary INTEGER NOT NULL,   -- units before this position have left or were taken apart into last_known
            ending INTEGER NOT NULL,     -- the position after the last that is stored
            permitted INTEGER NOT NULL,  -- the publisher took none from here on
            unit_bytes INTEGER NOT NULL, -- what the units from boundary on count against the limit
            known_bytes INTEGER NOT NULL
        );
        CREATE TABLE outbox_totals (
            link INTEGER NOT NULL, name TEXT NOT NULL, records INTEGER NOT NULL, PRIMARY KEY (link, name)
        ) WITHOUT ROWID;
        CREATE TABLE units (
            id INTEGER PRIMARY KEY,
            records INTEGER NOT NULL, bytes INTEGER NOT NULL,
            epoch INTEGER NOT NULL, first_sequence INTEGER NOT NULL, sequences INTEGER NOT NULL,
            released INTEGER NOT NULL,   -- Unix milliseconds
            marks BLOB NOT NULL,         -- lateness of each record, one byte each; empty: none is late
            content BLOB NOT NULL
        );
        CREATE TABLE last_known (
            link INTEGER NOT NULL, retain INTEGER NOT NULL, topic BLOB NOT NULL, position INTEGER NOT NULL,
            epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, version INTEGER NOT NULL, time INTEGER NOT NULL,
            released INTEGER NOT NULL, qos INTEGER NOT NULL, lateness INTEGER NOT NULL,
            properties BLOB NOT NULL, payload BLOB NOT NULL,
            PRIMARY KEY (link, retain, topic, position)
        ) WITHOUT ROWID;
        CREATE UNIQUE INDEX last_known_position ON last_known (link, position);
        """

    /// The tables of further outputs: a later migration. Without such an output they stay empty.
    public static let outputs = """
        CREATE TABLE outbox_outputs (
            link INTEGER NOT NULL, output TEXT NOT NULL,
            settled INTEGER NOT NULL, permitted INTEGER NOT NULL, -- as in outbox
            PRIMARY KEY (link, output)
        ) WITHOUT ROWID;
        CREATE TABLE outbox_output_totals (
            link INTEGER NOT NULL, output TEXT NOT NULL, name TEXT NOT NULL, records INTEGER NOT NULL,
            PRIMARY KEY (link, output, name)
        ) WITHOUT ROWID
        """

    /// What outputs keep beside: a later migration.
    public static let notes = """
        CREATE TABLE outbox_notes (
            link INTEGER NOT NULL, output TEXT NOT NULL, name BLOB NOT NULL, value BLOB NOT NULL,
            PRIMARY KEY (link, output, name)
        ) WITHOUT ROWID
        """

    /// Links are numbered below this.
    public static let linkLimit = 1 << 15
    /// Positions are below this: at 50,000 records a second it is reached after 178 years.
    static let positionLimit: UInt64 = 1 << 48

    /// The row of a unit.
    static func id(link: Int, position: UInt64) -> Int64 {
        precondition(
            (0..<linkLimit).contains(link) && position < positionLimit, "links and positions have their bounds")
        return Int64(link) << 48 | Int64(position)
    }

    /// The position of a row.
    static func position(id: Int64) -> UInt64 { UInt64(id) & (positionLimit - 1) }

    /// What removes a link's outbox.
    public static func removal(of link: Int) -> String {
        """
        DELETE FROM outbox WHERE link = \(link); DELETE FROM outbox_totals WHERE link = \(link);
        DELETE FROM outbox_outputs WHERE link = \(link); DELETE FROM outbox_output_totals WHERE link = \(link);
        DELETE FROM outbox_notes WHERE link = \(link);
        DELETE FROM units WHERE id >= \(id(link: link, position: 0)) AND id < \(Int64(link + 1) << 48);
        DELETE FROM last_known WHERE link = \(link)
        """
    }
}
