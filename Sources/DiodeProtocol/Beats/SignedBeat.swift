public import Crypto

/// A beat with the signature of its sender, kept to show later what the sender said (WIRE §9): the ledger's anchor.
///
/// ```text
///  header (96 or 113) │ root (16) │ signature (64) │ packed content (as many bytes as the header says)
/// ```
/// The signature covers header and root, the header names the hash of the content: so the card alone tells whether the sender said
/// this, without the repair symbols and paths of the frames that it came in.
public struct SignedBeat: Hashable, Sendable {
    /// Bytes before the packed content.
    private static func prefixBytes(_ header: TransmissionHeader) -> Int {
        signaturePlace(header) + Ed25519Signature.byteCount
    }
    private static func signaturePlace(_ header: TransmissionHeader) -> Int {
        header.encodedBytes + Digest16.byteCount
    }

    public let header: TransmissionHeader
    /// All of it, as it is kept.
    public let bytes: [UInt8]

    /// What a receiver has verified.
    /// - Parameters:
    ///   - header: of one transmission, on `beat`, in one part.
    ///   - signature: 64 bytes over that header and this root.
    ///   - packed: as many bytes as the header says.
    public init(_ header: TransmissionHeader, root: Digest16, signature: [UInt8], packed: [UInt8]) {
        precondition(
            header.id.channel == .beat && header.partCount == 1 && packed.count == header.packedBytes
                && signature.count == Ed25519Signature.byteCount, "a beat is kept whole")
        var bytes = [UInt8](repeating: 0, count: Self.prefixBytes(header))
        do {
            var span = bytes.mutableSpan
            var target = span.mutableBytes
            header.encode(into: &target)
            root.store(into: &target, at: header.encodedBytes)
            target.store(signature.span.bytes, at: Self.signaturePlace(header))
        }
        self.header = header
        self.bytes = bytes + packed
    }

    /// Reads what was kept; whether anybody signed it is not known yet.
    /// - Throws: `header`, `channel` or `length` (W-39).
    public init(decoding bytes: [UInt8]) throws(SignedBeatError) {
        do throws(FrameError) { header = try TransmissionHeader(decoding: bytes.span.bytes) } catch {
            throw .header(error)
        }
        guard header.id.channel == .beat, header.partCount == 1 else { throw .channel }
        let length = Self.prefixBytes(header) + header.packedBytes
        guard bytes.count == length else { throw .length(bytes.count, expected: length) }
        self.bytes = bytes
    }

    /// What the sender said.
    /// - Parameters:
    ///   - verifier: of the key on the link's card.
    ///   - opener: of the link's seal keys.
    /// - Throws: `signature`, `hash` or `content` (W-40); `content(.sealed)` where everything but the seal is as it should be, and no key opens it.
    public func beat(
        verifiedBy verifier: inout Ed25519Verifier, opener: inout BlockOpener
    ) throws(SignedBeatError) -> Beat {
        let all = bytes.span.bytes
        let rootPlace = header.encodedBytes
        let packedPlace = Self.prefixBytes(header)
        let message = SignedMessage(
            headerBytes: all.extracting(0..<rootPlace), root: Digest16(loading: all, at: rootPlace))
        let signature = all.extracting(Self.signaturePlace(header)..<packedPlace)
        guard verifier.isValid(signature, for: message.bytes) else { throw .signature }
        let packed = all.extracting(packedPlace..<all.byteCount)
        guard Self.contentHash(of: packed, header) == header.contentHash else { throw .hash }
        do throws(ContentError) {
            var plain: [UInt8] = []
            var packing = BlockPacking()
            try packing.unpack(
                packed, flags: header.flags, plainBytes: header.plainBytes, context: SealedContext(header),
                opener: &opener, into: &plain)
            return try Beat(decoding: plain.span.bytes)
        } catch { throw .content(error) }
    }

    /// content = H16(05 ‖ leaf(0) ‖ …) over the packed bytes, zero padded to K symbols of T bytes (WIRE §3).
    private static func contentHash(of packed: RawSpan, _ header: TransmissionHeader) -> ContentHash {
        var hasher = SymbolHasher()
        var leaves: [Digest16] = []
        for index in 0..<header.sourceSymbols {
            let start = index * header.symbolBytes
            let end = min(packed.byteCount, start + header.symbolBytes)
            var symbol: [UInt8] = []
            symbol.append(packed.extracting(start..<end))
            symbol += [UInt8](repeating: 0, count: header.symbolBytes - symbol.count)
            leaves.append(hasher.leaf(header.binding, EncodingSymbolID(rawValue: UInt8(index)), symbol.span.bytes))
        }
        return hasher.contentHash(header.binding, sourceLeaves: leaves.span)
    }
}

/// Why bytes are not the signed beat of a sender (W-39, W-40).
public enum SignedBeatError: Error, Hashable, Sendable, CustomStringConvertible {
    case length(Int, expected: Int)
    case header(FrameError)
    /// Its header is not that of a beat in one part.
    case channel
    case signature
    case hash
    case content(ContentError)

    public var description: String {
        switch self {
        case .length(let count, let expected): "it has \(count) bytes and should have \(expected)"
        case .header(let error): "its header is none: \(error)"
        case .channel: "it is no beat"
        case .signature: "the sender's key did not sign it"
        case .hash: "its content is not the one that the sender signed"
        case .content(let error): "its content is no beat: \(error)"
        }
    }
}
