public import Crypto

/// A random value that every hash over a block begins with (WIRE §3, ADR 0028): who chooses payloads cannot look for two that collide, because
/// it is drawn after the last of them is in the block (randomised hashing, NIST SP 800-106).
public struct BlockSalt: Hashable, Sendable {
    public let value: Digest16

    public init(_ value: Digest16) { self.value = value }

    /// As it was stored; nil for what is no salt.
    public init?(stored bytes: RawSpan) {
        guard bytes.byteCount == Digest16.byteCount else { return nil }
        value = Digest16(loading: bytes)
    }

    /// 16 bytes.
    public var bytes: [UInt8] { value.bytes }

    /// From the operating system's generator, for a block that is closed now.
    public static func random() -> BlockSalt {
        var generator = SystemRandomNumberGenerator()
        return BlockSalt(Digest16(first: generator.next(), second: generator.next()))
    }
}

/// What signature, hash and seal of a frame are (W-44). A second one is a new number, and no change of the wire version.
public enum Suite: UInt8, Sendable {
    /// Ed25519; SHA-256 cut to 16 bytes and salted; X25519, HKDF-SHA256 and AES-256-GCM.
    case first = 1
}
