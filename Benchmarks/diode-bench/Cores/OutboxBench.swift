import Account
import DiodeProtocol
import Outbox
import Storage
import TestKit
import Threading
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
        let units = StoredUnits(topics: topics)
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
            let staged = try stride(from: next, to: end, by: Int(unitRecords)).map {
                try units.unit(from: $0, to: min($0 + unitRecords, end))
            }
            next = end
            try intake.time {
                queue.stage(staged)
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
}
