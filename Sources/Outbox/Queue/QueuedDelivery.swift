public import Account
public import Deliveries

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

/// How full the queue is, as one output sees it.
public struct OutboxLoad: Sendable, Equatable {
    /// Deliveries that wait for the output, in memory or on disk, and that it has taken.
    public var waiting, taken: Int
    /// What those that it has taken cost.
    public var takenBytes: Int
    /// Of those that it has taken, the ones that have an answer and stand behind one that has none; and what they cost.
    public var answered, answeredBytes: Int
    /// What the rows of all outputs together count against the limit on disk, and what they may.
    public var bytes, limitBytes: Int
    /// What the output has in memory, and what all outputs may have there.
    public var memoryBytes, memoryLimitBytes: Int
    /// The last transaction failed: what came since is in memory only.
    public var isFailing: Bool
}
