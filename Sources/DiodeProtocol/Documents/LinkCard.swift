internal import Collections
public import Crypto
public import Time

/// The public half of a link: what the operator carries from the sender to the receiver (WIRE §7).
///
/// A value read from text has a valid signature of its own key, and `text` gives back exactly what was read.
public struct LinkCard: Hashable, Sendable {
    public let link: String
    public let key: Ed25519PublicKey
    /// Older epochs are refused by a receiver without state (W-22).
    public let lowestEpoch: Epoch
    public let issued: UnixMilliseconds
    /// The whole card, as it stands in the file.
    public let text: String

    private static let heading = "UNS-DIODE-CARD 1"

    /// Issues a card.
    ///
    /// - Throws: `CryptoError` when libcrypto refuses to sign. The link's name is checked by the caller (`isLinkName`).
    public init(
        link: String, signer: inout Ed25519Signer, lowestEpoch: Epoch, issued: UnixMilliseconds
    ) throws(CryptoError) {
        precondition(Self.isLinkName(link) && 1..<(1 << 63) ~= lowestEpoch.rawValue, "a card is within its bounds")
        self.link = link
        self.lowestEpoch = lowestEpoch
        self.issued = issued
        key = signer.publicKey
        let signed =
            "\(Self.heading)\nlink \(link)\nkey \(Base64.encode(key.bytes))\nlowest-epoch \(lowestEpoch.rawValue)\n"
            + "issued \(CalendarTime.text(issued))\n"
        let message = [SymbolHasher.Domain.card.rawValue] + Array(signed.utf8)
        let signature = try signer.sign(message.span.bytes)
        text = signed + "signature \(Base64.encode([UInt8](copying: signature.bytes.span.bytes)))\n"
    }

    /// Reads a card and verifies it with its own key.
    ///
    /// - Throws: the first rule of W-35 and W-36 that it breaks.
    public init(parsing bytes: [UInt8]) throws(CardError) {
        guard bytes.count <= WireLimits.maximumCardBytes else { throw .tooLong(bytes.count) }
        guard bytes.allSatisfy({ 0x20...0x7E ~= $0 || $0 == UInt8(ascii: "\n") }), bytes.last == UInt8(ascii: "\n")
        else {
            throw .notText
        }
        text = String(decoding: bytes, as: UTF8.self)
        var lines = CardLines(text)
        guard lines.next() == Self.heading else { throw .missing(Self.heading) }
        link = try lines.value(of: "link")
        guard Self.isLinkName(link) else { throw .linkName(link) }
        let keyText = try lines.value(of: "key")
        guard let keyBytes = Base64.decode(keyText), let key = Ed25519PublicKey(keyBytes.span.bytes) else { throw .key }
        self.key = key
        let epochText = try lines.value(of: "lowest-epoch")
        guard let epoch = UInt64(epochText), String(epoch) == epochText, 1..<(1 << 63) ~= epoch else {
            throw .lowestEpoch(epochText)
        }
        lowestEpoch = Epoch(rawValue: epoch)
        let issuedText = try lines.value(of: "issued")
        guard let issued = CalendarTime.time(issuedText) else { throw .issued(issuedText) }
        self.issued = issued
        lines.skipExtensions()
        let signedBytes = lines.consumedBytes
        guard let signature = Base64.decode(try lines.value(of: "signature")), signature.count == 64 else {
            throw .signatureForm
        }
        if let extra = lines.next() { throw .line(lines.number, extra) }
        let message = [SymbolHasher.Domain.card.rawValue] + bytes[..<signedBytes]
        guard try Self.isValid(signature, by: key, for: message) else { throw .signatureInvalid }
    }

    private static func isValid(
        _ signature: [UInt8], by key: Ed25519PublicKey, for message: [UInt8]
    ) throws(CardError) -> Bool {
        do throws(CryptoError) {
            var verifier = try Ed25519Verifier(key)
            return verifier.isValid(signature.span.bytes, for: message.span.bytes)
        } catch {
            throw .crypto(error)
        }
    }

    /// What people compare: `SHA256:` and the unpadded base64 of SHA-256(key).
    public var fingerprint: String { Self.fingerprint(of: key) }

    public static func fingerprint(of key: Ed25519PublicKey) -> String {
        "SHA256:" + Base64.encode(key.digest.bytes, padded: false)
    }

    /// Whether a text has the form of a fingerprint.
    public static func isFingerprint(_ text: String) -> Bool {
        guard text.hasPrefix("SHA256:"), text.utf8.count == 50, let bytes = Base64.decode(text.dropFirst(7) + "=")
        else {
            return false
        }
        return bytes.count == 32
    }

    /// What names the link in every frame.
    public var linkFingerprint: LinkFingerprint { LinkFingerprint(of: key) }

    /// 1…64 of `A–Z a–z 0–9 . _ -`.
    public static func isLinkName(_ name: String) -> Bool {
        1...64 ~= name.utf8.count
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// Takes a card line by line, in the order that W-35 demands.
private struct CardLines {
    private let lines: [Substring]
    private(set) var number = 0
    /// Bytes of the lines taken so far, newlines included.
    private(set) var consumedBytes = 0

    /// - Parameter text: printable ASCII in lines, so that a character is a byte.
    init(_ text: String) { lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() }

    mutating func next() -> String? {
        guard number < lines.count else { return nil }
        let line = lines[number]
        number += 1
        consumedBytes += line.utf8.count + 1
        return String(line)
    }

    mutating func value(of name: String) throws(CardError) -> String {
        guard let line = next() else { throw .missing(name) }
        guard line.hasPrefix(name + " ") else {
            let known = ["link", "key", "lowest-epoch", "issued", "signature"]
            if known.contains(where: { line.hasPrefix($0 + " ") }) { throw .missing(name) }
            throw .line(number, line)
        }
        return String(line.dropFirst(name.count + 1))
    }

    mutating func skipExtensions() {
        while number < lines.count, lines[number].hasPrefix("x-") { _ = next() }
    }
}
