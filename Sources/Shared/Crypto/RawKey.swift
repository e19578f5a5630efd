internal import COpenSSL

/// Keys of libcrypto from their 32 bytes, and back: Ed25519 and X25519 alike.
enum RawKey {
    /// The caller frees it, and wipes its copy of the bytes.
    static func make(secret bytes: RawSpan, kind: Int32) throws(CryptoError) -> OpaquePointer {
        let made = bytes.withUnsafeBytes {
            EVP_PKEY_new_raw_private_key(
                kind, nil, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
        }
        guard let made else { throw .last("EVP_PKEY_new_raw_private_key") }
        return made
    }

    /// The caller frees it.
    static func make(public bytes: [UInt8], kind: Int32) throws(CryptoError) -> OpaquePointer {
        guard let made = EVP_PKEY_new_raw_public_key(kind, nil, bytes, bytes.count) else {
            throw .last("EVP_PKEY_new_raw_public_key")
        }
        return made
    }

    /// The public half, 32 bytes; nil when libcrypto fails.
    static func publicBytes(of key: OpaquePointer) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 32)
        var length = bytes.count
        guard EVP_PKEY_get_raw_public_key(key, &bytes, &length) == 1, length == bytes.count else { return nil }
        return bytes
    }
}
