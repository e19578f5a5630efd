internal import Collections
internal import Deliveries
internal import DiodeProtocol
public import Storage
internal import Threading
internal import Time

/// Stores the queues of all links, on the store thread, inside its transaction.
///
/// ```text
///  stage(units) ─▶ BEGIN ─ write(queue) … ─ COMMIT ─▶ queue.committed()      or, whatever went wrong, queue.failed()
/// ```
///
/// One row for each unit, never one for each record. A row goes once every output is past it. At the limit the oldest units are taken apart:
/// the newest value of each topic goes to `last_known`, the rest is shed and named, by every output that still waited for it.
public struct OutboxWriter: ~Copyable {
    /// Rows that one transaction lets go, so that none takes long.
    private static let retirementRows = 8_192
    /// What is taken apart at once: much, so that a topic is written once for many of its values; not so much that others
    /// wait.
    private static let evictionBytes = 4 << 20
    /// And how many topics at most: each is a row to find and to write, some 10 µs.
    private static let evictionTopics = 8_192
    /// How long one transaction may do so before others have their turn.
    private static let evictionTime = Duration.milliseconds(100)

    private let path: String
    private var insertion: Statement
    private var passed: Statement
    private var oldest: Statement
    private var removalEnd: Statement
    private var removal: Statement
    private var queueRow: Statement
    private var totalsRow: Statement
    private var outputRow: Statement
    private var outputTotalsRow: Statement
    private var outputsRemoval: Statement
    private var outputTotalsRemoval: Statement
    private var noteRow: Statement
    private var noteRemoval: Statement
    private var notesRemoval: Statement
    private var known: LastKnownTable

    /// - Parameter database: has the tables of ``OutboxSchema``. The writer goes before it is set aside.
    public init(_ database: borrowing Database) throws(StorageError) {
        let insertion = try database.prepare(UnitRow.insertion)
        let passed = try database.prepare(
            "SELECT id, records, bytes FROM units WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT \(Self.retirementRows)")
        let oldest = try database.prepare("SELECT \(UnitRow.columns) FROM units WHERE id >= ?1 AND id < ?2 ORDER BY id")
        let removalEnd = try database.prepare(
            "SELECT id FROM units WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 1 OFFSET \(Self.retirementRows)")
        let removal = try database.prepare("DELETE FROM units WHERE id >= ?1 AND id < ?2")
        let queueRow = try database.prepare("INSERT OR REPLACE INTO outbox VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
        let totalsRow = try database.prepare("INSERT OR REPLACE INTO outbox_totals VALUES (?1, ?2, ?3)")
        let outputRow = try database.prepare("INSERT OR REPLACE INTO outbox_outputs VALUES (?1, ?2, ?3, ?4)")
        let outputTotalsRow = try database.prepare(
            "INSERT OR REPLACE INTO outbox_output_totals VALUES (?1, ?2, ?3, ?4)")
        let outputsRemoval = try database.prepare("DELETE FROM outbox_outputs WHERE link = ?1 AND output = ?2")
        let outputTotalsRemoval = try database.prepare(
            "DELETE FROM outbox_output_totals WHERE link = ?1 AND output = ?2")
        let noteRow = try database.prepare("INSERT OR REPLACE INTO outbox_notes VALUES (?1, ?2, ?3, ?4)")
        let noteRemoval = try database.prepare(
            "DELETE FROM outbox_notes WHERE link = ?1 AND output = ?2 AND name = ?3")
        let notesRemoval = try database.prepare("DELETE FROM outbox_notes WHERE link = ?1 AND output = ?2")
        let known = try LastKnownTable(database)
        // Only now: a move-only value may not be left half made by a throw.
        self.insertion = insertion
        self.passed = passed
        self.oldest = oldest
        self.removalEnd = removalEnd
        self.removal = removal
        self.queueRow = queueRow
        self.totalsRow = totalsRow
        self.outputRow = outputRow
        self.outputTotalsRow = outputTotalsRow
        self.outputsRemoval = outputsRemoval
        self.outputTotalsRemoval = outputTotalsRemoval
        self.noteRow = noteRow
        self.noteRemoval = noteRemoval
        self.notesRemoval = notesRemoval
        self.known = known
        path = database.path
    }

    /// Stores what has changed in a queue.
    /// - Parameter replicaCheckpoint: units from this position on stay, settled or not: they are the replica's log. Nil: nothing
    ///   but the outbox needs units.
    /// - Returns: losses to be named in this transaction, of each output that has any.
    public mutating func write(
        _ queue: DeliveryQueue, replicaCheckpoint: OutboxPosition?
    ) throws(StorageError) -> [OutputLosses] {
        let step = queue.beginWrite()
        let now = ReadingTime()
        var outcome = OutboxOutcome(step)
        for placed in step.units {
            UnitRow.bind(placed, link: step.link, now: now, to: &insertion)
            try insertion.run()
            outcome.unitBytes += placed.unit.storedBytes
        }
        for orphan in step.orphans { outcome.knownBytes += try known.insert(orphan, link: step.link, now: now) }
        try retire(step, &outcome)
        try evict(step, now, &outcome)
        try remove(step, before: min(outcome.boundary, replicaCheckpoint?.rawValue ?? .max))
        for index in outcome.outputs.indices {
            try permit(step.link, boundary: outcome.boundary, &outcome.outputs[index])
            outcome.outputs[index].shed.count(in: &outcome.outputs[index].totals)
        }
        try save(step, outcome)
        queue.endWrite(outcome)
        return zip(step.outputs, outcome.outputs).compactMap { output, outcome in
            var losses = output.losses
            losses.add(outcome.shed)
            return losses.isEmpty ? nil : OutputLosses(output: output.name, losses: losses.all)
        }
    }

    /// Says up to where an output may take before the next transaction.
    private mutating func permit(
        _ link: Int, boundary: UInt64, _ output: inout OutputOutcome
    ) throws(StorageError) {
        guard output.cursor < boundary else { return }
        // Positions of last values lie far apart; the permit counts records.
        let end = try known.position(OutputWindow.permitRecords, after: output.cursor, link: link)
        output.permitted = end ?? max(boundary, output.cursor) + OutputWindow.permitRecords
    }

    /// Moves the boundary over units all of whose deliveries have left.
    private mutating func retire(_ step: OutboxStep, _ outcome: inout OutboxOutcome) throws(StorageError) {
        outcome.knownBytes -= try known.removeSettled(link: step.link, before: step.settled)
        guard outcome.boundary < step.settled else { return }
        passed.bind(1, OutboxSchema.id(link: step.link, position: outcome.boundary))
        passed.bind(2, OutboxSchema.id(link: step.link, position: step.settled))
        while try passed.step() {
            let end = OutboxSchema.position(id: passed.integer(0)) + passed.unsigned(1)
            guard end <= step.settled else { break }
            outcome.boundary = end
            outcome.unitBytes -= Int(passed.integer(2))
        }
        passed.reset()
    }

    /// Deletes units that nobody needs, in bounded steps.
    private mutating func remove(_ step: OutboxStep, before end: UInt64) throws(StorageError) {
        let first = OutboxSchema.id(link: step.link, position: 0)
        var last = OutboxSchema.id(link: step.link, position: min(end, OutboxSchema.positionLimit - 1))
        removalEnd.bind(1, first)
        removalEnd.bind(2, last)
        while try removalEnd.step() { last = removalEnd.integer(0) }
        removal.bind(1, first)
        removal.bind(2, last)
        try removal.run()
    }

    // MARK: The limit

    private mutating func evict(
        _ step: OutboxStep, _ now: ReadingTime, _ outcome: inout OutboxOutcome
    ) throws(StorageError) {
        let until = now.monotonic.advanced(by: Self.evictionTime)
        for (index, limit) in step.movesBefore.enumerated() {
            let isEnough = try evict(step, before: limit, now, until: until, &outcome)
            guard !isEnough else { return }
            outcome.needsEverything = limit != .max || index > 0
        }
    }

    /// Moves values before a position, the oldest first, until the limit is kept.
    /// - Returns: false if it is not, although none is left.
    private mutating func evict(
        _ step: OutboxStep, before position: UInt64, _ now: ReadingTime, until: MonotonicInstant,
        _ outcome: inout OutboxOutcome
    ) throws(StorageError) -> Bool {
        let portion = max(16_384, min(Self.evictionBytes, step.limitBytes / 8))
        let end = min(position, step.ending)
        while outcome.bytes > step.limitBytes {
            // The rest waits for the next transaction, unless it comes faster than it goes.
            if outcome.bytes < step.limitBytes / 8 * 9, MonotonicClock.now() > until {
                return true
            }
            let before = outcome.boundary
            try takeApart(step, before: end, portion, now, &outcome)
            if outcome.boundary == before { break }
            outcome.movedBefore = position
        }
        let excess = outcome.bytes - step.limitBytes
        guard excess > 0 else { return true }
        // Even the last values are too many.
        if try known.shedOldest(link: step.link, before: end, bytes: excess + portion, &outcome) {
            outcome.movedBefore = position
        }
        return outcome.bytes <= step.limitBytes
    }

    /// Takes the oldest units apart, of those that end before a position.
    private mutating func takeApart(
        _ step: OutboxStep, before end: UInt64, _ bytes: Int, _ now: ReadingTime, _ outcome: inout OutboxOutcome
    ) throws(StorageError) {
        var values: [SlotKey: QueuedDelivery] = [:]
        var pinned: [QueuedDelivery] = []
        var freed = 0
        oldest.bind(1, OutboxSchema.id(link: step.link, position: outcome.boundary))
        oldest.bind(2, OutboxSchema.id(link: step.link, position: end))
        do throws(StorageError) {
            while freed < bytes, values.count < Self.evictionTopics, try oldest.step() {
                let placed = try UnitRow.read(oldest, path: path, now: now)
                guard placed.end <= end else { break }
                freed += Int(oldest.integer(2))
                outcome.boundary = placed.end
                for queued in placed.deliveries(from: step.settled) {
                    if outcome.isTaken(queued.position.rawValue) {
                        pinned.append(queued)
                    } else if queued.delivery.lateness == .superseded {
                        outcome.shed(queued)
                    } else if let older = values.updateValue(queued, forKey: SlotKey(queued.delivery)) {
                        outcome.shed(older)
                    }
                }
            }
        } catch {
            oldest.reset()
            throw error
        }
        oldest.reset()
        outcome.unitBytes -= freed
        for queued in pinned { outcome.knownBytes += try known.insert(queued, link: step.link, now: now) }
        let cursor = step.outputs.reduce(UInt64.max) { min($0, $1.cursor) }
        // In the order of the table: neighbours share a page.
        for (_, queued) in values.sorted(by: { $0.key < $1.key }) {
            try known.replace(queued, link: step.link, cursor: cursor, now: now, &outcome)
        }
    }

    private mutating func save(_ step: OutboxStep, _ outcome: OutboxOutcome) throws(StorageError) {
        for (output, stored) in zip(step.outputs, outcome.outputs) {
            try keep(output.notes, of: output.name, link: step.link)
            guard output.name == .mqtt else {
                try save(output.name, stored, link: step.link)
                continue
            }
            queueRow.bind(1, Int64(step.link))
            queueRow.bind(2, unsigned: stored.settled)
            queueRow.bind(3, unsigned: outcome.boundary)
            queueRow.bind(4, unsigned: step.ending)
            queueRow.bind(5, unsigned: stored.permitted)
            queueRow.bind(6, Int64(outcome.unitBytes))
            queueRow.bind(7, Int64(outcome.knownBytes))
            try queueRow.run()
            for (name, records) in stored.totals.named {
                totalsRow.bind(1, Int64(step.link))
                totalsRow.bind(2, text: name)
                totalsRow.bind(3, unsigned: records)
                try totalsRow.run()
            }
        }
        for name in step.forgotten {
            outputsRemoval.bind(1, Int64(step.link))
            outputsRemoval.bind(2, text: name.rawValue)
            try outputsRemoval.run()
            outputTotalsRemoval.bind(1, Int64(step.link))
            outputTotalsRemoval.bind(2, text: name.rawValue)
            try outputTotalsRemoval.run()
            notesRemoval.bind(1, Int64(step.link))
            notesRemoval.bind(2, text: name.rawValue)
            try notesRemoval.run()
        }
    }

    private mutating func keep(
        _ notes: [[UInt8]: [UInt8]?], of output: OutputName, link: Int
    ) throws(StorageError) {
        for (name, value) in notes {
            guard let value else {
                noteRemoval.bind(1, Int64(link))
                noteRemoval.bind(2, text: output.rawValue)
                noteRemoval.bind(3, blob: name.span.bytes)
                try noteRemoval.run()
                continue
            }
            noteRow.bind(1, Int64(link))
            noteRow.bind(2, text: output.rawValue)
            noteRow.bind(3, blob: name.span.bytes)
            noteRow.bind(4, blob: value.span.bytes)
            try noteRow.run()
        }
    }

    private mutating func save(_ output: OutputName, _ stored: OutputOutcome, link: Int) throws(StorageError) {
        outputRow.bind(1, Int64(link))
        outputRow.bind(2, text: output.rawValue)
        outputRow.bind(3, unsigned: stored.settled)
        outputRow.bind(4, unsigned: stored.permitted)
        try outputRow.run()
        for (name, records) in stored.totals.named {
            outputTotalsRow.bind(1, Int64(link))
            outputTotalsRow.bind(2, text: output.rawValue)
            outputTotalsRow.bind(3, text: name)
            outputTotalsRow.bind(4, unsigned: records)
            try outputTotalsRow.run()
        }
    }
}

/// What a last-known value is kept for: a topic's retained value or its last event.
private struct SlotKey: Hashable, Comparable {
    let retain: Bool
    let topic: [UInt8]

    init(_ delivery: Delivery) {
        retain = delivery.retain
        topic = [UInt8](copying: delivery.topic)
    }

    static func < (a: SlotKey, b: SlotKey) -> Bool {
        a.retain == b.retain ? a.topic.lexicographicallyPrecedes(b.topic) : !a.retain
    }
}
