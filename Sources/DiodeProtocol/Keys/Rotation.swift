internal import Collections
public import Crypto

/// The next link card, signed by the key that it replaces: a datagram of its own (WIRE §10, W-50).
///
/// ```text
///  0        4    5         6      8                    24        26            26+n
///  │ "UNSD" │ 2  │ 3       │ 0 0  │ former key (16)    │ n (2)   │ card (n)    │ signature (64) │
/// ```
///
/// A value has this form. Whether its card can be read and its signature is true says `card(by:)`.
public struct Rotation: Hashable, Sendable {
    /// The datagram fits every path of 1,280 bytes and more (IPv6's least MTU), however long the link's name is.
    public static let maximumCardBytes = 1_024
    static let channel: UInt8 = 3
    private static let cardPlace = 26
    private static let signatureBytes = 64

    /// Names the key that hands over, as the preamble of each frame does.
    public let former: LinkFingerprint
    /// The next card's text.
    public let text: [UInt8]
    /// Ed25519 by the former key over 04 ‖ card: 64 bytes.
    public let signature: [UInt8]

    /// Signs the card of the next key with the key that is in use.
    public init(to next: LinkCard, signer: inout Ed25519Signer) throws(CryptoError) {
        text = Array(next.text.utf8)
        precondition(text.count <= Self.maximumCardBytes, "a card that is issued here is short")
        former = LinkFingerprint(of: signer.publicKey)
        let message = Self.signedMessage(text)
        signature = try [UInt8](copying: signer.sign(message.span.bytes).bytes.span.bytes)
    }

    /// Whether a datagram, which is as long as a frame (`FramePreamble.link`), is such a statement and no frame.
    public static func isOne(_ bytes: RawSpan) -> Bool { bytes.byte(at: 5) == channel && bytes.byte(at: 4) >= 2 }

    /// Reads a datagram.
    /// - Throws: the first rule of W-02, W-03 and W-50 that it breaks.
    public init(decoding bytes: RawSpan) throws(FrameError) {
        guard bytes.byteCount >= Self.cardPlace else { throw .length(bytes.byteCount, expected: Self.cardPlace) }
        guard try FramePreamble.version(of: bytes) == WireLimits.version else { throw .version(bytes.byte(at: 4)) }
        guard bytes.byte(at: 5) == Self.channel else { throw .channel(bytes.byte(at: 5)) }
        guard bytes.bigEndian(at: 6, as: UInt16.self) == 0 else { throw .flags(bytes.byte(at: 6) | bytes.byte(at: 7)) }
        let count = Int(bytes.bigEndian(at: 24, as: UInt16.self))
        guard 1...Self.maximumCardBytes ~= count else { throw .packedBytes(UInt32(count)) }
        let end = Self.cardPlace + count
        guard bytes.byteCount == end + Self.signatureBytes else {
            throw .length(bytes.byteCount, expected: end + Self.signatureBytes)
        }
        former = FramePreamble.link(in: bytes)
        text = [UInt8](copying: bytes.extracting(Self.cardPlace..<end))
        signature = [UInt8](copying: bytes.extracting(end..<bytes.byteCount))
    }

    /// What crosses the link, and what is stored.
    public var datagram: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.cardPlace)
        do {
            var span = bytes.mutableSpan
            var head = span.mutableBytes
            head.store(bigEndian: WireLimits.magic, at: 0)
            head.store(bigEndian: WireLimits.version, at: 4)
            head.store(bigEndian: Self.channel, at: 5)
            head.store(former.digest.bytes.span.bytes, at: 8)
            head.store(bigEndian: UInt16(text.count), at: 24)
        }
        return bytes + text + signature
    }

    /// The card that the former key hands over to.
    /// - Throws: another key has signed it, or it is no card.
    public func card(by key: Ed25519PublicKey) throws(RotationError) -> LinkCard {
        guard former == LinkFingerprint(of: key) else { throw .notSigned }
        let message = Self.signedMessage(text)
        let isValid: Bool
        do throws(CryptoError) {
            var verifier = try Ed25519Verifier(key)
            isValid = verifier.isValid(signature.span.bytes, for: message.span.bytes)
        } catch { throw .crypto(error) }
        guard isValid else { throw .notSigned }
        do throws(CardError) { return try LinkCard(parsing: text) } catch { throw .card(error) }
    }

    private static func signedMessage(_ card: [UInt8]) -> [UInt8] { [SymbolHasher.Domain.rotation.rawValue] + card }
}
