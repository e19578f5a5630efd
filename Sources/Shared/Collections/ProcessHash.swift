extension RawSpan {
    /// Tells bytes apart within this process; in the next one it is another number.
    @inlinable public var processHash: Int {
        var hasher = Hasher()
        hasher.combine(span: self)
        return hasher.finalize()
    }

    /// Tells pairs of bytes apart within this process, such as a topic and its payload, wherever the one ends and the other begins.
    @inlinable public func processHash(with other: RawSpan) -> Int {
        var hasher = Hasher()
        hasher.combine(byteCount)
        hasher.combine(span: self)
        hasher.combine(span: other)
        return hasher.finalize()
    }
}

extension Hasher {
    @inlinable mutating func combine(span: RawSpan) {
        // Safe: the pointer lives only within the closure, which reads from it.
        span.withUnsafeBytes { combine(bytes: $0) }
    }
}
