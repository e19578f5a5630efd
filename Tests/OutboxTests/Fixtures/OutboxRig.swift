import Account
import Deliveries
import DiodeProtocol
import Outbox
import Storage
import TestKit

/// An outbox on a real file, with the store thread's steps to be taken one by one.
final class OutboxRig {
    static let schema = DatabaseSchema(
        owner: "test", applicationID: "TEST", migrations: [OutboxSchema.sql, OutboxSchema.outputs, OutboxSchema.notes])

    let folder: TemporaryDirectory
    let path: String
    let limits: DeliveryQueue.Limits
    let link: Int
    private var others: [OutputName]
    private(set) var queue: DeliveryQueue
    private var database: Database
    private var writer: OutboxWriter
    var checkpoint: OutboxPosition?
    /// What outputs had counted as repeated in doubt since their last transaction when a kill came: nobody knows it any more.
    private(set) var forgottenDoubts: [OutputName: UInt64] = [:]
    private var storedDoubts: [OutputName: UInt64] = [:]
    /// Outputs that the process before had and this one has not.
    private(set) var forgotten: [ForgottenOutput] = []

    /// The IT broker's.
    var output: OutboxOutput { queue.mqtt }

    init(
        limits: DeliveryQueue.Limits, link: Int = 3, others: [OutputName] = [], folder: TemporaryDirectory? = nil
    ) throws {
        let folder = try folder ?? TemporaryDirectory("outbox")
        self.folder = folder
        let path = folder.file("recv.db")
        self.path = path
        self.limits = limits
        self.link = link
        self.others = others
        database = try Database(path: path, schema: Self.schema)
        writer = try OutboxWriter(database)
        queue = try DeliveryQueue(
            link: link, limits: limits, database: OutboxDatabase(path: path, schema: Self.schema), others: others)
        forgotten = try queue.restore(from: database)
    }

    /// One transaction. A failing one is rolled back after everything was written.
    @discardableResult
    func write(failing: Bool = false) throws -> [Loss] { try writeAll(failing: failing)[.mqtt] ?? [] }

    /// The same; losses of each output.
    /// - Parameter body: called when everything is written and nothing is committed.
    func writeAll(failing: Bool = false, _ body: () -> Void = {}) throws -> [OutputName: [Loss]] {
        try database.begin()
        let losses = try writer.write(queue, replicaCheckpoint: checkpoint)
        body()
        if failing {
            database.rollBack()
            queue.failed()
            return [:]
        }
        try database.commit()
        queue.committed()
        for output in queue.outputs { storedDoubts[output.name] = output.totals.repeatedInDoubt }
        return Dictionary(uniqueKeysWithValues: losses.map { ($0.output, $0.losses) })
    }

    /// What a kill leaves: the file as it is.
    /// - Parameter others: the outputs that the next process has beside the IT broker; nil: the same.
    func restart(others: [OutputName]? = nil) throws {
        self.others = others ?? self.others
        for output in queue.outputs {
            let (now, stored) = (output.totals.repeatedInDoubt, storedDoubts[output.name, default: 0])
            forgottenDoubts[output.name, default: 0] += now - min(now, stored)
        }
        database = try Database(path: path, schema: Self.schema)
        writer = try OutboxWriter(database)
        queue = try DeliveryQueue(
            link: link, limits: limits, database: OutboxDatabase(path: path, schema: Self.schema), others: self.others)
        forgotten = try queue.restore(from: database)
    }

    /// The file is set aside and an empty one made.
    func replaceFile() throws {
        _ = try SetAside.move(path, time: "now")
        database = try Database(path: path, schema: Self.schema)
        writer = try OutboxWriter(database)
        queue.databaseReplaced()
    }

    func number(_ sql: String) throws -> Int {
        var statement = try database.prepare(sql)
        return try statement.step() ? Int(statement.integer(0)) : 0
    }

    func replay(from position: OutboxPosition?) throws -> [UInt64] {
        var sequences: [UInt64] = []
        try UnitReplay.read(link: link, from: position, in: database) { unit, _ throws(StorageError) in
            sequences += unit.deliveries.map(\.stamp.sequence.rawValue)
        }
        return sequences
    }

    /// Publishes all there is.
    func drain(_ use: (QueuedDelivery) -> Void) throws -> [Loss] {
        var losses = try write()
        for _ in 0..<100_000 {
            let window = output.take(records: 1_000, bytes: .max)
            window.forEach(use)
            output.settle(window.map { OutboxSettlement(position: $0.position, disposition: .published) })
            if queue.needsWrite { losses += try write() }
            if window.isEmpty, output.load.waiting == 0 { break }
        }
        return losses + (try write())
    }
}
