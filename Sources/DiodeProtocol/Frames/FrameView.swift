public import Crypto

/// The bytes that keep their place in every wire version: magic, version, link (W-02).
public enum FramePreamble {
    /// The version of a frame that this release reads. `bytes` is as long as a header.
    ///
    /// - Throws: `magic` or `version` (W-02, W-03).
    @inlinable static func version(of bytes: RawSpan) throws(FrameError) -> UInt8 {
        let magic = bytes.bigEndian(at: 0, as: UInt32.self)
        guard magic == WireLimits.magic else { throw .magic(magic) }
        let version = bytes.byte(at: 4)
        guard WireLimits.oldestVersion...WireLimits.version ~= version else { throw .version(version) }
        return version
    }

    /// The link that a frame of any version names, or nil if it is no frame at all (W-01, W-02).
    @inlinable public static func link(of bytes: RawSpan) -> LinkFingerprint? {
        guard bytes.byteCount >= WireLimits.leastOverheadBytes,
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
/// All rules of W-01 to W-10 and W-44 hold for a value of this type; whether anybody signed it is not yet known.
public struct FrameView: ~Escapable {
    public let header: TransmissionHeader
    public let symbolID: EncodingSymbolID
    /// The symbol's place among the leaves (W-07).
    public let leafIndex: Int
    /// The signed bytes, as they came: 96 or 113.
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
        guard bytes.byteCount >= WireLimits.leastOverheadBytes else {
            throw .length(bytes.byteCount, expected: WireLimits.leastOverheadBytes)
        }
        let header = try TransmissionHeader(decoding: bytes)
        guard bytes.byteCount == header.frameBytes else {
            throw .length(bytes.byteCount, expected: header.frameBytes)
        }
        let symbolPlace = header.encodedBytes
        let symbolID = EncodingSymbolID(rawValue: bytes.byte(at: symbolPlace))
        guard let leafIndex = header.leafIndex(of: symbolID) else {
            throw .symbolOutside(symbolID.rawValue, at: symbolPlace)
        }
        let pathStart = header.overheadBytes
        let pathEnd = pathStart + header.pathLength * WireLimits.pathNodeBytes
        self.header = header
        self.symbolID = symbolID
        self.leafIndex = leafIndex
        headerBytes = bytes.extracting(0..<symbolPlace)
        signature = bytes.extracting(symbolPlace + 1..<pathStart)
        path = bytes.extracting(pathStart..<pathEnd)
        symbol = bytes.extracting(pathEnd..<bytes.byteCount)
    }
}

extension TransmissionHeader {
    /// Writes everything of a frame but its path and symbol. `bytes` is at least `overheadBytes` long.
    public func encodeFrameStart(
        symbol: EncodingSymbolID, signature: borrowing Ed25519Signature, into bytes: inout MutableRawSpan
    ) {
        encode(into: &bytes)
        bytes.store(bigEndian: symbol.rawValue, at: encodedBytes)
        bytes.store(signature.bytes.span.bytes, at: encodedBytes + 1)
    }
}
