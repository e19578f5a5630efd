internal import COpenSSL

/// An Ed25519 public key (RFC 8032): 32 bytes.
public struct Ed25519PublicKey: Hashable, Sendable {
    public static let byteCount = 32
    /// The key's 32 bytes, held like a digest because both are 32 bytes to compare and to copy.
    private let value: Digest32

    /// - Returns: nil unless there are exactly 32 bytes. Whether they are a point on the curve shows when verifying.
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount == Self.byteCount else { return nil }
        value = Digest32(loading: bytes)
    }

    /// The key's 32 bytes.
    public var bytes: [UInt8] { value.bytes }

    /// SHA-256 of the key: what people compare, and whose first 16 bytes name the link in every frame.
    public var digest: Digest32 { SHA256Hasher.hash(bytes.span.bytes) }
}

/// An Ed25519 signature (RFC 8032): 64 bytes.
public struct Ed25519Signature: Sendable {
    public static let byteCount = 64
    /// The signature's bytes, R then S.
    public var bytes = InlineArray<64, UInt8>(repeating: 0)

    init() {}
}

/// Signs with a private key that it owns. One thread owns it; about 25 µs a signature.
public struct Ed25519Signer: ~Copyable {
    package let key: OpaquePointer
    private let context: OpaquePointer
    /// The public half.
    public let publicKey: Ed25519PublicKey

    /// Makes a new key from libcrypto's generator.
    public init() throws(CryptoError) {
        var seed = InlineArray<32, UInt8>(repeating: 0)
        var span = seed.mutableSpan
        defer { span.withUnsafeMutableBufferPointer { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        let done = span.withUnsafeMutableBufferPointer { RAND_priv_bytes($0.baseAddress, Int32($0.count)) }
        guard done == 1 else { throw .last("RAND_priv_bytes") }
        try self.init(owning: RawKey.make(secret: span.bytes, kind: EVP_PKEY_ED25519))
    }

    /// The key of a 32-byte seed (RFC 8032 §5.1.5). The caller wipes its copy.
    public init(seed: RawSpan) throws(CryptoError) {
        try self.init(owning: RawKey.make(secret: seed, kind: EVP_PKEY_ED25519))
    }

    /// Takes over a key of libcrypto that is known to be Ed25519; it is freed here, also when this throws.
    package init(owning key: OpaquePointer) throws(CryptoError) {
        guard let bytes = RawKey.publicBytes(of: key), let publicKey = Ed25519PublicKey(bytes.span.bytes),
            let context = EVP_MD_CTX_new()
        else {
            EVP_PKEY_free(key)
            throw .last("EVP_PKEY_get_raw_public_key")
        }
        self.key = key
        self.context = context
        self.publicKey = publicKey
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_PKEY_free(key)
    }

    /// Signs a message of any length.
    public mutating func sign(_ message: RawSpan) throws(CryptoError) -> Ed25519Signature {
        guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1 else { throw .last("EVP_DigestSignInit") }
        var signature = Ed25519Signature()
        var length = Ed25519Signature.byteCount
        var span = signature.bytes.mutableSpan
        let done = span.withUnsafeMutableBufferPointer { out in
            message.withUnsafeBytes {
                EVP_DigestSign(
                    context, out.baseAddress, &length, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
            }
        }
        guard done == 1 else { throw .last("EVP_DigestSign") }
        return signature
    }
}

/// Verifies signatures of one public key. One thread owns it; about 65 µs a signature.
public struct Ed25519Verifier: ~Copyable {
    private let key: OpaquePointer
    private let context: OpaquePointer

    /// - Throws: when libcrypto does not take the key.
    public init(_ publicKey: Ed25519PublicKey) throws(CryptoError) {
        let key = try RawKey.make(public: publicKey.bytes, kind: EVP_PKEY_ED25519)
        guard let context = EVP_MD_CTX_new() else {
            EVP_PKEY_free(key)
            throw .last("EVP_MD_CTX_new")
        }
        self.key = key
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_PKEY_free(key)
    }

    /// Whether these 64 bytes sign this message with the key. Anything else, a wrong length too, is false.
    public mutating func isValid(_ signature: RawSpan, for message: RawSpan) -> Bool {
        guard signature.byteCount == Ed25519Signature.byteCount,
            EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
        else { return false }
        let result = signature.withUnsafeBytes { signature in
            message.withUnsafeBytes {
                EVP_DigestVerify(
                    context, signature.baseAddress?.assumingMemoryBound(to: UInt8.self), signature.count,
                    $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
            }
        }
        if result != 1 { ERR_clear_error() }
        return result == 1
    }
}
