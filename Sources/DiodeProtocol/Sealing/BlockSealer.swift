public import Crypto

/// Seals packed bytes for one receiver (W-27).
///
/// ```text
/// ephemeral (32) │ nonce (12) │ ciphertext │ tag (16)
/// ```
/// A nonce is made from message and place: but by chance (ADR 0028) it repeats under one key with both of them alone. And the key is another one in each
/// process: the ephemeral half is drawn at the start, and its private part is never stored, so neither a rollback nor a second sender with the
/// same files seals with it. One thread owns it.
public struct BlockSealer: ~Copyable {
    /// Bytes that sealing adds.
    public static let overheadBytes = X25519PublicKey.byteCount + SealingCipher.nonceBytes + SealingCipher.tagBytes

    /// They open what it seals; kept as long as the sender has to read its own blocks back.
    public let keys: SealKeys
    private var cipher: SealingCipher

    /// - Parameter receiver: on its seal card.
    /// - Throws: when libcrypto fails, or takes the key for one that shares a secret with nobody.
    public init(for receiver: X25519PublicKey) throws(CryptoError) {
        let keys = try SealKeys.fresh(for: receiver)
        var cipher = try SealingCipher(keys.secret)
        // A libcrypto that refuses is found here, and not at the first block.
        var trial: [UInt8] = []
        try cipher.seal([0].span.bytes, context: RawSpan(), into: &trial)
        // Only now: a move-only value may not be left half made by a throw.
        self.keys = keys
        self.cipher = cipher
    }

    /// Replaces packed bytes by the sealed ones, which are `overheadBytes` longer.
    public mutating func seal(_ packed: inout [UInt8], in context: borrowing SealedContext) throws(CryptoError) {
        var sealed: [UInt8] = []
        sealed.reserveCapacity(packed.count + Self.overheadBytes)
        sealed += keys.ephemeral
        try cipher.seal(packed.span.bytes, context: context.bytes, into: &sealed)
        packed = sealed
    }
}
