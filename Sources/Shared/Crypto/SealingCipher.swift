internal import COpenSSL

/// AES-256-GCM with a nonce that is made from the message itself: but by chance, two different messages have different nonces, whatever anybody
/// rolled back.
///
/// ```text
/// nonce = HMAC-SHA256(nonce key, context ‖ message)[0..<12]        sealed = nonce ‖ ciphertext ‖ tag (16)
/// ```
/// Equal messages in equal contexts give equal bytes, which tells that they are equal and nothing else. One thread owns it.
public struct SealingCipher: ~Copyable {
    public static let keyBytes = 64
    public static let nonceBytes = 12
    public static let tagBytes = 16

    private let encryption: OpaquePointer
    private let decryption: OpaquePointer
    private let authentication: OpaquePointer

    /// - Parameter keys: 32 bytes that encrypt, 32 bytes that make nonces.
    public init(_ keys: SecretBytes) throws(CryptoError) {
        precondition(keys.count == Self.keyBytes, "two keys of 32 bytes")
        guard let encryption = EVP_CIPHER_CTX_new() else { throw .last("EVP_CIPHER_CTX_new") }
        guard let decryption = EVP_CIPHER_CTX_new() else {
            EVP_CIPHER_CTX_free(encryption)
            throw .last("EVP_CIPHER_CTX_new")
        }
        let mac = EVP_MAC_fetch(nil, "HMAC", nil)
        let made = mac.flatMap { EVP_MAC_CTX_new($0) }
        EVP_MAC_free(mac)
        let isReady = keys.withBytes { bytes in
            var name = Array("SHA256".utf8CString)
            let hasMAC = name.withUnsafeMutableBufferPointer { name in
                let parameters = [
                    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.baseAddress, 0),
                    OSSL_PARAM_construct_end(),
                ]
                return made.map { EVP_MAC_init($0, bytes + 32, 32, parameters) } == 1
            }
            return hasMAC && EVP_EncryptInit_ex(encryption, EVP_aes_256_gcm(), nil, bytes, nil) == 1
                && EVP_DecryptInit_ex(decryption, EVP_aes_256_gcm(), nil, bytes, nil) == 1
        }
        guard isReady, let made else {
            let error = CryptoError.last("EVP_MAC_init")
            EVP_MAC_CTX_free(made)
            EVP_CIPHER_CTX_free(encryption)
            EVP_CIPHER_CTX_free(decryption)
            throw error
        }
        self.encryption = encryption
        self.decryption = decryption
        authentication = made
    }

    deinit {
        EVP_CIPHER_CTX_free(encryption)
        EVP_CIPHER_CTX_free(decryption)
        EVP_MAC_CTX_free(authentication)
    }

    /// Appends nonce, ciphertext and tag: 28 bytes more than the message.
    /// - Parameter context: what is authenticated beside it; whoever opens it has to know it.
    public mutating func seal(_ message: RawSpan, context: RawSpan, into sealed: inout [UInt8]) throws(CryptoError) {
        let nonce = try nonce(of: message, context)
        sealed.append(contentsOf: nonce)
        let start = sealed.count
        sealed.append(contentsOf: repeatElement(0, count: message.byteCount + Self.tagBytes))
        var length: Int32 = 0
        // The pointers are used during the calls only, and libcrypto writes as many bytes as the message has, then the tag.
        let done = sealed.withUnsafeMutableBufferPointer { sealed in
            let out = sealed.baseAddress.map { $0 + start }
            return EVP_EncryptInit_ex(encryption, nil, nil, nil, nonce) == 1
                && context.feed { EVP_EncryptUpdate(encryption, nil, &length, $0, $1) }
                && message.feed { EVP_EncryptUpdate(encryption, out, &length, $0, $1) }
                && EVP_EncryptFinal_ex(encryption, out.map { $0 + message.byteCount }, &length) == 1
                && EVP_CIPHER_CTX_ctrl(
                    encryption, EVP_CTRL_GCM_GET_TAG, Int32(Self.tagBytes), out.map { $0 + message.byteCount }) == 1
        }
        guard done else { throw .last("EVP_EncryptUpdate") }
    }

    /// Replaces `message` by what was sealed.
    /// - Returns: whether it was sealed with these keys, in this context, and not changed; if not, `message` is empty.
    public mutating func open(_ sealed: RawSpan, context: RawSpan, into message: inout [UInt8]) -> Bool {
        message.removeAll(keepingCapacity: true)
        let count = sealed.byteCount - Self.nonceBytes - Self.tagBytes
        guard count >= 0 else { return false }
        let nonce = [UInt8](sealed, 0..<Self.nonceBytes)
        var tag = [UInt8](sealed, sealed.byteCount - Self.tagBytes..<sealed.byteCount)
        message.append(contentsOf: repeatElement(0, count: count))
        var length: Int32 = 0
        let done = message.withUnsafeMutableBufferPointer { message in
            EVP_DecryptInit_ex(decryption, nil, nil, nil, nonce) == 1
                && context.feed { EVP_DecryptUpdate(decryption, nil, &length, $0, $1) }
                && sealed.extracting(Self.nonceBytes..<Self.nonceBytes + count).feed {
                    EVP_DecryptUpdate(decryption, message.baseAddress, &length, $0, $1)
                }
                && EVP_CIPHER_CTX_ctrl(decryption, EVP_CTRL_GCM_SET_TAG, Int32(Self.tagBytes), &tag) == 1
                && EVP_DecryptFinal_ex(decryption, message.baseAddress.map { $0 + count }, &length) == 1
        }
        if !done {
            ERR_clear_error()
            message.removeAll(keepingCapacity: true)
        }
        return done
    }

    private func nonce(of message: RawSpan, _ context: RawSpan) throws(CryptoError) -> [UInt8] {
        var value = [UInt8](repeating: 0, count: 32)
        var length = 0
        let done =
            EVP_MAC_init(authentication, nil, 0, nil) == 1
            && context.feed { EVP_MAC_update(authentication, $0, Int($1)) }
            && message.feed { EVP_MAC_update(authentication, $0, Int($1)) }
            && EVP_MAC_final(authentication, &value, &length, 32) == 1
        guard done else { throw .last("EVP_MAC_final") }
        return Array(value.prefix(Self.nonceBytes))
    }
}

extension RawSpan {
    /// Gives its bytes to libcrypto; nothing at all counts as taken.
    fileprivate func feed(_ body: (UnsafePointer<UInt8>?, Int32) -> Int32) -> Bool {
        byteCount == 0
            || withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32($0.count)) } == 1
    }
}

extension [UInt8] {
    fileprivate init(_ bytes: RawSpan, _ range: Range<Int>) {
        self = bytes.extracting(range).withUnsafeBytes { Array($0) }
    }
}
