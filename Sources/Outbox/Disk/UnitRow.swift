internal import Collections
internal import Deliveries
internal import DiodeProtocol
internal import Storage
internal import Threading
internal import Time

/// A unit as a row of `units`, and back. The content says nearly everything; beside it stand the numbers that a
/// content does not carry, and how late each delivery was.
enum UnitRow {
    static let insertion = """
        INSERT OR REPLACE INTO units
            (id, records, bytes, epoch, first_sequence, sequences, released, marks, content)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        """
    static let columns = "id, records, bytes, epoch, first_sequence, sequences, released, marks, content"

    static func bind(_ placed: PlacedUnit, link: Int, now: ReadingTime, to statement: inout Statement) {
        let unit = placed.unit
        statement.bind(1, OutboxSchema.id(link: link, position: placed.first))
        statement.bind(2, Int64(unit.deliveries.count))
        statement.bind(3, Int64(unit.storedBytes))
        statement.bind(4, unsigned: unit.epoch.rawValue)
        statement.bind(5, unsigned: unit.firstSequence.rawValue)
        statement.bind(6, unsigned: unit.sequences)
        statement.bind(7, unit.deliveries.first.map { now.released($0) } ?? 0)
        let marks = marks(of: unit)
        statement.bind(8, blob: marks.span.bytes)
        statement.bind(9, blob: unit.content.span.bytes)
    }

    /// One byte for each record of the content; none if all of them are simply the next.
    private static func marks(of unit: DeliveryUnit) -> [UInt8] {
        guard !unit.duplicates.isEmpty || unit.deliveries.contains(where: { $0.lateness != .none }) else { return [] }
        var marks = unit.deliveries.map(\.lateness.mark)
        for record in unit.duplicates { marks.insert(duplicateMark, at: record) }
        return marks
    }

    /// The mark of a record that is no delivery.
    private static let duplicateMark: UInt8 = 255

    /// The unit of the current row, whose columns are `columns`.
    /// - Throws: `corrupt` if content and numbers do not fit together.
    static func read(
        _ row: borrowing Statement, path: String, now: ReadingTime
    ) throws(StorageError) -> PlacedUnit {
        let first = OutboxSchema.position(id: row.integer(0))
        let content = [UInt8](copying: row.blob(8))
        let epoch = Epoch(rawValue: row.unsigned(3))
        let firstSequence = row.unsigned(4)
        let waited = now.waited(since: row.integer(6))
        let marks = [UInt8](copying: row.blob(7))
        var deliveries: [Delivery] = []
        var duplicates: [Int] = []
        var records = 0
        deliveries.reserveCapacity(max(0, min(Int(row.integer(1)), content.count)))
        do throws(ContentError) {
            let live = try LiveContent(decoding: content.span.bytes, sequenceCount: row.unsigned(5))
            let span = content.span.bytes
            live.forEachItem { item, offset in
                guard case .record(let record) = item else { return }
                let mark = records < marks.count ? marks[records] : 0
                records += 1
                guard mark != duplicateMark else { return duplicates.append(records - 1) }
                deliveries.append(
                    Delivery(
                        bytes: content, topic: span.byteOffsets(of: record.topic) ?? 0..<0,
                        properties: span.byteOffsets(of: record.properties) ?? 0..<0,
                        payload: span.byteOffsets(of: record.payload) ?? 0..<0, qos: record.flags.qos,
                        retain: record.flags.retain, lateness: Delivery.Lateness(mark: mark),
                        stamp: Stamp(epoch: epoch, sequence: SequenceNumber(rawValue: firstSequence &+ offset)),
                        version: record.version, sourceTime: record.time, releasedAt: now.monotonic,
                        waitedBefore: waited))
            }
        } catch {
            throw .corrupt(path: path, reason: "unit \(first) does not read: \(error)")
        }
        guard deliveries.count == Int(row.integer(1)) else {
            throw .corrupt(path: path, reason: "unit \(first) has \(deliveries.count) records")
        }
        return PlacedUnit(
            first: first,
            unit: DeliveryUnit(
                content: content, epoch: epoch, firstSequence: SequenceNumber(rawValue: firstSequence),
                sequences: row.unsigned(5), deliveries: deliveries, duplicates: duplicates))
    }
}

/// Now, on both clocks: a stored time must mean something to a later process.
struct ReadingTime {
    let monotonic = MonotonicClock.now()
    let unixMilliseconds = Int64(clamping: UnixClock.now().rawValue)

    /// The time of day at which a delivery was released.
    func released(_ delivery: Delivery) -> Int64 {
        let waited = max(.zero, delivery.releasedAt.duration(to: monotonic)) + delivery.waitedBefore
        return unixMilliseconds - Int64(clamping: waited.milliseconds)
    }

    /// How long ago that was; zero if the clock was set back since.
    func waited(since released: Int64) -> Duration { .milliseconds(max(0, unixMilliseconds - released)) }
}

extension Delivery.Lateness {
    /// One byte for the database.
    var mark: UInt8 {
        switch self {
        case .none: 0
        case .newest: 1
        case .superseded: 2
        case .refresh: 3
        }
    }

    init(mark: UInt8) {
        switch mark {
        case 0: self = .none
        case 1: self = .newest
        case 3: self = .refresh
        default: self = .superseded
        }
    }
}
