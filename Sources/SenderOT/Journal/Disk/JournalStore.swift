internal import DiodeProtocol
internal import SenderOTCore
package import Storage
internal import Threading
internal import Time

/// How far the blocks of the journal have come, by position.
struct JournalMarks: Sendable, Equatable {
    /// The newest block whose frames have left.
    var sent: UInt64 = 0
    /// The newest block whose deliveries the OT broker was told are safe.
    var released: UInt64 = 0
    /// From here on blocks are newer than what the table of slots says.
    var replayFrom: UInt64 = 1
}

/// Writes the journal: blocks and what belongs to them in one transaction. The journal's thread owns it.
///
/// A row is removed when it is older than `journal.keep` or the file has grown to its limit, the oldest first, but never one
/// that has not been sent, nor one that the table of slots has not passed. Rows leave in small steps, a few for each that
/// comes, so that no transaction is long.
package struct JournalStore: ~Copyable {
    /// What bounds the journal.
    package struct Limits: Sendable, Equatable {
        package var keep = Duration.seconds(7 * 86_400)
        /// Of the pages in use.
        package var bytes: UInt64 = 64 << 30
        /// Below so many free bytes on the disk the journal grows no more.
        package var minimumFree: UInt64 = 2 << 30
    }

    /// What the journal takes and what it has, as of the last look.
    struct Room: Sendable, Equatable {
        fileprivate(set) var usedBytes: UInt64 = 0
        /// What of the file is free for it.
        fileprivate(set) var reusableBytes: UInt64 = 0
        /// What was written since the store was opened.
        fileprivate(set) var writtenBytes: UInt64 = 0
        /// A limit is reached: the oldest rows go, however young they are.
        fileprivate(set) var removesForRoom = false
        /// The limit is reached and nothing may be removed: what comes now has to be shed.
        fileprivate(set) var isFull = false
        /// No block was ever removed.
        fileprivate(set) var isWhole = true
    }

    /// The limits are looked at after so many bytes, or when asked to.
    private static let bytesBetweenLooks = 1 << 20
    /// Rows that one transaction may remove beyond twice those that it adds.
    private static let removalStep = 512
    /// What a row takes beside its two variable columns.
    private static let rowBytes = 64
    /// Rows that make room on a full disk.
    private static let roomStep = 4_096

    private let epoch: ReservedEpoch
    private let limits: Limits
    private let path: String
    private var database: Database
    private var insertion: Statement
    private var epochUpdate: Statement
    private var marksUpdate: Statement
    private var oldest: Statement
    private var removal: Statement
    private var seals: SealTable
    private var slots: SlotTable
    private var held: HeldTable
    private var bytesSinceLook = Self.bytesBetweenLooks
    /// The oldest block that is held, as the floor that beats state; nil while the journal is empty.
    private(set) var floor: Stamp?
    private(set) var room = Room()

    package init(_ database: consuming Database, epoch: ReservedEpoch, limits: Limits) throws(StorageError) {
        let insertion = try database.prepare(
            "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        let epochUpdate = try database.prepare("UPDATE epochs SET last_sequence = ?, last_block = ? WHERE epoch = ?")
        let marksUpdate = try database.prepare(
            "UPDATE journal SET sent = ?, released = ?, replay_from = ?, echoes = ?, broker = ?")
        let oldest = try database.prepare(
            "SELECT position, closed_at, epoch, first_sequence FROM blocks ORDER BY position LIMIT ?")
        let removal = try database.prepare("DELETE FROM blocks WHERE position < ?")
        let seals = try SealTable(database)
        let slots = try SlotTable(database)
        let held = try HeldTable(database)
        self.epoch = epoch
        self.limits = limits
        path = database.path
        self.insertion = insertion
        self.epochUpdate = epochUpdate
        self.marksUpdate = marksUpdate
        self.oldest = oldest
        self.removal = removal
        self.seals = seals
        self.slots = slots
        self.held = held
        self.database = database
    }

    /// Where a block of this epoch stands.
    func position(of block: BlockNumber) -> UInt64 { epoch.firstPosition + block.rawValue - 1 }

    /// What is written beside blocks, now and then: it may lag behind, since the blocks themselves say the rest.
    struct Notes {
        /// The newest sequence and block that were given out, which may lie beyond the blocks.
        var last: (sequence: SequenceNumber, block: BlockNumber)
        var marks: JournalMarks
        var slots: SlotBatch?
        /// How far each echo was played (`EchoRestoration`).
        var echoes: String
        /// What is known of the OT broker (`BrokerWatch`).
        var broker: String
        /// For the age of the oldest blocks.
        var now: UnixMilliseconds
    }

    /// Writes blocks of this epoch, changes of values that wait and, if there are any, notes; all of it or nothing.
    mutating func commit(
        _ blocks: [ClosedBlock], held changes: [HeldKey: [UInt8]?] = [:], _ notes: Notes?
    ) throws(StorageError) {
        try look()
        try database.begin()
        do throws(StorageError) {
            for block in blocks { try insert(block) }
            for (key, row) in changes { try held.write(key, row) }
            if let notes { try write(notes, added: blocks.count) }
            try database.commit()
            seals.committed()
        } catch {
            database.rollBack()
            seals.rolledBack()
            throw error
        }
        if floor == nil { try lookAtOldest() }
    }

    /// The disk is full: gives back what the log holds, and makes pages free that the next commits can use.
    mutating func makeRoom(upTo last: UInt64) throws(StorageError) {
        try database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        guard last > 0 else { return }
        oldest.bind(1, Int64(Self.roomStep))
        var end: UInt64?
        while try oldest.step() {
            let position = oldest.unsigned(0)
            guard position <= last else { break }
            end = position + 1
        }
        oldest.reset()
        guard let end else { return }
        removal.bind(1, unsigned: end)
        try removal.run()
        try lookAtOldest()
        bytesSinceLook = Self.bytesBetweenLooks
    }

    /// Writes what was given out while blocks could not be written, out of the reserve if need be: a later start then
    /// does not take back what was acknowledged from memory.
    mutating func noteGivenOut(_ last: (sequence: SequenceNumber, block: BlockNumber)) throws(StorageError) {
        epochUpdate.bind(1, unsigned: last.sequence.rawValue)
        epochUpdate.bind(2, unsigned: last.block.rawValue)
        epochUpdate.bind(3, unsigned: epoch.epoch.rawValue)
        let reserve = DiskReserve(beside: path)
        reserve.release()
        defer { reserve.take(leaving: 0) }
        try epochUpdate.run()
    }

    private mutating func write(_ notes: Notes, added: Int) throws(StorageError) {
        epochUpdate.bind(1, unsigned: notes.last.sequence.rawValue)
        epochUpdate.bind(2, unsigned: notes.last.block.rawValue)
        epochUpdate.bind(3, unsigned: epoch.epoch.rawValue)
        try epochUpdate.run()
        marksUpdate.bind(1, unsigned: notes.marks.sent)
        marksUpdate.bind(2, unsigned: notes.marks.released)
        marksUpdate.bind(3, unsigned: notes.marks.replayFrom)
        marksUpdate.bind(4, text: notes.echoes)
        marksUpdate.bind(5, text: notes.broker)
        try marksUpdate.run()
        if let batch = notes.slots { try slots.write(batch) }
        try seals.forget(before: min(notes.marks.replayFrom, notes.marks.released + 1))
        try remove(upTo: min(notes.marks.sent, notes.marks.replayFrom - 1), added: added, now: notes.now)
    }

    private mutating func insert(_ block: ClosedBlock) throws(StorageError) {
        try seals.note(block.keys, from: position(of: block.id.block))
        insertion.bind(1, unsigned: position(of: block.id.block))
        insertion.bind(2, unsigned: block.id.epoch.rawValue)
        insertion.bind(3, unsigned: block.id.block.rawValue)
        insertion.bind(4, unsigned: block.firstSequence.rawValue)
        insertion.bind(5, unsigned: block.lastSequence.rawValue)
        insertion.bind(6, Int64(block.flags.rawValue))
        insertion.bind(7, Int64(block.partIndex))
        insertion.bind(8, Int64(block.partCount))
        insertion.bind(9, Int64(block.plainBytes))
        insertion.bind(10, Int64(block.shape.sourceSymbols))
        insertion.bind(11, Int64(block.shape.symbolBytes))
        insertion.bind(12, Int64(block.shape.symbolCount))
        insertion.bind(13, unsigned: block.closedAt.rawValue)
        insertion.bind(14, blob: block.packets.bytes.span.bytes)
        insertion.bind(15, blob: block.symbols.span.bytes.extracting(0..<block.packedBytes))
        if let salt = block.salt { insertion.bind(16, blob: salt.bytes.span.bytes) } else { insertion.bindNull(16) }
        try insertion.run()
        bytesSinceLook += block.packedBytes
        room.writtenBytes &+= UInt64(block.packedBytes + block.packets.bytes.count + Self.rowBytes)
    }

    // Limits.

    /// Looks at the sizes now and then: what the file takes, and what the disk has left.
    private mutating func look() throws(StorageError) {
        guard bytesSinceLook >= Self.bytesBetweenLooks else { return }
        bytesSinceLook = 0
        let footprint = try database.footprint()
        room.usedBytes = footprint.used
        room.reusableBytes = footprint.reusable
        // Where nobody can tell what is free, nothing is removed for its sake.
        let isScarce = FreeSpace.bytes(at: path).map {
            $0 < limits.minimumFree - min(footprint.reusable, limits.minimumFree)
        }
        room.removesForRoom = room.usedBytes > limits.bytes || isScarce ?? false
        if room.usedBytes <= limits.bytes { room.isFull = false }
    }

    /// Whether a commit, even of nothing, would remove rows if they may be removed.
    func hasRowsToRemove(_ now: UnixMilliseconds) -> Bool { room.removesForRoom || floorTime < horizon(now) }

    /// What was closed before this is too old.
    private func horizon(_ now: UnixMilliseconds) -> UInt64 {
        let age = limits.keep.milliseconds
        return now.rawValue > age ? now.rawValue - age : 0
    }

    /// Removes the oldest rows that are too old or in the way.
    private mutating func remove(upTo last: UInt64, added: Int, now: UnixMilliseconds) throws(StorageError) {
        let horizon = horizon(now)
        guard hasRowsToRemove(now) else { return }
        oldest.bind(1, Int64(2 * added + Self.removalStep))
        var end: UInt64?
        while try oldest.step() {
            let position = oldest.unsigned(0)
            guard position <= last, room.removesForRoom || oldest.unsigned(1) < horizon else { break }
            end = position + 1
        }
        oldest.reset()
        if let end {
            removal.bind(1, unsigned: end)
            try removal.run()
            try lookAtOldest()
        } else if room.usedBytes > limits.bytes {
            room.isFull = true
        }
        if room.removesForRoom { bytesSinceLook = Self.bytesBetweenLooks }
    }

    /// When the oldest block was closed.
    private(set) var floorTime: UInt64 = .max

    private mutating func lookAtOldest() throws(StorageError) {
        oldest.bind(1, 1)
        if try oldest.step() {
            floorTime = oldest.unsigned(1)
            room.isWhole = oldest.unsigned(0) == 1
            floor = Stamp(
                epoch: Epoch(rawValue: oldest.unsigned(2)), sequence: SequenceNumber(rawValue: oldest.unsigned(3)))
        } else {
            floorTime = .max
            floor = nil
            room.isWhole = room.isWhole && room.writtenBytes == 0
        }
        oldest.reset()
    }
}
