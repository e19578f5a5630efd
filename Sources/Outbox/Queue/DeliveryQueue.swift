public import Account
public import Deliveries
import DiodeProtocol
public import Storage
public import Threading

/// Names a delivery in its queue. Grows by one with each delivery and is never used twice, over restarts; below 2⁴⁸.
public struct OutboxPosition: RawRepresentable, Sendable, Hashable, Comparable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static func < (a: OutboxPosition, b: OutboxPosition) -> Bool { a.rawValue < b.rawValue }
}

/// A delivery and its place in the queue.
public struct QueuedDelivery: Sendable {
    public let position: OutboxPosition
    public let delivery: Delivery

    /// The same with bytes of its own, for one that is kept when its block is not.
    public var detached: QueuedDelivery { QueuedDelivery(position: position, delivery: delivery.detached) }
}

/// The final word on one delivery.
public struct OutboxSettlement: Sendable {
    public let position: OutboxPosition
    public let disposition: Disposition

    public init(position: OutboxPosition, disposition: Disposition) {
        self.position = position
        self.disposition = disposition
    }
}

/// How full the queue is.
public struct OutboxLoad: Sendable, Equatable {
    /// Deliveries that wait, in memory or on disk, and that the publisher has taken.
    public var waiting, taken: Int
    /// What those that the publisher has taken cost.
    public var takenBytes: Int
    /// What all of them count against the limit on disk, and what they may.
    public var bytes, limitBytes: Int
    /// What of them is in memory, and what may be.
    public var memoryBytes, memoryLimitBytes: Int
    /// The last transaction failed: what came since is in memory only.
    public var isFailing: Bool
}

/// The database that holds a queue.
public struct OutboxDatabase: Sendable {
    public var path: String
    public var schema: DatabaseSchema

    /// - Parameter schema: of a database that has the tables of ``OutboxSchema``.
    public init(path: String, schema: DatabaseSchema) {
        self.path = path
        self.schema = schema
    }
}

/// The queue of one link between the receiver, which stores what it commits, and the publisher, which takes a window and
/// settles it.
///
/// ```text
///  stage ─▶ OutboxWriter.write ─▶ committed ─▶ waiting ── take ──▶ taken ──▶ answered ── all before it too ──▶ gone
///                    │                          ▲                    │           │
///                    ▼ at the limit             └────── rewind ──────┴───────────┘
///       the last value of each topic; the rest is shed
/// ```
///
/// A delivery leaves only when all before it are answered. So after the IT broker was lost, or the receiver was killed, a run
/// repeats in order that ends at the newest, and no older value lands behind a newer one of its topic.
///
/// While memory has room for everything, nothing is read from disk. Beyond that, newer deliveries lie on disk alone and
/// `take` reads them back. While transactions fail, what comes is kept in memory up to its limit, and stored by the next
/// one that does not.
///
/// Any thread may call it; `stage`, `committed`, `failed`, `restore` and `databaseReplaced` belong to one thread, `take`,
/// `settle` and `rewind` to another.
public final class DeliveryQueue: Sendable {
    /// What the queue may hold.
    public struct Limits: Sendable, Equatable {
        /// On disk: contents of units and last-known values, at least 64 KiB. What the publisher has taken comes on top.
        public var bytes: Int
        /// In memory, at least 64 KiB: deliveries that wait or are taken, and as much again while transactions fail.
        public var memoryBytes: Int

        /// Memory for a queue if nothing else is said.
        public static let standardMemoryBytes = 64 << 20

        public init(bytes: Int, memoryBytes: Int? = nil) {
            let memoryBytes = memoryBytes ?? min(bytes, Self.standardMemoryBytes)
            precondition(bytes >= 65_536 && memoryBytes >= 65_536, "an outbox holds something")
            self.bytes = bytes
            self.memoryBytes = memoryBytes
        }
    }

    /// The link's number in the tables.
    public let link: Int
    private let state: Lock<DeliveryQueueState>
    private let database: OutboxDatabase?
    /// Opened by the first reading; one thread reads at a time.
    private let reader = Lock<OutboxReader?>(nil)
    private let readFailure = Lock<StorageError?>(nil)
    /// Signalled when there may be something to take.
    public let wakeup: Wakeup
    /// Between the publisher, who reads back what the IT broker retains, and the receiver, who compares.
    public let readBack: ReadBack

    /// A queue that a database holds. It offers nothing before its first transaction ended.
    /// - Parameter link: 0 ..< ``OutboxSchema/linkLimit``.
    /// - Throws: when the process has no descriptor left.
    public init(link: Int, limits: Limits, database: OutboxDatabase) throws(SystemError) {
        wakeup = try Wakeup()
        readBack = try ReadBack(wakeup: wakeup)
        self.link = link
        self.database = database
        state = Lock(DeliveryQueueState(link: link, limits: limits, isStored: true))
    }

    /// A queue in memory alone: at the memory limit the oldest is shed.
    /// - Throws: when the process has no descriptor left.
    public init(limits: Limits) throws(SystemError) {
        wakeup = try Wakeup()
        readBack = try ReadBack(wakeup: wakeup)
        link = 0
        database = nil
        state = Lock(DeliveryQueueState(link: 0, limits: limits, isStored: false))
    }

    // MARK: The store thread

    /// Takes over units, in order. They become visible to the publisher with `committed` or `failed`.
    /// - Returns: the position after the last.
    @discardableResult
    public func stage(_ units: [DeliveryUnit]) -> OutboxPosition {
        OutboxPosition(rawValue: state.withLock { $0.stage(units) })
    }

    /// Whether a transaction would store something new: units, settlements, losses, or a wider permit for the publisher.
    /// Asked at least every 50 ms.
    public var needsWrite: Bool { state.withLock { $0.needsWrite } }

    /// The transaction with `OutboxWriter.write` of this queue is committed.
    public func committed() {
        state.withLock { $0.committed() }
        wakeup.signal()
    }

    /// The transaction failed, or did not come to writing this queue: what was staged goes on in memory.
    public func failed() {
        state.withLock { $0.failed() }
        wakeup.signal()
    }

    /// The database was set aside and an empty one stands in its place. What only the old one held is lost and named; what is in
    /// memory will be stored again.
    public func databaseReplaced() {
        reader.withLock { $0 = nil }
        state.withLock { $0.replaced() }
        wakeup.signal()
    }

    /// Goes on where an earlier process ended. Before anything else.
    public func restore(from database: borrowing Database) throws(StorageError) {
        guard let saved = try SavedOutbox(link: link, in: database) else { return }
        state.withLock { $0.restore(saved) }
    }

    /// Takes over units that no database will hold. For a queue in memory alone.
    /// - Returns: what was shed to make room.
    @discardableResult
    public func append(_ units: [DeliveryUnit]) -> Loss? {
        precondition(database == nil, "a queue with a database is written by its transactions")
        let loss = state.withLock { state in
            _ = state.stage(units)
            let before = state.losses
            state.losses = LossList()
            state.failed()
            let loss = state.losses.all.first
            state.losses.add(before)
            return loss
        }
        wakeup.signal()
        return loss
    }

    /// The same for deliveries that are no whole content.
    @discardableResult
    public func append(_ batch: [Delivery]) -> Loss? {
        append(
            batch.map {
                DeliveryUnit(
                    content: [], epoch: $0.stamp.epoch, firstSequence: $0.stamp.sequence, sequences: 1, deliveries: [$0]
                )
            })
    }

    func beginWrite() -> OutboxStep { state.withLock { $0.beginWrite() } }
    func endWrite(_ outcome: OutboxOutcome) { state.withLock { $0.endWrite(outcome) } }

    // MARK: The publisher's thread

    /// Takes the oldest waiting deliveries, in order, as many as both limits allow (at least one, whatever it costs). It may
    /// return none although some wait: they are being moved, or a transaction must come first; `wakeup` tells when.
    public func take(records: Int, bytes: Int) -> [QueuedDelivery] {
        while true {
            switch state.withLock({ $0.take(records: records, bytes: bytes) }) {
            case .window(let window): return window
            case .onDisk(let order):
                do throws(StorageError) {
                    let read = try read(order)
                    state.withLock { $0.load(read.deliveries, upTo: read.end, order) }
                    readFailure.withLock { $0 = nil }
                } catch {
                    readFailure.withLock { $0 = error }
                    return []
                }
            }
        }
    }

    private func read(_ order: DeliveryQueueState.ReadOrder) throws(StorageError) -> OutboxReader.Reading {
        guard let database else { preconditionFailure("only a queue with a database has rows") }
        let link = link
        return try reader.withLock { reader throws(StorageError) in
            do throws(StorageError) {
                if reader == nil { reader = try OutboxReader(database, link: link) }
                guard let reading = try reader?.read(order) else { preconditionFailure("the reader was just opened") }
                return reading
            } catch {
                reader = nil
                throw error
            }
        }
    }

    /// Why the last reading from disk failed; nil if it did not. The next `take` tries again.
    public var readError: StorageError? { readFailure.withLock { $0 } }

    /// Notes the final word on deliveries that were taken. Positions that are not taken any more are ignored: they were
    /// answered already or put back by `rewind`.
    public func settle(_ settlements: [OutboxSettlement]) {
        guard !settlements.isEmpty else { return }
        state.withLock { $0.settle(settlements) }
    }

    /// Puts everything that was taken and has not left back to the front, in order, answered or not.
    public func rewind() {
        state.withLock { $0.rewind() }
        wakeup.signal()
    }

    // MARK: Either

    /// Sheds what no disk holds: the process ends, and the publisher with it. The rest waits for the next process.
    /// - Returns: what was shed, if anything.
    @discardableResult
    public func close() -> Loss? { state.withLock { $0.close() } }

    /// Every delivery before this position has left.
    public var settled: OutboxPosition { OutboxPosition(rawValue: state.withLock { $0.settled }) }
    public var load: OutboxLoad { state.withLock { $0.load } }
    public var totals: OutboxTotals { state.withLock { $0.totals } }
    /// What was lost and no transaction has named yet, one for each cause.
    public var losses: [Loss] { state.withLock { $0.losses.all } }
}
