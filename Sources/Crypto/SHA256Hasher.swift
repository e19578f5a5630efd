internal import COpenSSL

/// SHA-256 with one reused context: no allocation per hash.
///
/// Feed it with `update`, take the value with `finish`; it is then ready for the next one. One thread owns it.
/// A hash of a few bytes costs about 75 ns up to 55 bytes and 110 ns up to 119 (25 ns of it the way into libcrypto), so
/// gather small fields into one `update`; long input runs at 2 GB/s where the processor has SHA instructions.
public struct SHA256Hasher: ~Copyable {
    private let algorithm: OpaquePointer
    private let context: OpaquePointer

    public init() {
        // Both fail only without memory or with a libcrypto that lacks SHA-256; neither can be survived.
        guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil), let context = EVP_MD_CTX_new(),
            EVP_DigestInit_ex2(context, algorithm, nil) == 1
        else { preconditionFailure("libcrypto offers SHA-256") }
        self.algorithm = algorithm
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_MD_free(algorithm)
    }

    /// Appends bytes to what is hashed.
    public mutating func update(_ bytes: RawSpan) {
        let done = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        precondition(done == 1, "libcrypto hashes what it accepted to hash")
    }

    /// The hash of everything appended since the last `finish`. Starts the next one.
    public mutating func finish() -> Digest32 {
        var value = InlineArray<32, UInt8>(repeating: 0)
        var out = value.mutableSpan
        let done = out.withUnsafeMutableBufferPointer { EVP_DigestFinal_ex(context, $0.baseAddress, nil) }
        precondition(done == 1 && EVP_DigestInit_ex2(context, nil, nil) == 1, "libcrypto finishes a hash")
        return Digest32(loading: value.span.bytes)
    }

    /// The hash of these bytes alone. Nothing may have been appended before.
    public mutating func hash(_ bytes: RawSpan) -> Digest32 {
        update(bytes)
        return finish()
    }

    /// The hash of some bytes, where speed does not matter.
    public static func hash(_ bytes: RawSpan) -> Digest32 {
        var hasher = SHA256Hasher()
        return hasher.hash(bytes)
    }
}
