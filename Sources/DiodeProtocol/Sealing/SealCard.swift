public import Crypto
public import Time

/// The public half of a receiver's seal key: what the operator carries from the receiver to the sender (WIRE §7.1).
///
/// ```text
/// UNS-DIODE-SEAL-KEY 1
/// key <base64 of the 32-byte X25519 public key>
/// issued 2026-11-21T09:30:00.000Z
/// ```
/// It is not signed: who carries it compares the fingerprint. With a false one the blocks would be for somebody else, and the receiver would count
/// each as `sealed`.
public struct SealCard: Hashable, Sendable {
    public static let maximumBytes = 1_024
    private static let heading = "UNS-DIODE-SEAL-KEY 1"

    public let key: X25519PublicKey
    public let issued: UnixMilliseconds

    public init(key: X25519PublicKey, issued: UnixMilliseconds) {
        self.key = key
        self.issued = issued
    }

    /// - Throws: the first thing about it that is not as W-46 demands.
    public init(parsing bytes: [UInt8]) throws(SealCardError) {
        guard bytes.count <= Self.maximumBytes else { throw .tooLong(bytes.count) }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 4, lines[0] == Self.heading, lines[3].isEmpty else { throw .form }
        guard lines[1].hasPrefix("key "), let key = Base64.decode(String(lines[1].dropFirst(4))),
            let key = X25519PublicKey(key.span.bytes)
        else { throw .key }
        guard lines[2].hasPrefix("issued "), let issued = CalendarTime.time(String(lines[2].dropFirst(7))) else {
            throw .issued
        }
        self.init(key: key, issued: issued)
        guard Array(text.utf8) == bytes else { throw .form }
    }

    /// The whole card, as it stands in the file.
    public var text: String {
        "\(Self.heading)\nkey \(Base64.encode(key.bytes))\nissued \(CalendarTime.text(issued))\n"
    }

    /// What people compare: `SHA256:` and the unpadded base64 of SHA-256(key).
    public var fingerprint: String { Self.fingerprint(of: key) }

    public static func fingerprint(of key: X25519PublicKey) -> String {
        "SHA256:" + Base64.encode(key.digest.bytes, padded: false)
    }
}

/// Why a file is no seal key (W-46).
public enum SealCardError: Error, Hashable, Sendable, CustomStringConvertible {
    case tooLong(Int)
    case form
    case key
    case issued

    public var description: String {
        switch self {
        case .tooLong(let bytes): "it has \(bytes) bytes; at most \(SealCard.maximumBytes) are allowed"
        case .form: "it is not what diode-recv keygen writes: a heading, a key and a time, each on a line"
        case .key: "the key is not 32 bytes in canonical base64"
        case .issued: "its time is not of the form 2026-11-21T09:30:00.000Z"
        }
    }
}
