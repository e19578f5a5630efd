/// Why a datagram is not a frame of this wire version (docs/WIRE.md §1). The offending value comes with each case, its place
/// is `offset`.
public enum FrameError: Error, Hashable, Sendable {
    /// W-01: not exactly as long as its header says; `expected` is the shortest there is where the header is not all there.
    case length(Int, expected: Int)
    /// W-02.
    case magic(UInt32)
    /// W-03: readable by another release.
    case version(UInt8)
    /// W-44: the same, of signature, hash and seal.
    case suite(UInt8)
    /// W-05.
    case channel(UInt8)
    case flags(UInt8)
    case sourceSymbols(UInt8)
    case symbolCount(UInt8)
    case symbolBytes(UInt16)
    case firstSymbol(UInt8)
    /// Out of range (W-26), or not what K symbols of T bytes hold (W-06).
    case packedBytes(UInt32)
    /// Out of range (W-26), or an uncompressed block that is not as long as its content (W-25).
    case plainBytes(UInt32)
    /// W-07; where it stands depends on the version.
    case symbolOutside(UInt8, at: Int)
    /// W-08, and on live W-09 for parts.
    case sequences(first: UInt64, last: UInt64)
    /// W-09.
    case part(UInt8, of: UInt8)
    /// W-10.
    case epoch(UInt64)
    case block(UInt64)

    /// Where a frame refused for this reason is counted.
    public enum Counter: Hashable, Sendable { case malformed, version }

    public var counter: Counter {
        switch self {
        case .version, .suite: .version
        default: .malformed
        }
    }

    /// Where the offending field stands in the frame; 0 for its length.
    public var offset: Int {
        switch self {
        case .length, .magic: 0
        case .version: 4
        case .channel: 5
        case .flags: 6
        case .sourceSymbols: 7
        case .epoch: 24
        case .block: 40
        case .firstSymbol: 50
        case .symbolCount: 51
        case .symbolBytes: 52
        case .part: 54
        case .packedBytes: 56
        case .plainBytes: 60
        case .sequences: 64
        case .suite: 96
        case .symbolOutside(_, let offset): offset
        }
    }
}
