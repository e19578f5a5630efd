/// What one transaction is to store of a queue, as of its beginning.
struct OutboxStep: Sendable {
    let link: Int
    let limitBytes: Int
    /// Units that no row holds yet.
    var units: [PlacedUnit]
    /// Deliveries whose rows were lost with a damaged file; they are stored one by one.
    var orphans: [QueuedDelivery]
    /// Every delivery before it has left.
    var settled: UInt64
    /// The first delivery that the publisher has not taken.
    var cursor: UInt64
    /// Units before it have left, or were taken apart.
    var boundary: UInt64
    /// The position after the last.
    var ending: UInt64
    /// From here on the publisher takes none before the next transaction.
    var permitted: UInt64
    var unitBytes, knownBytes: Int
    var totals: OutboxTotals
    /// To be named with this transaction.
    var losses: LossList
    /// The limit is passed: the publisher takes nothing while values are moved.
    var mayEvict: Bool
}

/// What an earlier process stored of a queue.
struct SavedOutbox: Sendable {
    var settled, boundary, ending: UInt64
    var unitBytes, knownBytes: Int
    var totals: OutboxTotals
    /// Deliveries that it may have published without storing so.
    var inDoubt: UInt64
}

/// What the transaction made of it.
struct OutboxOutcome: Sendable {
    var boundary: UInt64
    var permitted: UInt64
    var settled: UInt64
    var unitBytes, knownBytes: Int
    /// Values were moved, so that what memory holds of them is void.
    var hasEvicted = false
    /// What was shed at the limit.
    var shed = LossList()
    /// As stored, so what was shed is in.
    var totals: OutboxTotals
}
