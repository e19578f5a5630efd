internal import Account
internal import Crypto
internal import DiodeProtocol
internal import JSON
internal import Ledger
internal import Outbox
internal import ReceiverITCore
internal import Storage
internal import Time

/// Stores what links remember, by change, inside the store thread's transaction. `LinkLoader` reads it back.
struct LinkTables: ~Copyable {
    /// Healed gaps that stay as history, for each link; the oldest go first.
    static let healedGaps = Int(LedgerGaps.healedGaps)

    private var link: Statement
    private var state: Statement
    private var checkpoint: Statement
    private var epoch: Statement
    private var epochRemoval: Statement
    private var hole: Statement
    private var holeRemoval: Statement
    private var holesRemoval: Statement
    private var filled: Statement
    private var filledRemoval: Statement
    private var filledEpochRemoval: Statement
    private var gap: Statement
    private var gapRemoval: Statement
    private var jump: Statement
    private var jumpRemoval: Statement
    private var content: Statement
    private var topic: Statement
    private var topicRemoval: Statement
    private var vitals: Statement
    private var sender: Statement
    private var rotation: Statement
    private var key: Statement

    init(_ database: borrowing Database) throws(StorageError) {
        let link = try database.prepare(
            """
            UPDATE links SET next_gap = ?2, begins_epoch = ?3, begins_sequence = ?4,
                folded_epochs = ?5, folded_delivered = ?6, folded_late = ?7, folded_missing = ?8, folded_lost = ?9,
                folded_repeated = ?10, forgotten = ?11, snapshot_epoch = ?12, snapshot_incarnation = ?13,
                snapshot_block = ?14 WHERE id = ?1
            """)
        let state = try database.prepare(
            """
            UPDATE links SET is_whole = ?2, is_settled = ?3, digest_matches = ?4, compared_epoch = ?5,
                compared_sequence = ?6, compared_at = ?7, it_matches = ?8, it_refused = ?9 WHERE id = ?1
            """)
        let checkpoint = try database.prepare("UPDATE links SET checkpoint = ?2 WHERE id = ?1")
        let epoch = try database.prepare(
            "INSERT OR REPLACE INTO epochs VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23)"
        )
        let epochRemoval = try database.prepare("DELETE FROM epochs WHERE link = ?1 AND epoch = ?2")
        let hole = try database.prepare("INSERT OR REPLACE INTO holes VALUES (?1,?2,?3,?4,?5,?6,?7,?8)")
        let holeRemoval = try database.prepare(
            "DELETE FROM holes WHERE link = ?1 AND epoch = ?2 AND first_block = ?3")
        let holesRemoval = try database.prepare("DELETE FROM holes WHERE link = ?1 AND epoch = ?2")
        let filled = try database.prepare("INSERT OR REPLACE INTO filled VALUES (?1,?2,?3,?4)")
        let filledRemoval = try database.prepare("DELETE FROM filled WHERE link = ?1 AND epoch = ?2 AND word = ?3")
        let filledEpochRemoval = try database.prepare("DELETE FROM filled WHERE link = ?1 AND epoch = ?2")
        let gap = try database.prepare(
            "INSERT OR REPLACE INTO gaps VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?14,?9,?15,?10,?11,?12,?13)")
        let gapRemoval = try database.prepare(
            "DELETE FROM gaps WHERE link = ?1 AND id <= ?2 AND missing = 0 AND lost = 0")
        let jump = try database.prepare("INSERT OR REPLACE INTO version_jumps VALUES (?1,?8,?2,?3,?4,?5,?6,?7)")
        let jumpRemoval = try database.prepare(
            "DELETE FROM version_jumps WHERE link = ?1 AND topic = ?4 AND before_epoch = ?2 AND before_sequence = ?3")
        let content = try database.prepare("INSERT OR REPLACE INTO contents VALUES (?1,?2,?3,?4,?5)")
        let topic = try database.prepare(
            "INSERT OR REPLACE INTO topics VALUES (?1,?2,?8,?3,?4,?5,?6,?7,?9,?10,?11)")
        let topicRemoval = try database.prepare("DELETE FROM topics WHERE link = ?1 AND id = ?2")
        let vitals = try database.prepare(
            "INSERT OR REPLACE INTO vitals VALUES (?1,?2,?7,?3,?8,?4,?5,?6,?9,?10,?11,?12)")
        let sender = try database.prepare("INSERT OR REPLACE INTO senders VALUES (?1,?2,?9,?3,?4,?5,?10,?6,?7,?8)")
        let rotation = try database.prepare("INSERT OR REPLACE INTO rotations VALUES (?1,?2,?3)")
        let key = try database.prepare("UPDATE links SET fingerprint = ?2 WHERE id = ?1")
        // Only now: a move-only value may not be left half made by a throw.
        self.link = link
        self.state = state
        self.checkpoint = checkpoint
        self.epoch = epoch
        self.epochRemoval = epochRemoval
        self.hole = hole
        self.holeRemoval = holeRemoval
        self.holesRemoval = holesRemoval
        self.filled = filled
        self.filledRemoval = filledRemoval
        self.filledEpochRemoval = filledEpochRemoval
        self.gap = gap
        self.gapRemoval = gapRemoval
        self.jump = jump
        self.jumpRemoval = jumpRemoval
        self.content = content
        self.topic = topic
        self.topicRemoval = topicRemoval
        self.vitals = vitals
        self.sender = sender
        self.rotation = rotation
        self.key = key
    }

    /// Stores changes of one link.
    /// - Parameter checkpoint: the replica needs no unit before this position any more; nil: as before.
    mutating func store(
        _ changes: LinkChanges, of id: Int, checkpoint position: OutboxPosition?, in database: borrowing Database
    ) throws(StorageError) {
        let id = UInt64(id)
        if let replica = changes.whole { try replace(replica, of: id, in: database) }
        if let row = changes.link { try store(row, of: id) }
        for row in changes.tracker.tracks.values { try store(row, of: id) }
        for (key, change) in changes.tracker.holes {
            if let run = change {
                try hole.run(
                    id, key.epoch.rawValue, run.firstBlock, run.lastBlock, run.gap, run.firstSequence, run.records,
                    run.isLost ? 1 : 0)
            } else {
                try holeRemoval.run(id, key.epoch.rawValue, key.firstBlock)
            }
        }
        for (key, bits) in changes.tracker.filled {
            if bits == 0 {
                try filledRemoval.run(id, key.epoch.rawValue, key.word)
            } else {
                try filled.run(id, key.epoch.rawValue, key.word, bits)
            }
        }
        for folded in changes.tracker.foldedEpochs {
            try epochRemoval.run(id, folded.rawValue)
            try holesRemoval.run(id, folded.rawValue)
            try filledEpochRemoval.run(id, folded.rawValue)
        }
        for gap in changes.tracker.gaps.values { try store(gap, of: id) }
        for (key, change) in changes.jumps { try store(change, as: key, of: id) }
        for entry in changes.contents {
            content.bind(5, blob: entry.hash.bytes.span.bytes)
            try content.run(id, UInt64(entry.place), entry.epoch.rawValue, entry.block)
        }
        for row in changes.topics { try store(row, of: id) }
        for row in changes.senders { try store(row, of: id) }
        for (place, keys) in changes.keys { try store(keys, of: place, link: id) }
        if let position { try checkpoint.run(id, position.rawValue) }
    }

    mutating func store(_ vitals: LinkVitals, of id: Int) throws(StorageError) {
        self.vitals.bind(7, text: vitals.state.storedWord)
        self.vitals.bind(8, text: vitals.reason)
        if let beat = vitals.beat {
            self.vitals.bind(9, blob: beat.encode().span.bytes)
        } else {
            self.vitals.bindNull(9)
        }
        self.vitals.bind(10, text: vitals.counters.json.line)
        self.vitals.bind(11, vitals.form?.stored ?? 0)
        self.vitals.bind(12, text: JSONValue.array(vitals.paths.map(\.json)).line)
        let offset = vitals.clockOffsetMilliseconds
        try self.vitals.run(
            UInt64(id), vitals.at.rawValue, vitals.since.rawValue, vitals.heardUntil?.rawValue,
            offset.map { UInt64(bitPattern: $0.lowerBound) }, offset.map { UInt64(bitPattern: $0.upperBound) })
    }

    /// The link's rows go, but for gaps, which are history too, and for the place of its vitals.
    private mutating func replace(
        _ replica: Replica, of id: UInt64, in database: borrowing Database
    ) throws(StorageError) {
        for table in ["epochs", "holes", "filled", "contents", "topics"] {
            try database.execute("DELETE FROM \(table) WHERE link = \(id)")
        }
        // Gaps that healed while nothing could be stored were told to nobody here; those that are open still come with the whole state.
        try database.execute(
            "UPDATE gaps SET missing = 0, closed_at = unixepoch() * 1000 WHERE link = \(id) AND missing > 0")
        for row in replica.rows { try store(row, of: id) }
    }

    private mutating func store(_ row: SenderRow, of id: UInt64) throws(StorageError) {
        sender.bind(9, text: row.fingerprint)
        if let beat = row.beat { sender.bind(10, blob: beat.encode().span.bytes) } else { sender.bindNull(10) }
        try sender.run(
            id, UInt64(row.place), row.frontier.epoch.rawValue, row.frontier.incarnation?.rawValue, row.frontier.block,
            row.heardUntil?.rawValue, row.heardFloor ? 1 : 0, row.rivalsSince?.rawValue)
    }

    private mutating func store(_ keys: KeyChain, of sender: Int, link id: UInt64) throws(StorageError) {
        for (place, statement) in keys.rotations.enumerated() {
            rotation.bind(3, blob: statement.datagram.span.bytes)
            try rotation.run(id, UInt64(sender * KeyChain.maximumCards + place))
        }
        // The first card's is what the link is known by.
        guard sender == 0 else { return }
        key.bind(2, text: keys.inUse.fingerprint)
        try key.run(id)
    }

    private mutating func store(_ row: LinkRow, of id: UInt64) throws(StorageError) {
        let tracker = row.tracker
        let folded = tracker.foldedAccount
        try link.run(
            id, tracker.nextGap, tracker.beginsAt?.epoch.rawValue,
            tracker.beginsAt?.sequence.rawValue, tracker.foldedEpochs, folded.delivered, folded.late, folded.missing,
            folded.lost, folded.repeated, tracker.forgottenRecords, row.snapshot.epoch.rawValue,
            row.snapshot.incarnation?.rawValue, row.snapshot.block)
        try state.run(
            id, row.rounds.isWhole ? 1 : 0, row.rounds.isSettled ? 1 : 0, row.digest.matches.map { $0 ? 1 : 0 },
            row.digest.comparedAt?.epoch.rawValue, row.digest.comparedAt?.sequence.rawValue,
            row.digest.comparedTime?.rawValue, row.itMatches.map { $0 ? 1 : 0 }, row.itRefused)
    }

    private mutating func store(_ row: TrackRow, of id: UInt64) throws(StorageError) {
        var shed: [UInt8] = []
        for mark in row.shedRuns {
            shed += Digest16(first: mark.sequence, second: mark.records).bytes
        }
        epoch.bind(14, blob: shed.span.bytes)
        let account = row.account
        epoch.bind(
            from: 1,
            [
                id, row.epoch.rawValue, row.incarnation?.rawValue, row.firstSequence, row.frontier.block,
                row.frontier.sequence, account.delivered, account.late, account.missing, account.lost,
                account.repeated, row.announced?.block, row.announced?.sequence,
            ])
        epoch.bind(
            from: 15,
            [
                row.isFinal ? 1 : 0, row.startedAt.rawValue, row.endedAt?.rawValue, row.wasUndurable ? 1 : 0,
                row.source.decided?.rawValue, row.source.announcedFrom?.rawValue, row.source.announcedUntil?.rawValue,
                row.journalled, UInt64(row.sender),
            ])
        try epoch.run()
    }

    private mutating func store(_ gap: Gap, of id: UInt64) throws(StorageError) {
        self.gap.bind(14, text: gap.cause.storedWord)
        if let healedBy = gap.healedBy { self.gap.bind(15, text: healedBy.storedWord) } else { self.gap.bindNull(15) }
        try self.gap.run(
            id, gap.id, gap.epoch.rawValue, gap.firstSequence.rawValue, gap.lastSequence.rawValue,
            gap.firstBlock.rawValue, gap.lastBlock.rawValue, gap.openedAt.rawValue, gap.closedAt?.rawValue,
            gap.missing, gap.lost, gap.sourceFrom?.rawValue, gap.sourceTo?.rawValue)
        // Now and then is enough.
        guard gap.state == .healed, gap.id % 64 == 0, gap.id > UInt64(Self.healedGaps) else { return }
        try gapRemoval.run(id, gap.id - UInt64(Self.healedGaps))
    }

    private mutating func store(
        _ change: VersionJump?, as key: VersionJump.Key, of id: UInt64
    ) throws(StorageError) {
        let before = key.before
        guard let change else {
            jumpRemoval.bind(4, blob: key.topic.span.bytes)
            return try jumpRemoval.run(id, before.epoch.rawValue, before.sequence.rawValue)
        }
        jump.bind(8, blob: key.topic.span.bytes)
        try jump.run(
            id, before.epoch.rawValue, before.sequence.rawValue, change.after.epoch.rawValue,
            change.after.sequence.rawValue, change.versions.lowerBound, change.versions.upperBound)
    }

    private mutating func store(_ row: TopicRow, of id: UInt64) throws(StorageError) {
        guard !row.name.isEmpty else { return try topicRemoval.run(id, UInt64(row.id)) }
        topic.bind(8, blob: row.name.span.bytes)
        topic.bind(9, hashOf: row.retained)
        topic.bind(10, unsigned: row.value)
        topic.bind(11, hashOf: row.event)
        let (retained, event) = (row.retained.known, row.event.known)
        try topic.run(
            id, UInt64(row.id), retained?.epoch.rawValue, retained?.sequence.rawValue, event?.epoch.rawValue,
            event?.sequence.rawValue, row.version.rawValue)
    }
}
