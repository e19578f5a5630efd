public import Crypto

/// Names a link in every frame: the first 16 bytes of SHA-256 of its public key (WIRE §1).
public struct LinkFingerprint: Hashable, Sendable {
    public static let byteCount = Digest16.byteCount
    public let digest: Digest16
    public init(_ digest: Digest16) { self.digest = digest }
    public init(of key: Ed25519PublicKey) { digest = key.digest.truncated }

    /// The fingerprint that a frame has room for, in hexadecimal.
    public var shown: String { digest.description }
}

/// Names a block's content: the hash over its source symbols' leaves (WIRE §3).
public typealias ContentHash = Digest16
