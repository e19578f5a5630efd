public import Deliveries
public import Storage
public import Threading

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

/// The queue of one link between the receiver, which stores what it commits, and the outputs, each of which takes a window and
/// settles it.
///
/// ```text
///  stage ─▶ OutboxWriter.write ─▶ committed ─┬▶ output: waiting ── take ──▶ taken ── settle: all before it too ──▶ gone, counted
///                    │                       │             ▲                  │
///                    │                       │             └───── rewind ─────┘
///                    ▼ at the limit          └▶ another output: the same, at its own pace
///       the last value of each topic; the rest is shed by every output that still waited for it
/// ```
///
/// A row goes once it has left every output. Each ``OutboxOutput`` has a position, totals and losses of its own.
///
/// While memory has room for everything, nothing is read from disk. Beyond that, newer deliveries lie on disk alone and
/// `take` reads them back. While transactions fail, what comes is kept in memory up to its limit, and stored by the next
/// one that does not.
///
/// Any thread may call it; `stage`, `committed`, `failed`, `restore`, `databaseReplaced` and `close` belong to one thread, each output to
/// another.
public final class DeliveryQueue: Sendable {
    /// What the queue may hold.
    public struct Limits: Sendable, Equatable {
        /// On disk: contents of units and last-known values, at least 64 KiB. What outputs have taken comes on top.
        public var bytes: Int
        /// In memory, at least 64 KiB, which the outputs share evenly: deliveries that wait or are taken; and as much again while
        /// transactions fail.
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
    /// The IT broker's first.
    public let outputs: [OutboxOutput]
    private let state: Lock<DeliveryQueueState>

    /// A queue that offers nothing before its first transaction ended.
    /// - Parameters:
    ///   - link: 0 ..< ``OutboxSchema/linkLimit``.
    ///   - others: what takes from it beside the IT broker; names that differ.
    /// - Throws: when the process has no descriptor left.
    public init(
        link: Int, limits: Limits, database: OutboxDatabase, others: [OutputName] = []
    ) throws(SystemError) {
        let names = [.mqtt] + others
        precondition(Set(names).count == names.count, "each output has a name of its own")
        self.link = link
        let state = Lock(DeliveryQueueState(link: link, limits: limits, outputs: names))
        self.state = state
        var outputs: [OutboxOutput] = []
        for (index, name) in names.enumerated() {
            outputs.append(try OutboxOutput(name, index: index, of: state, link: link, database: database))
        }
        self.outputs = outputs
    }

    /// What takes for the IT broker.
    public var mqtt: OutboxOutput { outputs[0] }

    /// Takes over units, in order. They become visible to the outputs with `committed` or `failed`.
    /// - Returns: the position after the last.
    @discardableResult
    public func stage(_ units: [DeliveryUnit]) -> OutboxPosition {
        OutboxPosition(rawValue: state.withLock { $0.stage(units) })
    }

    /// Whether a transaction would store something new: units, settlements, losses, or a wider permit for an output.
    /// Asked at least every 50 ms.
    public var needsWrite: Bool { state.withLock { $0.needsWrite } }

    /// Who makes transactions: an output that waits for one signals it.
    public func wakes(_ store: Wakeup) { state.withLock { $0.storeWakeup = store } }

    /// The transaction with `OutboxWriter.write` of this queue is committed.
    public func committed() {
        state.withLock { $0.committed() }
        wake()
    }

    /// The transaction failed, or did not come to writing this queue: what was staged goes on in memory.
    public func failed() {
        state.withLock { $0.failed() }
        wake()
    }

    /// The database was set aside and an empty one stands in its place. What only the old one held is lost and named; what is in
    /// memory will be stored again.
    public func databaseReplaced() {
        for output in outputs { output.forgetDatabase() }
        state.withLock { $0.replaced() }
        wake()
    }

    /// Goes on where an earlier process ended. Before anything else. An output that no earlier process had begins behind what is stored.
    /// - Returns: outputs that the earlier process had and this queue has not; the first transaction ends their accounts.
    @discardableResult
    public func restore(from database: borrowing Database) throws(StorageError) -> [ForgottenOutput] {
        guard let saved = try SavedOutbox(link: link, in: database) else { return [] }
        return state.withLock { $0.restore(saved) }
    }

    /// Sheds what no disk holds: the process ends, and the outputs with it. The rest waits for the next process.
    /// - Returns: what was shed, of each output that shed anything.
    @discardableResult
    public func close() -> [OutputLosses] { state.withLock { $0.close() } }

    func beginWrite() -> OutboxStep { state.withLock { $0.beginWrite() } }
    func endWrite(_ outcome: OutboxOutcome) { state.withLock { $0.endWrite(outcome) } }

    private func wake() { for output in outputs { output.wakeup.signal() } }
}
