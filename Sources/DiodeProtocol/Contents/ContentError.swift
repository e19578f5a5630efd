/// Why authenticated bytes are not a content of this wire version (docs/WIRE.md §5, §6). Offsets count from the content's start.
public enum ContentError: Error, Hashable, Sendable {
    /// W-31: a field or body ends before its bytes do, or after.
    case truncated(at: Int)
    case trailing(at: Int)
    /// W-31: a varint not in its shortest form, or above 64 bits.
    case varint(at: Int)
    /// W-31: a reserved bit, an enumeration value or a boolean out of its range.
    case reserved(UInt8, at: Int)
    /// W-31: a number of 2⁶³ or more, or below the least that its field allows.
    case number(UInt64, at: Int)
    /// W-31: a time outside 0…2⁶³−1, or a time base that is not the first time.
    case time(at: Int)
    /// W-29, and its like for beats: made by a newer release, which this one must not guess at.
    case unknownKind(UInt8)
    /// W-28.
    case topicInvalid(Int)
    case topicUnused(Int)
    case topicTwice(Int)
    case topicOrder(Int)
    /// W-32.
    case topicIndex(UInt64, at: Int)
    case versionZero(at: Int)
    case shedTotal(UInt64, entries: UInt64)
    /// W-30: the items do not take as many sequences as the header says.
    case sequences(UInt64, items: UInt64)
    /// A count that cannot be, given the bytes that are there, or above its limit.
    case count(UInt64, at: Int)
    case text(at: Int)
    /// W-33: the interval, a topic outside it, an entry out of order, a stamp beyond the capture, a tombstone with a body.
    case interval(from: UInt64, to: UInt64)
    case topicOutside(Int)
    case entryOrder(at: Int)
    case stamp(UInt64, UInt64, at: Int)
    case tombstone(at: Int)
    /// W-34.
    case missingField(UInt8)
    case fieldOrder(UInt8)
    /// W-14.
    case padding
    /// W-25.
    case compression
    case plainBytes(Int, expected: Int)
    /// W-26.
    case contentBytes(Int)
    /// W-27: sealed, and this release holds no seal key.
    case sealed

    /// Where a block refused for this reason is counted.
    public enum Counter: Hashable, Sendable { case malformed, version, sealed }

    public var counter: Counter {
        switch self {
        case .unknownKind: .version
        case .sealed: .sealed
        default: .malformed
        }
    }
}
