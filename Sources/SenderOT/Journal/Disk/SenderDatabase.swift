internal import DiodeProtocol
public import Storage
internal import Time

/// The sender's database: epochs, the journal of blocks, and the last known values as of some block of it.
///
/// ```text
/// epochs   epoch │ incarnation │ reserved_at │ first_position │ last_sequence │ last_block
/// blocks   position │ header fields │ closed_at │ packets │ content (packed bytes) │ salt
/// journal  one row: how far blocks were sent, their deliveries released, `slots` brought up to date, each echo played, what
///          the epochs came to that have no row any more, and what was known of the OT broker
/// resends  id │ first_position │ last_position      what operators asked for
/// slots    topic │ version │ retained value │ last event
/// seals    id │ first_position │ keys              what blocks from there on are sealed with, as long as a start may have to read one
/// held     topic │ retain │ value      what waits for the rate of its rule, and is acknowledged
/// ```
///
/// A block's position is its epoch's `first_position` + its number − 1: positions grow over all epochs, in the order in which
/// blocks go on the wire.
public enum SenderDatabase {
    /// What has been shipped is never changed; later versions append to it.
    public static let schema = DatabaseSchema(
        owner: "diode-send", applicationID: "UDSN",
        migrations: [
            """
            CREATE TABLE epochs (
                epoch INTEGER PRIMARY KEY, incarnation INTEGER NOT NULL, reserved_at INTEGER NOT NULL
            ) STRICT
            """,
            """
            ALTER TABLE epochs ADD COLUMN first_position INTEGER NOT NULL DEFAULT 1;
            ALTER TABLE epochs ADD COLUMN last_sequence INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE epochs ADD COLUMN last_block INTEGER NOT NULL DEFAULT 0;
            CREATE TABLE blocks (
                position INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, block INTEGER NOT NULL,
                first_sequence INTEGER NOT NULL, last_sequence INTEGER NOT NULL, flags INTEGER NOT NULL,
                part INTEGER NOT NULL, parts INTEGER NOT NULL, plain_bytes INTEGER NOT NULL,
                source_symbols INTEGER NOT NULL, symbol_bytes INTEGER NOT NULL, symbols INTEGER NOT NULL,
                closed_at INTEGER NOT NULL, packets BLOB NOT NULL, content BLOB NOT NULL
            ) STRICT;
            CREATE TABLE journal (
                id INTEGER PRIMARY KEY CHECK (id = 1), sent INTEGER NOT NULL, released INTEGER NOT NULL,
                replay_from INTEGER NOT NULL, echoes TEXT NOT NULL,
                deletions_accepted INTEGER NOT NULL, forgotten INTEGER NOT NULL, slots_epoch INTEGER NOT NULL,
                slots_sequence INTEGER NOT NULL, slots_whole INTEGER NOT NULL
            ) STRICT;
            INSERT INTO journal VALUES (1, 0, 0, 1, '', 0, 0, 0, 0, 0);
            CREATE TABLE resends (
                id INTEGER PRIMARY KEY AUTOINCREMENT, first_position INTEGER NOT NULL, last_position INTEGER NOT NULL
            ) STRICT;
            CREATE TABLE slots (
                id INTEGER PRIMARY KEY, topic BLOB NOT NULL, version INTEGER NOT NULL,
                retained BLOB NOT NULL, event BLOB NOT NULL
            ) STRICT
            """,
            """
            ALTER TABLE journal ADD COLUMN folded_epochs INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE journal ADD COLUMN folded_records INTEGER NOT NULL DEFAULT 0
            """,
            "ALTER TABLE journal ADD COLUMN broker TEXT NOT NULL DEFAULT ''",
            """
            CREATE TABLE held (
                topic BLOB NOT NULL, retain INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (topic, retain)
            ) STRICT, WITHOUT ROWID
            """,
            // NULL: a block of an earlier release, which goes on the wire in version 1.
            "ALTER TABLE blocks ADD COLUMN salt BLOB",
            "CREATE TABLE seals (id INTEGER PRIMARY KEY AUTOINCREMENT, first_position INTEGER NOT NULL, keys BLOB NOT NULL) STRICT",
        ])

    /// Opens the file. A damaged one is set aside first: the sender goes on with an empty journal, and says so.
    static func open(_ path: String, at time: UnixMilliseconds) throws(StorageError) -> OpenedDatabase {
        do throws(StorageError) {
            return OpenedDatabase(database: try Database(path: path, schema: schema), setAside: nil)
        } catch {
            guard case .corrupt = error else { throw error }
            return try replace(path, at: time)
        }
    }

    /// Lets the next start believe its first complete fetch of the retained set, whatever that lacks: for an operator who
    /// releases deletions while no daemon runs. The caller holds the state's lock.
    public static func acceptDeletions(_ path: String) throws(StorageError) {
        try Database(path: path, schema: schema).execute("UPDATE journal SET deletions_accepted = 1")
    }

    /// Sets a damaged file aside, which nobody has open any more, and begins a new one.
    static func replace(_ path: String, at time: UnixMilliseconds) throws(StorageError) -> OpenedDatabase {
        let aside = try SetAside.move(path, time: CalendarTime.fileName(time))
        return OpenedDatabase(database: try Database(path: path, schema: schema), setAside: aside)
    }
}

/// A database, and what had to be moved out of its way.
package struct OpenedDatabase: ~Copyable {
    var database: Database
    /// Where the damaged file is now, if there was one.
    let setAside: String?
}
