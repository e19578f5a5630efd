internal import CZstd

/// Content to packed bytes and back (WIRE §5): zstd when it shrinks, and on the way back a seal is opened. Keeps one context each way; one
/// thread owns it.
public struct BlockPacking: ~Copyable {
    private let compressor: OpaquePointer
    private let decompressor: OpaquePointer
    private let level: Int32

    /// - Parameter level: zstd's, 1 (fast, the default) … 19.
    public init(level: Int = 1) {
        // They fail only without memory.
        guard let compressor = ZSTD_createCCtx(), let decompressor = ZSTD_createDCtx() else {
            preconditionFailure("zstd makes its contexts")
        }
        self.compressor = compressor
        self.decompressor = decompressor
        self.level = Int32(clamping: level)
    }

    deinit {
        ZSTD_freeCCtx(compressor)
        ZSTD_freeDCtx(decompressor)
    }

    /// Contents shorter than this stay plain: a lone small record gains nothing and would wait for the compressor.
    public static let smallestCompressed = 256

    /// Replaces `packed` by the packed form of a content of 1…2²² bytes.
    ///
    /// - Returns: the flags that say how it is packed; empty if it stayed plain because that is no longer.
    public mutating func pack(_ plain: RawSpan, into packed: inout [UInt8]) -> TransmissionHeader.Flags {
        precondition(1...WireLimits.maximumPlainBytes ~= plain.byteCount, "a content has 1…2²² bytes (W-26)")
        packed.removeAll(keepingCapacity: true)
        if plain.byteCount >= Self.smallestCompressed {
            var size = 0
            // The pointers are used during the call only, and zstd writes `size` bytes of the room that it was given.
            packed.append(addingCapacity: ZSTD_compressBound(plain.byteCount)) { output in
                output.withUnsafeMutableBufferPointer { target, count in
                    size = plain.withUnsafeBytes { source in
                        ZSTD_compressCCtx(
                            compressor, target.baseAddress, target.count, source.baseAddress, source.count, level)
                    }
                    count = ZSTD_isError(size) == 0 ? size : 0
                }
            }
            if ZSTD_isError(size) == 0, size < plain.byteCount { return .compressed }
            packed.removeAll(keepingCapacity: true)
        }
        packed.append(plain)
        return []
    }

    /// Replaces `plain` by the content of a decoded block.
    ///
    /// - Parameters:
    ///   - source: the K source symbols of T bytes each.
    ///   - opener: has the keys that the block may be sealed for.
    /// - Throws: `padding` if anything stands behind the packed bytes (W-14), or what the packed bytes are refused for.
    public mutating func unpack(
        source: RawSpan, header: TransmissionHeader, opener: inout BlockOpener, into plain: inout [UInt8]
    ) throws(ContentError) {
        precondition(source.byteCount == header.sourceSymbols * header.symbolBytes, "a block is K symbols of T bytes")
        for offset in header.packedBytes..<source.byteCount where source.byte(at: offset) != 0 { throw .padding }
        try unpack(
            source.extracting(0..<header.packedBytes), flags: header.flags, plainBytes: header.plainBytes,
            context: SealedContext(header), opener: &opener, into: &plain)
    }

    /// Replaces `plain` by the content of packed bytes, sealed or not.
    ///
    /// - Parameter context: of the block; nil in version 1, which seals nothing.
    /// - Throws: `sealed` (W-27), `compression` or `plainBytes` (W-25).
    public mutating func unpack(
        _ packed: RawSpan, flags: TransmissionHeader.Flags, plainBytes: Int, context: SealedContext?,
        opener: inout BlockOpener, into plain: inout [UInt8]
    ) throws(ContentError) {
        guard flags.contains(.sealed) else {
            return try unpack(packed, flags: flags, plainBytes: plainBytes, into: &plain)
        }
        var opened: [UInt8] = []
        guard let context, opener.open(packed, in: context, into: &opened) else { throw .sealed }
        try unpack(opened.span.bytes, flags: flags.subtracting(.sealed), plainBytes: plainBytes, into: &plain)
    }

    /// Replaces `plain` by the content of packed bytes that are not sealed. Nothing is allocated beyond the `plainBytes` of the signed header.
    ///
    /// - Throws: `sealed`, `compression` or `plainBytes` (W-25).
    public mutating func unpack(
        _ packed: RawSpan, flags: TransmissionHeader.Flags, plainBytes: Int, into plain: inout [UInt8]
    ) throws(ContentError) {
        guard !flags.contains(.sealed) else { throw .sealed }
        guard 1...WireLimits.maximumPlainBytes ~= plainBytes else { throw .contentBytes(plainBytes) }
        plain.removeAll(keepingCapacity: true)
        guard flags.contains(.compressed) else {
            guard packed.byteCount == plainBytes else { throw .plainBytes(packed.byteCount, expected: plainBytes) }
            plain.append(packed)
            return
        }
        guard Self.isPlainFrame(packed) else { throw .compression }
        // One frame, and nothing behind it. The pointer is used during the call only.
        let frame = packed.withUnsafeBytes { ZSTD_findFrameCompressedSize($0.baseAddress, $0.count) }
        guard ZSTD_isError(frame) == 0, frame == packed.byteCount else { throw .compression }
        var size = 0
        // As above. The room is exactly as large as the signed header says, and zstd never writes beyond it.
        plain.append(addingCapacity: plainBytes) { output in
            output.withUnsafeMutableBufferPointer { target, count in
                size = packed.withUnsafeBytes { source in
                    ZSTD_decompressDCtx(
                        decompressor, target.baseAddress, plainBytes, source.baseAddress, source.count)
                }
                count = ZSTD_isError(size) == 0 ? size : 0
            }
        }
        guard ZSTD_isError(size) == 0 else { throw .compression }
        guard size == plainBytes else { throw .plainBytes(size, expected: plainBytes) }
    }

    /// Whether a zstd frame (RFC 8878 §3.1.1) begins here that needs no dictionary and no window above 2²² bytes (W-25).
    ///
    /// Debian's library would also decode the formats from before RFC 8878, and skip frames of arbitrary data.
    private static func isPlainFrame(_ packed: RawSpan) -> Bool {
        guard packed.byteCount >= 6, packed.bigEndian(at: 0, as: UInt32.self) == 0x28B5_2FFD else { return false }
        let descriptor = packed.byte(at: 4)
        let isSingleSegment = descriptor & 0x20 != 0
        guard descriptor & 0x08 == 0, descriptor & 0x03 == 0 else { return false }
        // A single segment's window is its content, which is as long as the header says or fails below.
        if isSingleSegment { return true }
        let window = packed.byte(at: 5)
        let exponent = Int(window >> 3) + 10
        return exponent <= 22
            && (1 << exponent) + (1 << (exponent - 3)) * Int(window & 7) <= WireLimits.maximumPlainBytes
    }
}
