internal import Ledger
internal import Outbox
public import Storage

/// The receiver's database: what every part of it stores, in one file, so that one transaction holds all of a decision.
///
/// ```text
/// links ──┬─ senders               what is known of the sender of each card
///         ├─ rotations             from each paired card to its key in use
///         ├─ epochs ── holes      what was decided, and what is missing      (LinkTables)
///         ├─ filled               of what is missing by block, what came as a slot
///         ├─ gaps                 open, lost, and healed ones as history
///         ├─ version_jumps        which topics' records are missing, and between which stamps
///         ├─ contents             hashes of accepted blocks
///         ├─ topics               stamps, as of the last checkpoint; units are the log behind it
///         ├─ vitals               what was last heard, counters: about once a second
///         ├─ losses ── loss_topics   what never will be published, by layer    (LossTable)
///         ├─ acknowledgements     what somebody has accepted as lost           (AcknowledgementTable)
///         ├─ outbox, outbox_totals, units, last_known                          (Outbox)
///         ├─ outbox_outputs, outbox_output_totals   of outputs beside the IT broker   (Outbox)
///         ├─ outbox_notes         what outputs want to know again after a restart      (Outbox)
///         ├─ seal                 the receiver's signature over what reports read      (Sealing)
///         └─ ledger                                                            (Ledger)
/// ```
public enum StoreSchema {
    /// Whose it is, and its migrations.
    public static let schema = DatabaseSchema(
        owner: "diode-recv", applicationID: "UDRV",
        migrations: [
            [links, tracker, replica, losses, OutboxSchema.sql, LedgerSchema.sql].joined(separator: ";\n"),
            AcknowledgementTable.sql, state, gapTopics, sourceClock, lostGaps, OutboxSchema.outputs,
            OutboxSchema.notes, refusals, rivals, journalled, versionJumps, SealedTables.sql, wire,
            rotations, paths, senders,
        ])

    /// One for each card of a link (ADR 0033). Where a link had one sender, what was known of it stood in `links` and `vitals`.
    private static let senders = """
        CREATE TABLE senders (
            link INTEGER NOT NULL, place INTEGER NOT NULL, -- of its card, from 0 on
            fingerprint TEXT NOT NULL,
            beat_epoch INTEGER NOT NULL DEFAULT 0, beat_incarnation INTEGER, beat_block INTEGER NOT NULL DEFAULT 0,
            beat BLOB, heard_until INTEGER, heard_floor INTEGER NOT NULL DEFAULT 0, rivals_since INTEGER,
            PRIMARY KEY (link, place)
        ) WITHOUT ROWID;
        INSERT INTO senders
            SELECT id, 0, fingerprint, beat_epoch, beat_incarnation, beat_block, beat, heard_until, heard_floor, rivals_since
            FROM links LEFT JOIN vitals ON vitals.link = id;
        ALTER TABLE epochs ADD COLUMN sender INTEGER NOT NULL DEFAULT 0
        """

    /// What each path has brought since the start, as JSON.
    private static let paths = "ALTER TABLE vitals ADD COLUMN paths TEXT NOT NULL DEFAULT '[]'"

    /// How the newest beat came: 0 none was heard, else the wire's version, and 256 more if it was sealed.
    private static let wire = "ALTER TABLE vitals ADD COLUMN wire INTEGER NOT NULL DEFAULT 0"

    /// The statements by which a link's keys went on from the cards that were paired, as they came (ADR 0031); `place`: that of the statement
    /// in its chain, and 32 more for each card before.
    private static let rotations = """
        CREATE TABLE rotations (
            link INTEGER NOT NULL, place INTEGER NOT NULL, statement BLOB NOT NULL, PRIMARY KEY (link, place)
        ) WITHOUT ROWID
        """

    private static let links = """
        CREATE TABLE links (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL,
            next_gap INTEGER NOT NULL DEFAULT 1, heard_floor INTEGER NOT NULL DEFAULT 0,
            begins_epoch INTEGER, begins_sequence INTEGER,
            folded_epochs INTEGER NOT NULL DEFAULT 0, folded_delivered INTEGER NOT NULL DEFAULT 0,
            folded_late INTEGER NOT NULL DEFAULT 0, folded_missing INTEGER NOT NULL DEFAULT 0,
            folded_lost INTEGER NOT NULL DEFAULT 0, folded_repeated INTEGER NOT NULL DEFAULT 0,
            forgotten INTEGER NOT NULL DEFAULT 0,
            snapshot_epoch INTEGER NOT NULL DEFAULT 0, snapshot_incarnation INTEGER,
            snapshot_block INTEGER NOT NULL DEFAULT 0,
            beat_epoch INTEGER NOT NULL DEFAULT 0, beat_incarnation INTEGER, beat_block INTEGER NOT NULL DEFAULT 0,
            checkpoint INTEGER NOT NULL DEFAULT 0 -- units from this outbox position on are the replica's log
        );
        CREATE TABLE vitals (
            link INTEGER PRIMARY KEY, at INTEGER NOT NULL,
            state TEXT NOT NULL, since INTEGER NOT NULL, reason TEXT NOT NULL, heard_until INTEGER,
            offset_min INTEGER, offset_max INTEGER, beat BLOB, counters TEXT NOT NULL
        )
        """

    private static let tracker = """
        CREATE TABLE epochs (
            link INTEGER NOT NULL, epoch INTEGER NOT NULL, incarnation INTEGER,
            first_sequence INTEGER NOT NULL, frontier_block INTEGER NOT NULL, frontier_sequence INTEGER NOT NULL,
            delivered INTEGER NOT NULL, late INTEGER NOT NULL, missing INTEGER NOT NULL, lost INTEGER NOT NULL,
            repeated INTEGER NOT NULL, announced_block INTEGER, announced_sequence INTEGER,
            shed BLOB NOT NULL,          -- pairs of 8 bytes: first sequence of a unit, records shed in it
            is_final INTEGER NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER, was_undurable INTEGER NOT NULL,
            PRIMARY KEY (link, epoch)
        ) WITHOUT ROWID;
        CREATE TABLE holes (
            link INTEGER NOT NULL, epoch INTEGER NOT NULL, first_block INTEGER NOT NULL, last_block INTEGER NOT NULL,
            gap INTEGER NOT NULL, first_sequence INTEGER NOT NULL, records INTEGER NOT NULL, is_lost INTEGER NOT NULL,
            PRIMARY KEY (link, epoch, first_block)
        ) WITHOUT ROWID;
        CREATE TABLE gaps (
            link INTEGER NOT NULL, id INTEGER NOT NULL, epoch INTEGER NOT NULL,
            first_sequence INTEGER NOT NULL, last_sequence INTEGER NOT NULL,
            first_block INTEGER NOT NULL, last_block INTEGER NOT NULL, opened_at INTEGER NOT NULL,
            cause TEXT NOT NULL, closed_at INTEGER, healed_by TEXT, missing INTEGER NOT NULL, lost INTEGER NOT NULL,
            PRIMARY KEY (link, id)
        ) WITHOUT ROWID;
        CREATE TABLE contents (
            link INTEGER NOT NULL, place INTEGER NOT NULL, epoch INTEGER NOT NULL, block INTEGER NOT NULL,
            hash BLOB NOT NULL, PRIMARY KEY (link, place)
        ) WITHOUT ROWID
        """

    private static let replica = """
        CREATE TABLE topics (
            link INTEGER NOT NULL, id INTEGER NOT NULL, name BLOB NOT NULL,
            retained_epoch INTEGER, retained_sequence INTEGER, event_epoch INTEGER, event_sequence INTEGER,
            version INTEGER NOT NULL, PRIMARY KEY (link, id)
        ) WITHOUT ROWID
        """

    /// What slices and checkpoints brought.
    private static let state = """
        ALTER TABLE topics ADD COLUMN retained_hash BLOB;  -- NULL: nothing is held; with a stamp it was deleted
        ALTER TABLE topics ADD COLUMN retained_value INTEGER; -- hash of the payload alone
        ALTER TABLE topics ADD COLUMN event_hash BLOB;
        ALTER TABLE links ADD COLUMN is_whole INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE links ADD COLUMN is_settled INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE links ADD COLUMN digest_matches INTEGER;
        ALTER TABLE links ADD COLUMN compared_epoch INTEGER;
        ALTER TABLE links ADD COLUMN compared_sequence INTEGER;
        ALTER TABLE links ADD COLUMN compared_at INTEGER;
        ALTER TABLE links ADD COLUMN it_matches INTEGER;
        CREATE TABLE filled (
            link INTEGER NOT NULL, epoch INTEGER NOT NULL,
            word INTEGER NOT NULL,       -- 64 sequences from 64 times this on
            bits INTEGER NOT NULL,       -- those of a hole whose records came as slots
            PRIMARY KEY (link, epoch, word)
        ) WITHOUT ROWID
        """

    /// Of what a gap swallowed, what later records have told: a jump over several gaps in each of them. ``versionJumps`` took its place.
    private static let gapTopics = """
        CREATE TABLE gap_topics (
            link INTEGER NOT NULL, gap INTEGER NOT NULL, topic BLOB NOT NULL, records INTEGER NOT NULL,
            PRIMARY KEY (link, gap, topic)
        ) WITHOUT ROWID
        """

    /// The sender's clock beside what was decided, announced and missed.
    private static let sourceClock = """
        ALTER TABLE epochs ADD COLUMN source_decided INTEGER;         -- of the newest block in order
        ALTER TABLE epochs ADD COLUMN source_announced_from INTEGER;  -- of the first and the newest beat that
        ALTER TABLE epochs ADD COLUMN source_announced_until INTEGER; -- announced what is announced
        ALTER TABLE gaps ADD COLUMN source_from INTEGER;
        ALTER TABLE gaps ADD COLUMN source_to INTEGER
        """

    /// So that the limit of lost gaps can be kept without reading all that healed.
    private static let lostGaps = "CREATE INDEX gaps_lost ON gaps (link, id) WHERE lost > 0 AND missing = 0"

    private static let refusals = "ALTER TABLE links ADD COLUMN it_refused INTEGER"

    /// From this clock of the sender on a beat of an older epoch shows a second sender.
    private static let rivals = "ALTER TABLE links ADD COLUMN rivals_since INTEGER"

    /// Up to which sequence the sender's journal held the epoch for good, as its beats said.
    private static let journalled = "ALTER TABLE epochs ADD COLUMN journalled INTEGER NOT NULL DEFAULT 0"

    /// Of what gaps swallowed, what later records have told.
    private static let versionJumps = """
        CREATE TABLE version_jumps (
            link INTEGER NOT NULL, topic BLOB NOT NULL,
            before_epoch INTEGER NOT NULL, before_sequence INTEGER NOT NULL, -- of the record that told of it
            after_epoch INTEGER NOT NULL, after_sequence INTEGER NOT NULL,   -- of the topic's record before
            first_version INTEGER NOT NULL, last_version INTEGER NOT NULL,   -- the missing ones; from 0: only how many, at most
            PRIMARY KEY (link, topic, before_epoch, before_sequence)
        ) WITHOUT ROWID;
        INSERT INTO version_jumps
            SELECT link, topic, before_epoch, before_sequence, after_epoch, after_sequence, 0, records - 1
            FROM (\(jumpsOfEarlierReleases));
        DROP TABLE gap_topics
        """

    /// What `gap_topics` tells: of a topic that several gaps name, the largest of the numbers is missing between the first and the last of
    /// them.
    package static let jumpsOfEarlierReleases = """
        SELECT named.link AS link, topic, max(gaps.epoch) AS before_epoch,
            max(CASE WHEN gaps.epoch = newest THEN last_sequence + 1 ELSE 0 END) AS before_sequence,
            min(gaps.epoch) AS after_epoch,
            min(CASE WHEN gaps.epoch = oldest THEN first_sequence - 1 ELSE 9223372036854775807 END) AS after_sequence,
            max(records) AS records
        FROM gap_topics AS named JOIN gaps ON gaps.link = named.link AND gaps.id = named.gap
            JOIN (
                SELECT named.link AS spanned, topic AS name, max(epoch) AS newest, min(epoch) AS oldest
                FROM gap_topics AS named JOIN gaps ON gaps.link = named.link AND gaps.id = named.gap
                GROUP BY named.link, topic
            ) ON spanned = named.link AND name = topic
        WHERE records > 0 GROUP BY named.link, topic
        """

    private static let losses = """
        CREATE TABLE losses (
            id INTEGER PRIMARY KEY, link INTEGER NOT NULL, layer TEXT NOT NULL, reason TEXT NOT NULL,
            noted_at INTEGER NOT NULL, records INTEGER NOT NULL, from_at INTEGER NOT NULL, to_at INTEGER NOT NULL,
            first_epoch INTEGER NOT NULL, first_sequence INTEGER NOT NULL,
            last_epoch INTEGER NOT NULL, last_sequence INTEGER NOT NULL,
            others INTEGER NOT NULL,     -- records of topics that are not named
            acknowledged INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX losses_cause ON losses (link, layer, reason, id);
        CREATE TABLE loss_topics (
            loss INTEGER NOT NULL, topic TEXT NOT NULL, records INTEGER NOT NULL, PRIMARY KEY (loss, topic)
        ) WITHOUT ROWID
        """
}
