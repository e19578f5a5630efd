public import DiodeProtocol

/// The deliveries of one live content: what one block, or all parts of one, released together. It is stored as one row.
public struct DeliveryUnit: Sendable {
    /// The plain content (docs/WIRE.md §6.1), which the deliveries share.
    public let content: [UInt8]
    public let epoch: Epoch
    /// The sequences that the content takes; those of shed runs are among them.
    public let firstSequence: SequenceNumber
    public let sequences: UInt64
    /// Every record of the content, in order, but for those in `duplicates`.
    public let deliveries: [Delivery]
    /// Which of the content's records are no deliveries, because they came another way before: counted from 0, ascending.
    public let duplicates: [Int]

    /// - Parameter deliveries: every record of the content but the duplicates, in order; may be empty, then there is nothing to
    ///   store.
    public init(
        content: [UInt8], epoch: Epoch, firstSequence: SequenceNumber, sequences: UInt64, deliveries: [Delivery],
        duplicates: [Int] = []
    ) {
        self.content = content
        self.epoch = epoch
        self.firstSequence = firstSequence
        self.sequences = sequences
        self.deliveries = deliveries
        self.duplicates = duplicates
    }

    /// What it counts against the outbox's limit on disk.
    public var storedBytes: Int { content.count + Self.rowBytes }
    /// What it takes in memory.
    package var memoryBytes: Int { content.count + deliveries.count * Delivery.overheadBytes }

    /// Bytes of a row beside its content, rounded up.
    static let rowBytes = 64
}
