/// What a slice says of itself (WIRE §6.2): it covers the topics of one interval of hashes, as of one position of live.
///
/// ```text
/// hash   0 ────────┬──────────────┬─────────────────────────┬──────── 2⁶⁴−1
///                  from           to          one round is a chain of such intervals; `isLast` closes it
/// ```
public struct SliceHeading: Hashable, Sendable {
    /// The newest stamp when the slice was captured: everything up to it is in. Its sequence is 0 before the first record.
    public var capture: Stamp
    /// Rounds are counted by the sender, slices within their round.
    public var round: UInt64
    public var slice: UInt64
    public var isLast: Bool
    /// The interval, both ends included: `from` ≤ `to`.
    public var from: TopicHash
    public var to: TopicHash

    public init(capture: Stamp, round: UInt64, slice: UInt64, isLast: Bool, from: TopicHash, to: TopicHash) {
        self.capture = capture
        self.round = round
        self.slice = slice
        self.isLast = isLast
        self.from = from
        self.to = to
    }
}

/// Which slot of a topic an entry holds (WIRE §6.2).
public enum SlotKind: UInt8, Hashable, Comparable, CaseIterable, Sendable {
    case retained = 0x11
    case lastEvent = 0x12
    case state = 0x13
    /// The topic's newest record deleted it: no properties, no payload, but its stamp and version.
    case tombstone = 0x14
    @inlinable public static func < (a: SlotKind, b: SlotKind) -> Bool { a.rawValue < b.rawValue }
}

/// One slot of a topic, read in place.
public struct SliceEntryView: ~Escapable {
    public let kind: SlotKind
    public let topicHash: TopicHash
    /// Of the record that the slot holds; never newer than the slice's capture.
    public let stamp: Stamp
    public let record: RecordView

    @_lifetime(copy record)
    init(kind: SlotKind, topicHash: TopicHash, stamp: Stamp, record: RecordView) {
        self.kind = kind
        self.topicHash = topicHash
        self.stamp = stamp
        self.record = record
    }
}
