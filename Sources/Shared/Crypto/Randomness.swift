internal import COpenSSL

/// Fills `bytes` from libcrypto's generator (seeded by the kernel).
public func fillWithRandomBytes(_ bytes: inout MutableRawSpan) throws(CryptoError) {
    let done = bytes.withUnsafeMutableBytes {
        RAND_bytes($0.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32($0.count))
    }
    guard done == 1 else { throw .last("RAND_bytes") }
}

/// `count` random bytes; count is below 2³¹.
public func randomBytes(_ count: Int) throws(CryptoError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    try fillWithRandomBytes(&raw)
    return bytes
}

/// A random 64-bit number, for example an incarnation.
public func randomUInt64() throws(CryptoError) -> UInt64 {
    var number: UInt64 = 0
    // Safe: eight bytes of a local number, every pattern of which is valid.
    let done = withUnsafeMutableBytes(of: &number) {
        RAND_bytes($0.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32($0.count))
    }
    guard done == 1 else { throw .last("RAND_bytes") }
    return number
}
