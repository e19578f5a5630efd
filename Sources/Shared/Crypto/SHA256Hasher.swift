internal import COpenSSL

/// SHA-256 with a state of its own: no allocation per hash.
///
/// Feed it with `update`, take the value with `finish`; it is then ready for the next one. One thread owns it.
/// A hash of a few bytes costs about 50 ns up to 55 bytes and 85 ns up to 119, so gather small fields into one `update`;
/// long input runs at 2 GB/s where the processor has SHA instructions.
///
/// libcrypto's low-level interface, because its general one (EVP, OpenSSL 3.0) frees and allocates its state at every
/// start of a hash, and a receiver hashes eight times for each frame. The code that hashes is the same.
public struct SHA256Hasher: ~Copyable {
    private var state = SHA256_CTX()

    public init() {
        precondition(SHA256_Init(&state) == 1, "a hash can begin")
    }

    /// Appends bytes to what is hashed.
    public mutating func update(_ bytes: RawSpan) {
        let done = bytes.withUnsafeBytes { SHA256_Update(&state, $0.baseAddress, $0.count) }
        precondition(done == 1, "libcrypto hashes what it accepted to hash")
    }

    /// The hash of everything appended since the last `finish`. Starts the next one.
    public mutating func finish() -> Digest32 {
        var value = InlineArray<32, UInt8>(repeating: 0)
        var out = value.mutableSpan
        let done = out.withUnsafeMutableBufferPointer { SHA256_Final($0.baseAddress, &state) }
        precondition(done == 1 && SHA256_Init(&state) == 1, "libcrypto finishes a hash")
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
