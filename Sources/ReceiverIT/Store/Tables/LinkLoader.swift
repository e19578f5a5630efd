package import Account
internal import Crypto
internal import Deliveries
package import DiodeProtocol
internal import JSON
package import Outbox
package import ReceiverITCore
package import Storage
internal import Time

/// Reads what `LinkTables` stored: at a start, to go on from.
///
/// The replica's stamps are those of its last checkpoint, with every unit behind it applied once more: stamps alone decide,
/// so it does not matter which of them were in already.
package enum LinkLoader {
    /// The number that a link has in all tables; a new one if there is none.
    /// - Parameter number: the one it had in a file that was set aside.
    package static func id(
        of name: String, fingerprint: String, number: Int? = nil, in database: borrowing Database
    ) throws(StorageError) -> Int {
        var row = try database.prepare(
            """
            INSERT INTO links (id, name, fingerprint) VALUES (?3, ?1, ?2)
            ON CONFLICT (name) DO UPDATE SET fingerprint = excluded.fingerprint RETURNING id
            """)
        row.bind(1, text: name)
        row.bind(2, text: fingerprint)
        if let number { row.bind(3, Int64(number)) } else { row.bindNull(3) }
        var id = 0
        while try row.step() { id = Int(row.integer(0)) }
        return id
    }

    /// The statements by which a link's key went on, as they were stored: nobody has to believe them. What cannot be read is none.
    package static func rotations(of name: String, in database: borrowing Database) throws(StorageError) -> [Rotation] {
        // An audit also reads a file that no daemon of this release has opened yet.
        guard try has("statement", in: "rotations", database) else { return [] }
        var rows = try database.prepare(
            "SELECT statement FROM rotations JOIN links ON links.id = rotations.link WHERE links.name = ?1 ORDER BY place"
        )
        rows.bind(1, text: name)
        var found: [Rotation] = []
        while try rows.step() {
            do throws(FrameError) { found.append(try Rotation(decoding: rows.blob(0))) } catch { continue }
        }
        return found
    }

    /// Everything of one link.
    /// - Returns: the link, its counters so far, and where the replica's log begins.
    static func load(
        _ id: Int, limits: Replica.Limits, from database: borrowing Database
    ) throws(StorageError) -> (link: StoredLink, counters: ReceiverCounters, checkpoint: OutboxPosition) {
        var stored = StoredLink(replica: Replica(limits: limits))
        let checkpoint: OutboxPosition
        (stored.link, checkpoint) = try row(of: id, database)
        stored.tracks = try tracks(of: id, database)
        try loadHoles(id, into: &stored, database)
        stored.gaps = try gaps(of: id, database, "AND (missing > 0 OR lost > 0)")
        stored.jumps = try jumps(of: id, database)
        try loadContents(id, into: &stored, database)
        try loadReplica(id, from: checkpoint, into: &stored.replica, database)
        let vitals = try vitals(of: id, database)
        stored.senders = try SenderTable.rows(of: id, database)
        stored.clockOffsetMilliseconds = vitals?.clockOffsetMilliseconds
        stored.form = vitals?.form
        return (stored, vitals?.counters ?? ReceiverCounters(), checkpoint)
    }

    package static func row(of id: Int, _ database: borrowing Database) throws(StorageError) -> (
        LinkRow, OutboxPosition
    ) {
        var row = try database.prepare(
            """
            SELECT next_gap, begins_epoch, begins_sequence, folded_epochs, folded_delivered, folded_late,
                folded_missing, folded_lost, folded_repeated, forgotten, snapshot_epoch, snapshot_incarnation,
                snapshot_block, checkpoint, is_whole, is_settled,
                digest_matches, compared_epoch, compared_sequence, compared_at, it_matches FROM links WHERE id = ?1
            """)
        row.bind(1, Int64(id))
        var link = LinkRow()
        var checkpoint = OutboxPosition(rawValue: 0)
        while try row.step() {
            try row.requireNumbers(3...9, of: "the account of a link", in: database)
            link.tracker.nextGap = row.unsigned(0)
            link.tracker.beginsAt = row.stamp(1)
            link.tracker.foldedEpochs = row.unsigned(3)
            link.tracker.foldedAccount = account(row, 4)
            link.tracker.forgottenRecords = row.unsigned(9)
            link.snapshot = row.frontier(10)
            checkpoint = OutboxPosition(rawValue: row.unsigned(13))
            link.rounds = RoundWatch(isWhole: row.integer(14) != 0, isSettled: row.integer(15) != 0)
            link.digest = DigestWatch(
                matches: row.optional(16).map { $0 != 0 }, comparedAt: row.stamp(17),
                comparedTime: row.time(19))
            link.itMatches = row.optional(20).map { $0 != 0 }
        }
        link.itRefused = try refused(of: id, database)
        return (link, checkpoint)
    }

    /// An audit also reads a file that no daemon of this release has opened yet: then nobody has counted.
    private static func refused(of id: Int, _ database: borrowing Database) throws(StorageError) -> UInt64? {
        guard try has("it_refused", in: "links", database) else { return nil }
        var row = try database.prepare("SELECT it_refused FROM links WHERE id = ?1")
        row.bind(1, Int64(id))
        guard try row.step() else { return nil }
        return row.optional(0).map { UInt64(clamping: $0) }
    }

    static func has(
        _ column: String, in table: String, _ database: borrowing Database
    ) throws(StorageError) -> Bool {
        var row = try database.prepare("SELECT 1 FROM pragma_table_info('\(table)') WHERE name = '\(column)'")
        return try row.step()
    }

    /// What the sender's beats said of its journal, and which sender that is. A file that no daemon of this release has opened yet has none of it.
    private static func addJournalled(
        to tracks: inout [TrackRow], of id: Int, _ database: borrowing Database
    ) throws(StorageError) {
        guard try has("journalled", in: "epochs", database) else { return }
        let sender = try has("sender", in: "epochs", database) ? "sender" : "0"
        var rows = try database.prepare("SELECT journalled, \(sender) FROM epochs WHERE link = ?1 ORDER BY epoch")
        rows.bind(1, Int64(id))
        for index in tracks.indices where try rows.step() {
            tracks[index].journalled = rows.unsigned(0)
            tracks[index].sender = Int(clamping: rows.integer(1))
            guard SenderTable.places.contains(tracks[index].sender) else {
                throw .corrupt(path: database.path, reason: "an epoch of the card at place \(tracks[index].sender)")
            }
        }
    }

    package static func tracks(of id: Int, _ database: borrowing Database) throws(StorageError) -> [TrackRow] {
        var rows = try database.prepare(
            """
            SELECT epoch, incarnation, first_sequence, frontier_block, frontier_sequence, delivered, late, missing,
                lost, repeated, announced_block, announced_sequence, shed, is_final, started_at, ended_at,
                was_undurable, source_decided, source_announced_from, source_announced_until
            FROM epochs WHERE link = ?1 ORDER BY epoch
            """)
        rows.bind(1, Int64(id))
        var tracks: [TrackRow] = []
        while try rows.step() {
            try rows.requireNumbers(0...0, of: "an epoch", in: database)
            try rows.requireNumbers(2...11, of: "an epoch", in: database)
            guard rows.unsigned(2) > 0 else {
                throw .corrupt(path: database.path, reason: "an epoch whose account begins with record 0")
            }
            let shed = rows.bytes(12)
            let marks = stride(from: 0, to: shed.count / 16 * 16, by: 16).map { offset in
                let pair = Digest16(loading: shed.span.bytes, at: offset)
                return EpochTrack.ShedMark(sequence: pair.first, records: pair.second)
            }
            tracks.append(
                TrackRow(
                    epoch: Epoch(rawValue: rows.unsigned(0)),
                    incarnation: rows.optional(1).map { Incarnation(rawValue: $0) }, firstSequence: rows.unsigned(2),
                    frontier: EpochTrack.Mark(block: rows.unsigned(3), sequence: rows.unsigned(4)),
                    account: account(rows, 5),
                    announced: rows.isNull(10)
                        ? nil : EpochTrack.Mark(block: rows.unsigned(10), sequence: rows.unsigned(11)),
                    source: SourceClock(
                        decided: rows.time(17), announcedFrom: rows.time(18), announcedUntil: rows.time(19)),
                    shedRuns: marks, isFinal: rows.integer(13) != 0,
                    startedAt: UnixMilliseconds(rawValue: rows.unsigned(14)),
                    endedAt: rows.time(15),
                    wasUndurable: rows.integer(16) != 0))
        }
        try addJournalled(to: &tracks, of: id, database)
        return tracks
    }

    /// - Parameters:
    ///   - condition: of SQL, to be added.
    ///   - limit: the most that are read; negative: all.
    package static func gaps(
        of id: Int, _ database: borrowing Database, _ condition: String = "", limit: Int = -1
    ) throws(StorageError) -> [Gap] {
        var rows = try database.prepare(
            """
            SELECT id, epoch, first_sequence, last_sequence, first_block, last_block, opened_at, cause, closed_at,
                healed_by, missing, lost, source_from, source_to FROM gaps WHERE link = ?1 \(condition) ORDER BY id LIMIT ?2
            """)
        rows.bind(1, Int64(id))
        rows.bind(2, Int64(limit))
        var gaps: [Gap] = []
        while try rows.step() {
            try rows.requireNumbers(0...5, of: "a gap", in: database)
            try rows.requireNumbers(10...11, of: "a gap", in: database)
            gaps.append(
                Gap(
                    id: rows.unsigned(0), epoch: Epoch(rawValue: rows.unsigned(1)),
                    firstSequence: SequenceNumber(rawValue: rows.unsigned(2)),
                    lastSequence: SequenceNumber(rawValue: rows.unsigned(3)),
                    firstBlock: BlockNumber(rawValue: rows.unsigned(4)),
                    lastBlock: BlockNumber(rawValue: rows.unsigned(5)),
                    openedAt: UnixMilliseconds(rawValue: rows.unsigned(6)),
                    cause: try rows.value(7, in: database),
                    closedAt: rows.time(8),
                    healedBy: rows.isNull(9) ? nil : try rows.value(9, in: database), missing: rows.unsigned(10),
                    lost: rows.unsigned(11),
                    sourceFrom: rows.time(12), sourceTo: rows.time(13)))
        }
        return gaps
    }

    /// Runs of blocks that are missing and can still come; not those whose records all came as slots.
    package static func missingBlocks(
        of id: Int, _ database: borrowing Database
    ) throws(StorageError) -> [ResendBundle.Run] {
        var rows = try database.prepare(
            """
            SELECT epoch, first_block, last_block, first_sequence, records FROM holes WHERE link = ?1 AND is_lost = 0
            ORDER BY epoch, first_block
            """)
        rows.bind(1, Int64(id))
        let filled = Dictionary(grouping: try filledWords(of: id, database)) { $0.key.epoch }.mapValues { words in
            FilledSequences(restoring: Dictionary(uniqueKeysWithValues: words.map { ($0.key.word, $0.value) }))
        }
        var runs: [ResendBundle.Run] = []
        while try rows.step() {
            let first = BlockNumber(rawValue: rows.unsigned(1))
            let last = BlockNumber(rawValue: rows.unsigned(2))
            guard first.rawValue > 0, first <= last, last.rawValue < 1 << 63, 1..<(1 << 63) ~= rows.unsigned(0) else {
                throw .corrupt(path: database.path, reason: "a hole from block \(first.rawValue) to \(last.rawValue)")
            }
            let (sequence, records) = (rows.unsigned(3), rows.unsigned(4))
            let (end, overflows) = sequence.addingReportingOverflow(records)
            guard !overflows else {
                throw .corrupt(path: database.path, reason: "a hole of \(records) records from \(sequence) on")
            }
            let came = filled[Epoch(rawValue: rows.unsigned(0))]?.count(in: sequence..<end) ?? 0
            guard records == 0 || came < records else { continue }
            runs.append(ResendBundle.Run(epoch: Epoch(rawValue: rows.unsigned(0)), blocks: first...last))
        }
        return runs
    }

    /// Which topics' records are missing, and between which stamps. An audit also reads a file that no daemon of this release has opened yet.
    package static func jumps(of id: Int, _ database: borrowing Database) throws(StorageError) -> [VersionJump] {
        let source =
            try has("topic", in: "version_jumps", database)
            ? "SELECT *, last_version - first_version + 1 AS records FROM version_jumps"
            : "SELECT *, 0 AS first_version, records - 1 AS last_version FROM (\(StoreSchema.jumpsOfEarlierReleases))"
        var rows = try database.prepare(
            """
            SELECT topic, after_epoch, after_sequence, before_epoch, before_sequence, first_version, last_version, records
            FROM (\(source)) WHERE link = ?1
            """)
        rows.bind(1, Int64(id))
        var jumps: [VersionJump] = []
        while try rows.step() {
            try rows.requireNumbers(1...7, of: "a jump of a topic's versions", in: database)
            guard let after = rows.stamp(1), let before = rows.stamp(3), rows.unsigned(7) > 0 else {
                throw .corrupt(path: database.path, reason: "a jump of a topic's versions over no record")
            }
            jumps.append(
                VersionJump(
                    topic: rows.bytes(0), versions: rows.unsigned(5)...rows.unsigned(6), after: after, before: before))
        }
        return jumps
    }

    package static func vitals(of id: Int, _ database: borrowing Database) throws(StorageError) -> LinkVitals? {
        // An audit also reads a file that no daemon of this release has opened yet.
        let wire = try has("wire", in: "vitals", database) ? "wire" : "0"
        let paths = try has("paths", in: "vitals", database) ? "paths" : "'[]'"
        var row = try database.prepare(
            """
            SELECT at, state, since, reason, heard_until, offset_min, offset_max, beat, counters, \(wire), \(paths)
            FROM vitals WHERE link = ?1
            """)
        row.bind(1, Int64(id))
        var vitals: LinkVitals?
        while try row.step() {
            var beat: Beat?
            if !row.isNull(7) {
                do throws(ContentError) { beat = try Beat(decoding: row.blob(7)) } catch {
                    throw .corrupt(path: database.path, reason: "a stored beat: \(error)")
                }
            }
            let counters: JSONValue
            let paths: JSONValue
            do throws(JSON5Error) {
                counters = try JSON5Reader.value(of: Array(row.text(8).utf8))
                paths = try JSON5Reader.value(of: Array(row.text(10).utf8))
            } catch { throw .corrupt(path: database.path, reason: "stored counters: \(error)") }
            vitals = LinkVitals(
                at: UnixMilliseconds(rawValue: row.unsigned(0)), state: try row.value(1, in: database),
                since: UnixMilliseconds(rawValue: row.unsigned(2)), reason: row.text(3),
                heardUntil: row.time(4),
                clockOffsetMilliseconds: row.isNull(5) || row.integer(5) > row.integer(6)
                    ? nil : row.integer(5)...row.integer(6),
                beat: beat, form: WireForm(stored: row.integer(9)), counters: ReceiverCounters(counters),
                paths: paths.elements?.compactMap(PathReport.init) ?? [])
        }
        return vitals
    }

    // MARK: Parts

    private static func account(_ row: borrowing Statement, _ column: Int) -> EpochAccount {
        var account = EpochAccount()
        account.delivered = row.unsigned(column)
        account.late = row.unsigned(column + 1)
        account.missing = row.unsigned(column + 2)
        account.lost = row.unsigned(column + 3)
        account.repeated = row.unsigned(column + 4)
        return account
    }

    private static func loadHoles(
        _ id: Int, into stored: inout StoredLink, _ database: borrowing Database
    ) throws(StorageError) {
        var rows = try database.prepare(
            "SELECT epoch, first_block, last_block, gap, first_sequence, records, is_lost FROM holes WHERE link = ?1")
        rows.bind(1, Int64(id))
        while try rows.step() {
            try rows.requireNumbers(0...6, of: "a hole", in: database)
            let key = HoleKey(epoch: Epoch(rawValue: rows.unsigned(0)), firstBlock: rows.unsigned(1))
            stored.holes[key] = Hole(
                gap: rows.unsigned(3), firstBlock: rows.unsigned(1), lastBlock: rows.unsigned(2),
                firstSequence: rows.unsigned(4), records: rows.unsigned(5), isLost: rows.integer(6) != 0)
        }
        stored.filled = try filledWords(of: id, database)
    }

    private static func filledWords(
        of id: Int, _ database: borrowing Database
    ) throws(StorageError) -> [FilledKey: UInt64] {
        var rows = try database.prepare("SELECT epoch, word, bits FROM filled WHERE link = ?1")
        rows.bind(1, Int64(id))
        var words: [FilledKey: UInt64] = [:]
        while try rows.step() {
            words[FilledKey(epoch: Epoch(rawValue: rows.unsigned(0)), word: rows.unsigned(1))] = rows.unsigned(2)
        }
        return words
    }

    private static func loadContents(
        _ id: Int, into stored: inout StoredLink, _ database: borrowing Database
    ) throws(StorageError) {
        var rows = try database.prepare("SELECT epoch, block, hash FROM contents WHERE link = ?1")
        rows.bind(1, Int64(id))
        while try rows.step() {
            guard rows.blob(2).byteCount == ContentHash.byteCount else {
                throw .corrupt(path: database.path, reason: "a content hash of \(rows.blob(2).byteCount) bytes")
            }
            stored.contents.append(
                AcceptedContents.Entry(
                    epoch: Epoch(rawValue: rows.unsigned(0)), block: rows.unsigned(1),
                    hash: ContentHash(loading: rows.blob(2))))
        }
    }

    private static func loadReplica(
        _ id: Int, from checkpoint: OutboxPosition, into replica: inout Replica, _ database: borrowing Database
    ) throws(StorageError) {
        var rows = try database.prepare(
            """
            SELECT id, name, retained_epoch, retained_sequence, event_epoch, event_sequence, version, retained_hash,
                retained_value, event_hash
            FROM topics WHERE link = ?1 ORDER BY id
            """)
        rows.bind(1, Int64(id))
        var hasher = SymbolHasher()
        while try rows.step() {
            var row = TopicRow(
                id: Int(rows.integer(0)), name: rows.bytes(1), retained: rows.slot(2, hash: 7),
                event: rows.slot(4, hash: 9), version: TopicVersion(rawValue: rows.unsigned(6)))
            row.value = rows.unsigned(8)
            let isTaken = replica.restore(row, with: &hasher)
            // Limits that were lowered since: those beyond are not tracked any more.
            guard isTaken else { break }
        }
        rows.reset()
        var restored = replica
        replica = Replica()
        try UnitReplay.read(link: id, from: checkpoint, in: database) { (unit, _) throws(StorageError) in
            for delivery in unit.deliveries { restored.replay(delivery, with: &hasher) }
        }
        // What these passed over was told when they came.
        _ = restored.takeJumps()
        replica = restored
    }
}
