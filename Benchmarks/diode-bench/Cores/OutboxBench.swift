import Account
import DiodeProtocol
import Outbox
import Storage
import TestKit
import Threading
import Deliveries
import Time

/// The outbox alone on a real file: how fast it takes in while the publisher is away, with room and at its limit, and how fast it
/// is emptied afterwards. Every record must have been handed out or shed in the end.
func benchOutbox() throws -> [BenchRow] {
    try [
        OutboxIntake(name: "units of 100", unitRecords: 100),
        OutboxIntake(name: "units of 10", unitRecords: 10),
        OutboxIntake(name: "units of 1", unitRecords: 1, records: 250_000),
        OutboxIntake(name: "at its limit, 100 k topics", unitRecords: 100, limitBytes: 32 << 20),
        OutboxIntake(name: "at its limit, 1 k topics", unitRecords: 100, limitBytes: 32 << 20, topics: 1_000),
    ].flatMap { try $0.rows() }
}

/// So many records of 60 bytes, which come in transactions of 20 ms at 50,000 a second.
private struct OutboxIntake {
    var name: String
    var unitRecords: UInt64
    var records: UInt64 = 1_000_000
    var limitBytes = 4 << 30
    var topics: UInt64 = 100_000

    private static let schema = DatabaseSchema(
        owner: "bench", applicationID: "BNCH", migrations: [OutboxSchema.sql, OutboxSchema.outputs, OutboxSchema.notes])
    private static let transactionRecords: UInt64 = 1_000

    func rows() throws -> [BenchRow] {
        let folder = try TemporaryDirectory("bench-outbox")
        let path = folder.file("recv.db")
        let database = try Database(path: path, schema: Self.schema)
        var writer = try OutboxWriter(database)
        let queue = try DeliveryQueue(
            link: 1, limits: .init(bytes: limitBytes), database: OutboxDatabase(path: path, schema: Self.schema))
        try queue.restore(from: database)
        var intake = Timed()
        var next: UInt64 = 1
        while next <= records {
            let end = min(next + Self.transactionRecords, records + 1)
            let units = try stride(from: next, to: end, by: Int(unitRecords)).map {
                try unit(from: $0, to: min($0 + unitRecords, end))
            }
            next = end
            try intake.time {
                queue.stage(units)
                try Self.commit(queue, &writer, database)
            }
        }
        let bytes = try Self.bytes(of: database)
        var emptying = Timed()
        var taken: UInt64 = 0
        while queue.mqtt.load.waiting > 0 || queue.needsWrite {
            try emptying.time {
                let window = queue.mqtt.take(records: 1_000, bytes: .max)
                taken += UInt64(window.count)
                queue.mqtt.settle(window.map { OutboxSettlement(position: $0.position, disposition: .published) })
                if queue.needsWrite { try Self.commit(queue, &writer, database) }
            }
        }
        guard taken + queue.mqtt.totals.shedSum == records else { throw WrongResult(name: "an outbox, \(name)") }
        return [
            BenchRow("\(name): in", Double(records) / intake.total, "records/s"),
            BenchRow("\(name): the longest transaction", intake.longest * 1e3, "ms"),
            BenchRow("\(name): on disk", Double(bytes) / Double(records), "bytes/record"),
            BenchRow("\(name): out", Double(taken) / emptying.total, "records/s"),
        ]
    }

    private static func commit(
        _ queue: DeliveryQueue, _ writer: inout OutboxWriter, _ database: borrowing Database
    ) throws {
        try database.begin()
        _ = try writer.write(queue, replicaCheckpoint: nil)
        try database.commit()
        queue.committed()
    }

    private static func bytes(of database: borrowing Database) throws -> Int64 {
        var size = try database.prepare(
            "SELECT page_size * (SELECT page_count FROM pragma_page_count) FROM pragma_page_size")
        return try size.step() ? size.integer(0) : 0
    }

    /// The unit of records with these sequences, encoded as a sender would.
    private func unit(from first: UInt64, to end: UInt64) throws -> DeliveryUnit {
        let payload = [UInt8](repeating: UInt8(ascii: "x"), count: 60)
        let nothing: [UInt8] = []
        var encoder = LiveContentEncoder()
        for sequence in first..<end {
            let topic = Array("acme/site/area/line/cell/\(sequence &* 7_919 % topics)".utf8)
            encoder.append(
                topic: topic.span.bytes,
                flags: RecordFlags(qos: .atLeastOnce, retain: false, hasProperties: false),
                version: TopicVersion(rawValue: sequence),
                time: UnixMilliseconds(rawValue: 1_763_716_000_000 + sequence), properties: nothing.span.bytes,
                payload: payload.span.bytes)
        }
        var content: [UInt8] = []
        encoder.finish(into: &content)
        let epoch = Epoch(rawValue: 7)
        let now = MonotonicClock.now()
        let span = content.span.bytes
        var deliveries: [Delivery] = []
        try LiveContent(decoding: span, sequenceCount: end - first).forEachItem { item, offset in
            guard case .record(let view) = item else { return }
            deliveries.append(
                Delivery(
                    bytes: content, topic: span.byteOffsets(of: view.topic) ?? 0..<0, properties: 0..<0,
                    payload: span.byteOffsets(of: view.payload) ?? 0..<0, qos: view.flags.qos,
                    retain: view.flags.retain, lateness: .none,
                    stamp: Stamp(epoch: epoch, sequence: SequenceNumber(rawValue: first + offset)),
                    version: view.version, sourceTime: view.time, releasedAt: now))
        }
        return DeliveryUnit(
            content: content, epoch: epoch, firstSequence: SequenceNumber(rawValue: first), sequences: end - first,
            deliveries: deliveries)
    }
}

/// Steps that were timed: seconds of all of them, and of the longest.
private struct Timed {
    private(set) var total = 0.0
    private(set) var longest = 0.0

    mutating func time(_ step: () throws -> Void) rethrows {
        let seconds = try Timing.seconds(step)
        total += seconds
        longest = max(longest, seconds)
    }
}
