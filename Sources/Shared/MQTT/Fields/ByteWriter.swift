/// How packets are written: big-endian integers, length prefixes, spans, at the end of a byte array that is reused.
extension [UInt8] {
    mutating func append(bigEndian value: UInt16) {
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value))
    }

    mutating func append(bigEndian value: UInt32) {
        append(bigEndian: UInt16(truncatingIfNeeded: value >> 16))
        append(bigEndian: UInt16(truncatingIfNeeded: value))
    }

    /// The shortest form (§1.5.5).
    mutating func append(variableByteInteger value: Int) {
        precondition(value >= 0 && value <= PacketHeader.largestRemainingLength, "does not fit four bytes")
        var rest = value
        while rest > 0x7F {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    mutating func append(lengthPrefixed span: RawSpan) {
        precondition(span.byteCount <= 65_535, "does not fit a two-byte length")
        append(bigEndian: UInt16(span.byteCount))
        append(span: span)
    }

    /// Copies a span. The pointer lives only within the closure, where the array copies from it.
    public mutating func append(span: RawSpan) {
        span.withUnsafeBytes { append(contentsOf: $0) }
    }
}

extension Int {
    /// How many bytes this number takes as a Variable Byte Integer.
    var variableByteCount: Int {
        switch self {
        case ..<128: 1
        case ..<16_384: 2
        case ..<2_097_152: 3
        default: 4
        }
    }
}
