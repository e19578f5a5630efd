public import Crypto
internal import DiodeProtocol

/// A head of the ledger as it was noted elsewhere: in the retained link status, in a log, on paper.
///
/// ```text
/// 4711:3f0c…9a                            64 hexadecimal digits: what a person notes
/// 4711:3f0c…9a:<base64 of 64 bytes>       with the receiver's signature: what the receiver publishes
/// ```
/// The signature is Ed25519 by the receiver's audit key over `UNS-DIODE-HEAD 1` LF ‖ entry (8 bytes, big-endian) ‖ hash. It proves
/// to others that this receiver said so; whoever noted the head himself does not need it.
public struct NotedHead: Sendable, Equatable {
    public let head: LedgerHead
    /// 64 bytes, or nil for a head without one.
    public let signature: [UInt8]?

    public init(_ head: LedgerHead) {
        self.head = head
        signature = nil
    }

    /// Signs a head with the audit key.
    public init(_ head: LedgerHead, signer: inout Ed25519Signer) throws(CryptoError) {
        self.head = head
        let message = Self.message(head)
        let signed = try signer.sign(message.span.bytes)
        signature = (0..<Ed25519Signature.byteCount).map { signed.bytes[$0] }
    }

    /// Reads a head with or without its signature.
    ///
    /// - Returns: nil unless `text` gives exactly this text for it. Whether the signature is true, `isSigned` says.
    public init?(parsing text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard 2...3 ~= parts.count, let number = Int64(parts[0]), number >= 0,
            let hash = Self.bytes(hexadecimal: parts[1])
        else { return nil }
        head = LedgerHead(number: number, hash: hash)
        if parts.count == 3 {
            guard let bytes = Base64.decode(String(parts[2])), bytes.count == Ed25519Signature.byteCount else {
                return nil
            }
            signature = bytes
        } else {
            signature = nil
        }
        guard self.text == text else { return nil }
    }

    public var text: String { head.text + (signature.map { ":" + Base64.encode($0) } ?? "") }

    /// Whether the audit key signed this head; false for one without a signature.
    public func isSigned(by verifier: inout Ed25519Verifier) -> Bool {
        guard let signature else { return false }
        let message = Self.message(head)
        return verifier.isValid(signature.span.bytes, for: message.span.bytes)
    }

    private static func message(_ head: LedgerHead) -> [UInt8] {
        let number = UInt64(head.number)
        return Array("UNS-DIODE-HEAD 1\n".utf8)
            + stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) } + head.hash
    }

    /// Two lower-case digits for each byte.
    static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// 32 bytes of 64 digits; the caller compares the text, so that capitals are refused there.
    static func bytes(hexadecimal text: Substring) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
