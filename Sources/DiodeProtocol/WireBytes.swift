/// Big-endian access at fixed offsets. The only unsafe calls of this module: each is behind the span's own bounds check (it
/// traps outside), every bit pattern is a valid integer, and every caller has checked the length before.
extension RawSpan {
    @inlinable func byte(at offset: Int) -> UInt8 { unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self) }

    @inlinable func bigEndian<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as _: T.Type = T.self) -> T {
        T(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: T.self))
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
                // Both pointers are valid for `count` bytes from here, and a mutable span overlaps no other one.
                if let base = target.baseAddress, let from = source.baseAddress {
                    (base + offset).copyMemory(from: from, byteCount: count)
                }
            }
        }
    }
}
