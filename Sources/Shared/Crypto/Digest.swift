/// A SHA-256 value: 32 bytes.
///
/// ```text
/// byte  0        8        16       24      31
///       ┌────────┬────────┬────────┬────────┐
///       │ first  │ second │ third  │ fourth │    each holds its eight bytes as a big-endian number
///       └────────┴────────┴────────┴────────┘
/// ```
public struct Digest32: Hashable, Sendable, CustomStringConvertible {
    public static let byteCount = 32
    public let first, second, third, fourth: UInt64

    @inlinable public init(first: UInt64, second: UInt64, third: UInt64, fourth: UInt64) {
        self.first = first
        self.second = second
        self.third = third
        self.fourth = fourth
    }

    /// Reads 32 bytes at an offset. The caller has checked that they are there.
    @inlinable public init(loading bytes: RawSpan, at offset: Int = 0) {
        first = loadBigEndian(bytes, at: offset)
        second = loadBigEndian(bytes, at: offset + 8)
        third = loadBigEndian(bytes, at: offset + 16)
        fourth = loadBigEndian(bytes, at: offset + 24)
    }

    /// Writes its 32 bytes at an offset. The caller has made the room.
    @inlinable public func store(into bytes: inout MutableRawSpan, at offset: Int = 0) {
        bytes.storeBytes(of: first.bigEndian, toByteOffset: offset, as: UInt64.self)
        bytes.storeBytes(of: second.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
        bytes.storeBytes(of: third.bigEndian, toByteOffset: offset + 16, as: UInt64.self)
        bytes.storeBytes(of: fourth.bigEndian, toByteOffset: offset + 24, as: UInt64.self)
    }

    /// The first 16 bytes: `H16` of docs/WIRE.md.
    @inlinable public var truncated: Digest16 { Digest16(first: first, second: second) }

    /// The 32 bytes, for callers that are not in a hurry.
    public var bytes: [UInt8] { [first, second, third, fourth].flatMap(bigEndianBytes) }

    /// 64 lower-case hexadecimal digits.
    public var description: String { hexadecimal(bytes) }
}

/// The first 16 bytes of a SHA-256 value: two big-endian numbers, as in `Digest32`.
public struct Digest16: Hashable, Sendable, CustomStringConvertible {
    public static let byteCount = 16
    public let first, second: UInt64

    @inlinable public init(first: UInt64, second: UInt64) {
        self.first = first
        self.second = second
    }

    /// Sixteen zero bytes: the missing right child of docs/WIRE.md §3.
    public static let zero = Digest16(first: 0, second: 0)

    /// Reads 16 bytes at an offset. The caller has checked that they are there.
    @inlinable public init(loading bytes: RawSpan, at offset: Int = 0) {
        first = loadBigEndian(bytes, at: offset)
        second = loadBigEndian(bytes, at: offset + 8)
    }

    /// Writes its 16 bytes at an offset. The caller has made the room.
    @inlinable public func store(into bytes: inout MutableRawSpan, at offset: Int = 0) {
        bytes.storeBytes(of: first.bigEndian, toByteOffset: offset, as: UInt64.self)
        bytes.storeBytes(of: second.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
    }

    /// The 16 bytes, for callers that are not in a hurry.
    public var bytes: [UInt8] { [first, second].flatMap(bigEndianBytes) }

    /// 32 lower-case hexadecimal digits.
    public var description: String { hexadecimal(bytes) }
}

@inlinable func loadBigEndian(_ bytes: RawSpan, at offset: Int) -> UInt64 {
    // `unsafeLoadUnaligned` checks its bounds; every bit pattern is a UInt64.
    UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
}

private func bigEndianBytes(_ word: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
