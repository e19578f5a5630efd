/// Why a datagram is not a frame of this wire version (docs/WIRE.md §1). The offending value comes with each case.
public enum FrameError: Error, Hashable, Sendable {
    /// W-01: not exactly as long as its header says; `expected` is 161 where the header is not all there.
    case length(Int, expected: Int)
    /// W-02.
    case magic(UInt32)
    /// W-03: readable by another release.
    case version(UInt8)
    /// W-05.
    case channel(UInt8)
    case flags(UInt8)
    /// W-06: K, T, N or the lengths do not fit together.
    case sourceSymbols(UInt8)
    case symbolCount(UInt8)
    case symbolBytes(UInt16)
    case packedBytes(UInt32)
    case plainBytes(UInt32)
    /// W-07.
    case firstSymbol(UInt8)
    case symbolOutside(UInt8)
    /// W-08.
    case sequences(first: UInt64, last: UInt64)
    /// W-09.
    case part(UInt8, of: UInt8)
    /// W-10.
    case epoch(UInt64)
    case block(UInt64)

    /// Where a frame refused for this reason is counted.
    public enum Counter: Hashable, Sendable { case malformed, version }

    public var counter: Counter {
        if case .version = self { .version } else { .malformed }
    }
}
