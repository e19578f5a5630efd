// All unsafe code of this module but the calls of zstd (BlockPacking.swift). Loads and stores are behind the span's own
// bounds check (it traps outside), every bit pattern is a valid integer, and every caller has checked the length before. A
// pointer that a closure gets is used during that call only.

extension RawSpan {
    @inlinable func byte(at offset: Int) -> UInt8 { unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self) }

    @inlinable func bigEndian<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as _: T.Type = T.self) -> T {
        T(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// A hash that is good within this process only: seeded, so that nobody can choose topics that collide.
    var seededHash: Int {
        var hasher = Hasher()
        withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    /// Text of bytes that are valid UTF-8; where they are not, U+FFFD stands.
    var text: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

    /// Whether these bytes come before others in the order of unsigned bytes, a prefix before what it begins.
    func precedes(_ other: RawSpan) -> Bool {
        let common = Swift.min(byteCount, other.byteCount)
        for offset in 0..<common where byte(at: offset) != other.byte(at: offset) {
            return byte(at: offset) < other.byte(at: offset)
        }
        return byteCount < other.byteCount
    }

    /// Byte for byte the same.
    @inlinable public func isEqual(to other: RawSpan) -> Bool {
        guard byteCount == other.byteCount else { return false }
        var offset = 0
        while offset &+ 8 <= byteCount {
            guard bigEndian(at: offset, as: UInt64.self) == other.bigEndian(at: offset, as: UInt64.self) else {
                return false
            }
            offset &+= 8
        }
        while offset < byteCount {
            guard byte(at: offset) == other.byte(at: offset) else { return false }
            offset &+= 1
        }
        return true
    }
}

extension MutableRawSpan {
    @inlinable mutating func store<T: FixedWidthInteger & BitwiseCopyable>(bigEndian value: T, at offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: T.self)
    }

    /// Copies all of `bytes` to an offset. The caller has made the room.
    @inlinable public mutating func store(_ bytes: RawSpan, at offset: Int) {
        let count = bytes.byteCount
        precondition(offset >= 0 && count <= byteCount - offset, "the copy fits")
        withUnsafeMutableBytes { target in
            bytes.withUnsafeBytes { source in
                // Both are valid for `count` bytes from here, and a mutable span overlaps no other one.
                if let base = target.baseAddress, let from = source.baseAddress {
                    (base + offset).copyMemory(from: from, byteCount: count)
                }
            }
        }
    }
}

extension [UInt8] {
    /// Appends a span's bytes.
    mutating func append(_ span: RawSpan) { span.withUnsafeBytes { append(contentsOf: $0) } }
}
