internal import COpenSSL

/// An X25519 public key (RFC 7748): 32 bytes, any of which are one.
public struct X25519PublicKey: Hashable, Sendable {
    public static let byteCount = 32
    private let value: Digest32

    /// - Returns: nil unless there are exactly 32 bytes.
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount == Self.byteCount else { return nil }
        value = Digest32(loading: bytes)
    }

    /// The key's 32 bytes.
    public var bytes: [UInt8] { value.bytes }

    /// SHA-256 of the key: what people compare.
    public var digest: Digest32 { SHA256Hasher.hash(bytes.span.bytes) }
}

/// An X25519 private key. One thread owns it; about 40 µs an agreement.
public struct X25519PrivateKey: ~Copyable {
    package let key: OpaquePointer
    /// The public half.
    public let publicKey: X25519PublicKey

    /// Makes a new key from libcrypto's generator.
    public init() throws(CryptoError) {
        guard let made = newX25519Key() else { throw .last("EVP_PKEY_keygen") }
        try self.init(owning: made)
    }

    /// The key of 32 bytes (RFC 7748 §5). The caller wipes its copy.
    public init(bytes: RawSpan) throws(CryptoError) {
        try self.init(owning: RawKey.make(secret: bytes, kind: EVP_PKEY_X25519))
    }

    /// Takes over a key of libcrypto that is known to be X25519; it is freed here, also when this throws.
    package init(owning key: OpaquePointer) throws(CryptoError) {
        guard let bytes = RawKey.publicBytes(of: key), let publicKey = X25519PublicKey(bytes.span.bytes) else {
            EVP_PKEY_free(key)
            throw .last("EVP_PKEY_get_raw_public_key")
        }
        self.key = key
        self.publicKey = publicKey
    }

    deinit { EVP_PKEY_free(key) }

    /// Derives keys from what both sides of an agreement know: HKDF-SHA256 (RFC 5869), without salt, of the shared secret (RFC 7748 §6.1).
    ///
    /// - Parameter count: bytes to derive.
    /// - Returns: nil for a point of low order, which shares a secret with nobody.
    /// - Throws: when libcrypto fails.
    public func derive(
        with other: X25519PublicKey, info: RawSpan, count: Int
    ) throws(CryptoError) -> SecretBytes? {
        guard let secret = try agree(with: other) else { return nil }
        return try secret.derived(info: info, count: count)
    }

    private func agree(with other: X25519PublicKey) throws(CryptoError) -> SecretBytes? {
        let peer = try RawKey.make(public: other.bytes, kind: EVP_PKEY_X25519)
        defer { EVP_PKEY_free(peer) }
        guard let context = EVP_PKEY_CTX_new(key, nil) else { throw .last("EVP_PKEY_CTX_new") }
        defer { EVP_PKEY_CTX_free(context) }
        guard EVP_PKEY_derive_init(context) == 1, EVP_PKEY_derive_set_peer(context, peer) == 1 else {
            throw .last("EVP_PKEY_derive_init")
        }
        let secret = SecretBytes(count: 32)
        var length = 32
        let done = secret.withMutableBytes { EVP_PKEY_derive(context, $0, &length) }
        guard done == 1, length == 32 else {
            ERR_clear_error()
            return nil
        }
        return secret
    }
}

/// Bytes of a secret, which are wiped when nobody uses them any more.
public final class SecretBytes: Sendable {
    /// Only this object points to it; it is written before anybody else has the object.
    private nonisolated(unsafe) let storage: UnsafeMutablePointer<UInt8>
    public let count: Int

    init(count: Int) {
        storage = .allocate(capacity: count)
        storage.initialize(repeating: 0, count: count)
        self.count = count
    }

    /// A copy; the caller wipes his own.
    public convenience init(copying bytes: RawSpan) {
        self.init(count: bytes.byteCount)
        bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: storage, count: count).copyMemory(from: $0) }
    }

    deinit {
        OPENSSL_cleanse(storage, count)
        storage.deallocate()
    }

    /// Writes them behind other bytes, for a file that protects them as it should.
    public func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: storage, count: count))
    }

    func withMutableBytes<Result>(_ body: (UnsafeMutablePointer<UInt8>) -> Result) -> Result { body(storage) }

    func withBytes<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result { body(UnsafePointer(storage)) }

    /// HKDF-SHA256 (RFC 5869), extracted and expanded.
    func derived(info: RawSpan, count: Int) throws(CryptoError) -> SecretBytes {
        guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nil) else { throw .last("EVP_PKEY_CTX_new_id") }
        defer { EVP_PKEY_CTX_free(context) }
        let derived = SecretBytes(count: count)
        var length = count
        let done =
            EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha256()) == 1
            && EVP_PKEY_CTX_set1_hkdf_key(context, storage, Int32(self.count)) == 1
            && info.withBytes { EVP_PKEY_CTX_add1_hkdf_info(context, $0, $1) } == 1
            && derived.withMutableBytes { EVP_PKEY_derive(context, $0, &length) } == 1
        guard done, length == count else { throw .last("EVP_PKEY_derive") }
        return derived
    }
}

extension RawSpan {
    /// Its bytes and their number, as libcrypto takes short inputs. For the call only.
    fileprivate func withBytes<Result>(_ body: (UnsafePointer<UInt8>?, Int32) -> Result) -> Result {
        withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32($0.count)) }
    }
}

/// A new key, or nil.
private func newX25519Key() -> OpaquePointer? {
    guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_X25519, nil) else { return nil }
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_keygen(context, &key) == 1 else { return nil }
    return key
}
