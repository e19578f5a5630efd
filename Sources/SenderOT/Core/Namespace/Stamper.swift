public import DiodeProtocol

/// Numbers the records of one epoch: 1, 2, 3, … without holes (D6).
///
/// A topic's version, the other number of a record, is counted by ``NamespaceSlots``, where the topic is.
public struct Stamper: Sendable {
    public let epoch: Epoch
    /// The sequence given last; 0 before the first.
    public private(set) var newest = SequenceNumber(rawValue: 0)

    public init(epoch: Epoch) { self.epoch = epoch }

    /// The stamp of the next record.
    public mutating func next() -> Stamp {
        newest = newest.next
        return Stamp(epoch: epoch, sequence: newest)
    }
}
