internal import COpenSSL

/// A random 64-bit number from libcrypto's generator (seeded by the kernel), for example an incarnation.
public func randomUInt64() throws(CryptoError) -> UInt64 {
    var number: UInt64 = 0
    // Safe: eight bytes of a local number, every pattern of which is valid.
    let done = withUnsafeMutableBytes(of: &number) {
        RAND_bytes($0.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32($0.count))
    }
    guard done == 1 else { throw .last("RAND_bytes") }
    return number
}
