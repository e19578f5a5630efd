internal import Account
internal import Deliveries
internal import DiodeProtocol
internal import Storage
internal import Time

/// The rows of `last_known`: once the outbox is at its limit, the newest value of each topic, retained and event apart.
///
/// A value that an output has taken stays beside a newer one of its topic until it is settled: only what no output has
/// taken is replaced. What stands there is offered to every output that has not passed it.
struct LastKnownTable: ~Copyable {
    static let columns = """
        position, retain, topic, epoch, sequence, version, time, released, qos, lateness, properties, payload
        """
    /// Bytes of a row beside topic, properties and payload, index included, rounded up.
    static let rowBytes = 96

    private var insertion: Statement
    private var replaceable: Statement
    private var removal: Statement
    private var settledBytes: Statement
    private var settledRemoval: Statement
    private var oldest: Statement
    private var rangeRemoval: Statement
    private var nth: Statement

    init(_ database: borrowing Database) throws(StorageError) {
        // What is there already is the same: a position is one delivery. REPLACE would cost a savepoint a row.
        let insertion = try database.prepare(
            """
            INSERT OR IGNORE INTO last_known (link, \(Self.columns))
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            """)
        let replaceable = try database.prepare(
            """
            SELECT epoch, sequence, time, length(properties) + length(payload), lateness, position FROM last_known
                WHERE link = ?1 AND retain = ?2 AND topic = ?3 AND position >= ?4
            """)
        let removal = try database.prepare(
            "DELETE FROM last_known WHERE link = ?1 AND retain = ?2 AND topic = ?3 AND position = ?4")
        let settledBytes = try database.prepare(
            """
            SELECT coalesce(sum(length(topic) + length(properties) + length(payload) + \(Self.rowBytes)), 0)
                FROM last_known WHERE link = ?1 AND position < ?2
            """)
        let settledRemoval = try database.prepare("DELETE FROM last_known WHERE link = ?1 AND position < ?2")
        let oldest = try database.prepare(
            """
            SELECT position, retain, topic, epoch, sequence, time, length(properties) + length(payload), lateness
                FROM last_known WHERE link = ?1 AND position >= ?2 AND position < ?3 ORDER BY position
            """)
        let rangeRemoval = try database.prepare(
            "DELETE FROM last_known WHERE link = ?1 AND position >= ?2 AND position < ?3")
        let nth = try database.prepare(
            "SELECT position FROM last_known WHERE link = ?1 AND position >= ?2 ORDER BY position LIMIT 1 OFFSET ?3")
        // Only now: a move-only value may not be left half made by a throw.
        self.insertion = insertion
        self.replaceable = replaceable
        self.removal = removal
        self.settledBytes = settledBytes
        self.settledRemoval = settledRemoval
        self.oldest = oldest
        self.rangeRemoval = rangeRemoval
        self.nth = nth
    }

    static func bytes(_ delivery: Delivery) -> Int {
        delivery.topicRange.count + delivery.propertiesRange.count + delivery.payloadRange.count + rowBytes
    }

    private static func isRefresh(_ row: borrowing Statement, _ column: Int) -> Bool {
        Delivery.Lateness(mark: UInt8(clamping: row.integer(column))) == .refresh
    }

    /// The value of the current row, whose columns are `columns`.
    static func read(_ row: borrowing Statement, now: ReadingTime) -> QueuedDelivery {
        var bytes: [UInt8] = []
        row.blob(2).withUnsafeBytes { bytes.append(contentsOf: $0) }
        let topic = 0..<bytes.count
        row.blob(10).withUnsafeBytes { bytes.append(contentsOf: $0) }
        let properties = topic.upperBound..<bytes.count
        row.blob(11).withUnsafeBytes { bytes.append(contentsOf: $0) }
        let payload = properties.upperBound..<bytes.count
        let stamp = Stamp(
            epoch: Epoch(rawValue: row.unsigned(3)), sequence: SequenceNumber(rawValue: row.unsigned(4)))
        return QueuedDelivery(
            position: OutboxPosition(rawValue: row.unsigned(0)),
            delivery: Delivery(
                bytes: bytes, topic: topic, properties: properties, payload: payload,
                qos: QualityOfService(rawValue: UInt8(clamping: row.integer(8))) ?? .atMostOnce,
                retain: row.integer(1) != 0, lateness: Delivery.Lateness(mark: UInt8(clamping: row.integer(9))),
                stamp: stamp, version: TopicVersion(rawValue: row.unsigned(5)),
                sourceTime: UnixMilliseconds(rawValue: row.unsigned(6)), releasedAt: now.monotonic,
                waitedBefore: now.waited(since: row.integer(7))))
    }

    /// Adds a value, whatever else its topic has.
    /// - Returns: what it counts.
    mutating func insert(_ queued: QueuedDelivery, link: Int, now: ReadingTime) throws(StorageError) -> Int {
        let delivery = queued.delivery
        insertion.bind(1, Int64(link))
        insertion.bind(2, unsigned: queued.position.rawValue)
        insertion.bind(3, delivery.retain ? 1 : 0)
        insertion.bind(4, blob: delivery.topic)
        insertion.bind(5, unsigned: delivery.stamp.epoch.rawValue)
        insertion.bind(6, unsigned: delivery.stamp.sequence.rawValue)
        insertion.bind(7, unsigned: delivery.version.rawValue)
        insertion.bind(8, unsigned: delivery.sourceTime.rawValue)
        insertion.bind(9, now.released(delivery))
        insertion.bind(10, Int64(delivery.qos.rawValue))
        insertion.bind(11, Int64(delivery.lateness.mark))
        insertion.bind(12, blob: delivery.properties)
        insertion.bind(13, blob: delivery.payload)
        try insertion.run()
        return Self.bytes(delivery)
    }

    /// Puts a value in the place of what its topic had, unless that was taken; what it replaces is shed.
    /// - Parameter cursor: no output waits for a value before it.
    mutating func replace(
        _ queued: QueuedDelivery, link: Int, cursor: UInt64, now: ReadingTime, _ outcome: inout OutboxOutcome
    ) throws(StorageError) {
        let delivery = queued.delivery
        var replaced: [UInt64] = []
        replaceable.bind(1, Int64(link))
        replaceable.bind(2, delivery.retain ? 1 : 0)
        replaceable.bind(3, blob: delivery.topic)
        replaceable.bind(4, unsigned: cursor)
        while try replaceable.step() {
            let position = replaceable.unsigned(5)
            guard !outcome.isTaken(position) else { continue }
            replaced.append(position)
            outcome.shed(
                position, topic: delivery.topic,
                stamp: Stamp(
                    epoch: Epoch(rawValue: replaceable.unsigned(0)),
                    sequence: SequenceNumber(rawValue: replaceable.unsigned(1))),
                time: UnixMilliseconds(rawValue: replaceable.unsigned(2)), isRefresh: Self.isRefresh(replaceable, 4))
            outcome.knownBytes -= delivery.topicRange.count + Int(replaceable.integer(3)) + Self.rowBytes
        }
        for position in replaced {
            removal.bind(1, Int64(link))
            removal.bind(2, delivery.retain ? 1 : 0)
            removal.bind(3, blob: delivery.topic)
            removal.bind(4, unsigned: position)
            try removal.run()
        }
        outcome.knownBytes += try insert(queued, link: link, now: now)
    }

    /// Removes values that have left.
    /// - Returns: what they counted.
    mutating func removeSettled(link: Int, before settled: UInt64) throws(StorageError) -> Int {
        settledBytes.bind(1, Int64(link))
        settledBytes.bind(2, unsigned: settled)
        var bytes = 0
        while try settledBytes.step() { bytes = Int(settledBytes.integer(0)) }
        guard bytes > 0 else { return 0 }
        settledRemoval.bind(1, Int64(link))
        settledRemoval.bind(2, unsigned: settled)
        try settledRemoval.run()
        return bytes
    }

    /// Sheds the oldest values that no output has taken: even the last values do not fit.
    /// - Parameter bytes: what they shall count together, if there is as much.
    /// - Returns: whether there was any.
    mutating func shedOldest(
        link: Int, before limit: UInt64, bytes: Int, _ outcome: inout OutboxOutcome
    ) throws(StorageError) -> Bool {
        var freed = 0
        for stretch in outcome.free(before: limit) where freed < bytes {
            var end = stretch.lowerBound
            oldest.bind(1, Int64(link))
            oldest.bind(2, unsigned: stretch.lowerBound)
            oldest.bind(3, unsigned: stretch.upperBound)
            while freed < bytes, try oldest.step() {
                let topic = oldest.blob(2)
                freed += topic.byteCount + Int(oldest.integer(6)) + Self.rowBytes
                outcome.shed(
                    oldest.unsigned(0), topic: topic,
                    stamp: Stamp(
                        epoch: Epoch(rawValue: oldest.unsigned(3)),
                        sequence: SequenceNumber(rawValue: oldest.unsigned(4))),
                    time: UnixMilliseconds(rawValue: oldest.unsigned(5)), isRefresh: Self.isRefresh(oldest, 7))
                end = oldest.unsigned(0) + 1
            }
            oldest.reset()
            guard end > stretch.lowerBound else { continue }
            rangeRemoval.bind(1, Int64(link))
            rangeRemoval.bind(2, unsigned: stretch.lowerBound)
            rangeRemoval.bind(3, unsigned: end)
            try rangeRemoval.run()
        }
        outcome.knownBytes -= freed
        return freed > 0
    }

    /// The position of the value that stands `count` behind the one at `position`; nil if there are not as many.
    mutating func position(_ count: UInt64, after position: UInt64, link: Int) throws(StorageError) -> UInt64? {
        nth.bind(1, Int64(link))
        nth.bind(2, unsigned: position)
        nth.bind(3, unsigned: count)
        var found: UInt64?
        while try nth.step() { found = nth.unsigned(0) }
        return found
    }
}
