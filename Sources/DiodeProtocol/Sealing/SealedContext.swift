internal import Crypto

/// What of a block is authenticated beside its sealed bytes: all that is the same in every transmission of it, but the key that signs them, which
/// may have been rotated since (W-27).
///
/// ```text
/// 07 │ suite (1) │ channel (1) │ flags (1) │ part (1) │ parts (1) │ epoch (8) │ incarnation (8) │ block (8) │ plain (4)
///    │ first sequence (8) │ last sequence (8) │ salt (16)                                              66 bytes
/// ```
public struct SealedContext: Sendable {
    private var storage = InlineArray<66, UInt8>(repeating: 0)

    /// - Parameters:
    ///   - flags: as they are in the header, `sealed` among them.
    ///   - plainBytes: before compression.
    public init(
        _ id: BlockID, flags: TransmissionHeader.Flags, part: Int, parts: Int, plainBytes: Int, first: SequenceNumber,
        last: SequenceNumber, salt: BlockSalt
    ) {
        var span = storage.mutableSpan
        var bytes = span.mutableBytes
        bytes.store(bigEndian: SymbolHasher.Domain.sealNonce.rawValue, at: 0)
        bytes.store(bigEndian: Suite.first.rawValue, at: 1)
        bytes.store(bigEndian: id.channel.rawValue, at: 2)
        bytes.store(bigEndian: flags.rawValue, at: 3)
        bytes.store(bigEndian: UInt8(part), at: 4)
        bytes.store(bigEndian: UInt8(parts), at: 5)
        bytes.store(bigEndian: id.epoch.rawValue, at: 6)
        bytes.store(bigEndian: id.incarnation.rawValue, at: 14)
        bytes.store(bigEndian: id.block.rawValue, at: 22)
        bytes.store(bigEndian: UInt32(plainBytes), at: 30)
        bytes.store(bigEndian: first.rawValue, at: 34)
        bytes.store(bigEndian: last.rawValue, at: 42)
        salt.value.store(into: &bytes, at: 50)
    }

    /// Of a block that came; nil in version 1, which seals nothing.
    init?(_ header: TransmissionHeader) {
        guard let salt = header.salt else { return nil }
        self.init(
            header.id, flags: header.flags, part: header.partIndex, parts: header.partCount,
            plainBytes: header.plainBytes, first: header.firstSequence, last: header.lastSequence, salt: salt)
    }

    var bytes: RawSpan {
        @_lifetime(borrow self)
        borrowing get { storage.span.bytes }
    }
}

/// The keys between an ephemeral key and a receiver's (W-27).
public struct SealKeys: Sendable {
    private static let storedBytes = X25519PublicKey.byteCount + SealingCipher.keyBytes

    /// The public half of the ephemeral key, which stands before the sealed bytes.
    public let ephemeral: [UInt8]
    let secret: SecretBytes

    /// Either side has one of the private halves.
    /// - Returns: nil if the other one shares a secret with nobody.
    init?(
        _ own: borrowing X25519PrivateKey, with other: X25519PublicKey, ephemeral: X25519PublicKey,
        receiver: X25519PublicKey
    ) throws(CryptoError) {
        let info = [SymbolHasher.Domain.sealKey.rawValue] + ephemeral.bytes + receiver.bytes
        guard let secret = try own.derive(with: other, info: info.span.bytes, count: SealingCipher.keyBytes) else {
            return nil
        }
        self.ephemeral = ephemeral.bytes
        self.secret = secret
    }

    /// With an ephemeral key whose private half nobody keeps.
    static func fresh(for receiver: X25519PublicKey) throws(CryptoError) -> SealKeys {
        let own = try X25519PrivateKey()
        guard let keys = try SealKeys(own, with: receiver, ephemeral: own.publicKey, receiver: receiver) else {
            throw CryptoError.weakKey
        }
        return keys
    }

    /// As `stored` gave them.
    public init?(stored bytes: RawSpan) {
        guard bytes.byteCount == Self.storedBytes else { return nil }
        let length = X25519PublicKey.byteCount
        ephemeral = bytes.extracting(0..<length).withUnsafeBytes { Array($0) }
        secret = SecretBytes(copying: bytes.extracting(length..<bytes.byteCount))
    }

    /// 96 bytes that open what was sealed with them: a secret.
    public var stored: [UInt8] {
        var bytes = ephemeral
        secret.append(to: &bytes)
        return bytes
    }
}
