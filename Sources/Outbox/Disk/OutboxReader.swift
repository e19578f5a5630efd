internal import Deliveries
internal import Storage

/// Reads what memory does not hold, with a connection of its own, on the thread of an output.
struct OutboxReader: ~Copyable {
    /// What one reading brought.
    struct Reading: Sendable {
        var deliveries: [QueuedDelivery]
        /// Every delivery before it was read.
        var end: UInt64
    }

    private let database: Database
    private let link: Int
    private var known: Statement
    private var units: Statement

    init(_ database: OutboxDatabase, link: Int) throws(StorageError) {
        let connection = try Database(path: database.path, schema: database.schema, access: .readOnly)
        let known = try connection.prepare(
            "SELECT \(LastKnownTable.columns) FROM last_known WHERE link = ?1 AND position >= ?2 ORDER BY position")
        // The unit that a position lies in begins at it or before.
        let units = try connection.prepare(
            """
            SELECT \(UnitRow.columns) FROM units WHERE id < ?3 AND id >=
                coalesce((SELECT max(id) FROM units WHERE id <= ?2 AND id >= ?1), ?2) ORDER BY id
            """)
        // Only now: a move-only value may not be left half made by a throw.
        self.known = known
        self.units = units
        self.database = connection
        self.link = link
    }

    mutating func read(_ order: OutputWindow.ReadOrder) throws(StorageError) -> Reading {
        var reading = Reading(deliveries: [], end: order.from)
        let now = ReadingTime()
        var bytes = 0
        if order.from < order.boundary {
            try readKnown(order, now, into: &reading, &bytes)
            // One source a reading; the next begins where the last value ends.
            if !reading.deliveries.isEmpty { return reading }
        }
        try readUnits(order, now, into: &reading, &bytes)
        return reading
    }

    private mutating func readKnown(
        _ order: OutputWindow.ReadOrder, _ now: ReadingTime, into reading: inout Reading, _ bytes: inout Int
    ) throws(StorageError) {
        known.bind(1, Int64(link))
        known.bind(2, Int64(order.from))
        while bytes < order.bytes {
            guard try known.step() else {
                reading.end = order.boundary
                return
            }
            let queued = LastKnownTable.read(known, now: now)
            bytes += queued.delivery.cost
            reading.deliveries.append(queued)
            reading.end = queued.position.rawValue + 1
        }
        known.reset()
    }

    private mutating func readUnits(
        _ order: OutputWindow.ReadOrder, _ now: ReadingTime, into reading: inout Reading, _ bytes: inout Int
    ) throws(StorageError) {
        let from = max(order.from, order.boundary)
        units.bind(1, OutboxSchema.id(link: link, position: 0))
        units.bind(2, OutboxSchema.id(link: link, position: from))
        units.bind(3, OutboxSchema.id(link: link, position: order.to))
        while bytes < order.bytes {
            guard try units.step() else {
                reading.end = order.to
                return
            }
            let placed: PlacedUnit
            do throws(StorageError) {
                placed = try UnitRow.read(units, path: database.path, now: now)
            } catch {
                units.reset()
                throw error
            }
            reading.deliveries += placed.deliveries(from: from)
            bytes += placed.unit.memoryBytes
            reading.end = max(from, placed.end)
        }
        units.reset()
    }
}

extension OutputWindow {
    /// The answer to `take`.
    enum Offer: Sendable {
        case window([QueuedDelivery])
        /// The next ones are on disk: read them, `load` them, and ask again.
        case onDisk(ReadOrder)
    }

    /// What is to be read.
    struct ReadOrder: Sendable {
        let from, boundary, to: UInt64
        /// Void once this has changed.
        let round: UInt64
        /// Where to stop.
        let bytes: Int
    }
}
