/// The place of a record in its link's stream: what is smaller was said earlier in the plant.
public struct RecordOrder: Comparable, Hashable, Sendable {
    public var epoch: UInt64
    /// The sequence within the epoch.
    public var sequence: UInt64

    public init(epoch: UInt64, sequence: UInt64) {
        self.epoch = epoch
        self.sequence = sequence
    }

    /// Before every record.
    static let zero = RecordOrder(epoch: 0, sequence: 0)

    public static func < (a: RecordOrder, b: RecordOrder) -> Bool {
        (a.epoch, a.sequence) < (b.epoch, b.sequence)
    }
}
