public import Crypto

/// The bytes that keep their place in every wire version: magic, version, link (W-02).
public enum FramePreamble {
    /// Refuses what is not ours or of another version. `bytes` is as long as a header.
    ///
    /// - Throws: `magic` or `version` (W-02, W-03).
    @inlinable static func check(_ bytes: RawSpan) throws(FrameError) {
        let magic = bytes.bigEndian(at: 0, as: UInt32.self)
        guard magic == WireLimits.magic else { throw .magic(magic) }
        guard bytes.byte(at: 4) == WireLimits.version else { throw .version(bytes.byte(at: 4)) }
    }

    /// The link that a frame of any version names, or nil if it is no frame at all (W-01, W-02).
    @inlinable public static func link(of bytes: RawSpan) -> LinkFingerprint? {
        guard bytes.byteCount >= WireLimits.frameOverheadBytes,
            bytes.bigEndian(at: 0, as: UInt32.self) == WireLimits.magic
        else { return nil }
        return link(in: bytes)
    }

    @inlinable static func link(in bytes: RawSpan) -> LinkFingerprint {
        LinkFingerprint(Digest16(loading: bytes, at: 8))
    }
}

/// A frame read in place: nothing is copied but the header's fields (WIRE §1).
///
/// All rules of W-01 to W-10 hold for a value of this type; whether anybody signed it is not yet known.
public struct FrameView: ~Escapable {
    public let header: TransmissionHeader
    public let symbolID: EncodingSymbolID
    /// The symbol's place among the leaves (W-07).
    public let leafIndex: Int
    /// The 96 signed bytes, as they came.
    public let headerBytes: RawSpan
    /// 64 bytes.
    public let signature: RawSpan
    /// `header.pathLength` nodes of 16 bytes, leaf to root.
    public let path: RawSpan
    /// T bytes.
    public let symbol: RawSpan

    /// - Throws: the first rule that the datagram breaks.
    @_lifetime(copy bytes)
    public init(decoding bytes: RawSpan) throws(FrameError) {
        guard bytes.byteCount >= WireLimits.frameOverheadBytes else {
            throw .length(bytes.byteCount, expected: WireLimits.frameOverheadBytes)
        }
        let header = try TransmissionHeader(decoding: bytes)
        guard bytes.byteCount == header.frameBytes else {
            throw .length(bytes.byteCount, expected: header.frameBytes)
        }
        let symbolID = EncodingSymbolID(rawValue: bytes.byte(at: 96))
        guard let leafIndex = header.leafIndex(of: symbolID) else { throw .symbolOutside(symbolID.rawValue) }
        let pathEnd = WireLimits.frameOverheadBytes + header.pathLength * WireLimits.pathNodeBytes
        self.header = header
        self.symbolID = symbolID
        self.leafIndex = leafIndex
        headerBytes = bytes.extracting(0..<TransmissionHeader.encodedBytes)
        signature = bytes.extracting(97..<161)
        path = bytes.extracting(161..<pathEnd)
        symbol = bytes.extracting(pathEnd..<bytes.byteCount)
    }
}

extension TransmissionHeader {
    /// Writes everything of a frame but its path and symbol. `bytes` is at least 161 long.
    public func encodeFrameStart(
        symbol: EncodingSymbolID, signature: borrowing Ed25519Signature, into bytes: inout MutableRawSpan
    ) {
        encode(into: &bytes)
        bytes.store(bigEndian: symbol.rawValue, at: 96)
        bytes.store(signature.bytes.span.bytes, at: 97)
    }
}
