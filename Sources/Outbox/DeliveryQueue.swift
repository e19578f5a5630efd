public import DiodeProtocol
public import Threading

/// Names a delivery in its queue. Grows by one with each delivery and is never used twice.
public struct OutboxPosition: RawRepresentable, Sendable, Hashable, Comparable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static func < (a: OutboxPosition, b: OutboxPosition) -> Bool { a.rawValue < b.rawValue }
}

/// A delivery and its place in the queue.
public struct QueuedDelivery: Sendable {
    public let position: OutboxPosition
    public let delivery: Delivery
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

/// What was shed because the queue was full: enough to name the loss.
public struct ShedSpan: Sendable, Equatable {
    public var records: UInt64
    /// Stamps of the first and the last of them.
    public var first, last: Stamp
    /// The earliest and the latest source time among them.
    public var from, to: UnixMilliseconds
}

/// How full the queue is.
public struct OutboxLoad: Sendable, Equatable {
    /// Deliveries that wait, and that the publisher has taken.
    public var waiting, taken: Int
    /// What those that the publisher has taken cost.
    public var takenBytes: Int
    /// What all of them cost, and what they may.
    public var bytes, limitBytes: Int
}

/// The bounded queue of one link between the receiver, which appends what it commits, and the publisher, which takes a
/// window and settles it.
///
/// ```text
///  append ─▶ waiting ─── take ──▶ taken ──▶ answered ─── all before it answered too ──▶ gone
///               │ ▲                 │           │
///  at the limit │ └──── rewind ─────┴───────────┘
///               ▼
///             shed, oldest first
/// ```
///
/// A delivery leaves only when all before it are answered. So after the IT broker was lost, `rewind` repeats a run in
/// order that ends at the newest, and no older value lands behind a newer one of its topic.
///
/// It is bounded by bytes and deliveries: at a limit the oldest waiting delivery is shed and counted, never one
/// that the publisher has taken. Any thread may call it.
public final class DeliveryQueue: Sendable {
    /// What the queue may hold.
    public struct Limits: Sendable, Equatable {
        /// Sum of `Delivery.cost`, at least 64 KiB.
        public var bytes: Int
        /// Deliveries, at least 1.
        public var records: Int

        public init(bytes: Int, records: Int = 4_000_000) {
            precondition(bytes >= 65_536 && records >= 1, "an outbox holds something")
            self.bytes = bytes
            self.records = records
        }
    }

    private let state: Lock<DeliveryQueueState>
    /// Signalled after each append of something.
    public let wakeup: Wakeup

    /// - Throws: when the process has no descriptor left.
    public init(limits: Limits) throws(SystemError) {
        wakeup = try Wakeup()
        state = Lock(DeliveryQueueState(limits: limits))
    }

    /// Takes over a batch, in order, and sheds the oldest waiting deliveries if it then holds too much.
    /// - Returns: what was shed, if anything.
    @discardableResult
    public func append(_ batch: [Delivery]) -> ShedSpan? {
        guard !batch.isEmpty else { return nil }
        let shed = state.withLock { $0.append(batch) }
        wakeup.signal()
        return shed
    }

    /// Takes the oldest waiting deliveries, in order, as many as both limits allow (at least one, whatever it costs).
    public func take(records: Int, bytes: Int) -> [QueuedDelivery] {
        state.withLock { $0.take(records: records, bytes: bytes) }
    }

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

    /// Sheds everything that is left: the process ends and the queue with it.
    /// - Returns: what was shed, if anything.
    @discardableResult
    public func close() -> ShedSpan? {
        state.withLock { $0.close() }
    }

    public var load: OutboxLoad { state.withLock { $0.load } }
    public var totals: OutboxTotals { state.withLock { $0.totals } }
}

/// The queue behind the lock.
struct DeliveryQueueState {
    private struct Taken {
        let queued: QueuedDelivery
        var answer: Disposition?
    }

    private let limits: DeliveryQueue.Limits
    private var waiting = RingBuffer<QueuedDelivery>()
    /// Positions ascend, with holes where something was shed.
    private var taken = RingBuffer<Taken>()
    private var bytes = 0
    private var takenBytes = 0
    private var nextPosition: UInt64 = 1
    private(set) var totals = OutboxTotals()

    init(limits: DeliveryQueue.Limits) { self.limits = limits }

    var load: OutboxLoad {
        OutboxLoad(
            waiting: waiting.count, taken: taken.count, takenBytes: takenBytes, bytes: bytes, limitBytes: limits.bytes)
    }

    mutating func append(_ batch: [Delivery]) -> ShedSpan? {
        for delivery in batch {
            waiting.append(QueuedDelivery(position: OutboxPosition(rawValue: nextPosition), delivery: delivery))
            nextPosition += 1
            bytes += delivery.cost
        }
        totals.appended += UInt64(batch.count)
        var shed: ShedSpan?
        while bytes > limits.bytes || waiting.count + taken.count > limits.records,
            let oldest = waiting.popFirst()
        {
            drop(oldest.delivery, .outboxFull, into: &shed)
        }
        return shed
    }

    mutating func take(records: Int, bytes: Int) -> [QueuedDelivery] {
        var window: [QueuedDelivery] = []
        window.reserveCapacity(min(records, waiting.count))
        var cost = 0
        while window.count < records, let next = waiting.first {
            cost += next.delivery.cost
            if !window.isEmpty, cost > bytes { break }
            window.append(next)
            takenBytes += next.delivery.cost
            taken.append(Taken(queued: next, answer: nil))
            _ = waiting.popFirst()
        }
        return window
    }

    mutating func settle(_ settlements: [OutboxSettlement]) {
        for settlement in settlements {
            guard let index = indexOfTaken(settlement.position), taken[index].answer == nil else { continue }
            taken[index].answer = settlement.disposition
        }
        while let first = taken.first, let answer = first.answer {
            totals.count(answer)
            bytes -= first.queued.delivery.cost
            takenBytes -= first.queued.delivery.cost
            _ = taken.popFirst()
        }
    }

    mutating func rewind() {
        while let last = taken.popLast() { waiting.prepend(last.queued) }
        takenBytes = 0
    }

    mutating func close() -> ShedSpan? {
        rewind()
        var shed: ShedSpan?
        while let oldest = waiting.popFirst() { drop(oldest.delivery, .stopped, into: &shed) }
        return shed
    }

    private mutating func drop(_ delivery: Delivery, _ reason: ShedReason, into shed: inout ShedSpan?) {
        bytes -= delivery.cost
        totals.count(.shed(reason))
        let time = delivery.sourceTime
        guard var span = shed else {
            shed = ShedSpan(records: 1, first: delivery.stamp, last: delivery.stamp, from: time, to: time)
            return
        }
        span.records += 1
        span.last = delivery.stamp
        span.from = min(span.from, time)
        span.to = max(span.to, time)
        shed = span
    }

    private func indexOfTaken(_ position: OutboxPosition) -> Int? {
        var low = 0
        var high = taken.count
        while low < high {
            let middle = (low + high) / 2
            if taken[middle].queued.position < position { low = middle + 1 } else { high = middle }
        }
        return low < taken.count && taken[low].queued.position == position ? low : nil
    }
}
