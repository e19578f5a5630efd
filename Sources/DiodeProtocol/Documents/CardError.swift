public import Crypto

/// Why a file is not a link card (docs/WIRE.md §7). Lines count from 1.
public enum CardError: Error, Hashable, Sendable, CustomStringConvertible {
    /// W-35.
    case tooLong(Int)
    case notText
    case missing(String)
    case line(Int, String)
    case linkName(String)
    case key
    case lowestEpoch(String)
    case issued(String)
    /// W-36.
    case signatureForm
    case signatureInvalid
    /// libcrypto failed; says nothing of the card.
    case crypto(CryptoError)

    public var description: String {
        switch self {
        case .tooLong(let bytes): "the card has \(bytes) bytes; at most \(WireLimits.maximumCardBytes) are allowed"
        case .notText: "the card is not printable ASCII in whole lines"
        case .missing(let line): "the line '\(line)' is missing or out of place"
        case .line(let number, let text): "line \(number) is unknown: '\(text)'"
        case .linkName(let name): "'\(name)' is no link name: 1 to 64 of A-Z a-z 0-9 . _ -"
        case .key: "the key is not 32 bytes in canonical base64"
        case .lowestEpoch(let text): "'\(text)' is no epoch: 1 to 2^63-1, without leading zeros"
        case .issued(let text): "'\(text)' is no time of the form 2026-11-21T09:30:00.000Z"
        case .signatureForm: "the signature is not 64 bytes in canonical base64"
        case .signatureInvalid: "the signature does not belong to this card: it was changed or is damaged"
        case .crypto(let error): error.description
        }
    }
}
