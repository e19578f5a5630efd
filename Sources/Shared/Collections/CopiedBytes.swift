extension [UInt8] {
    /// The bytes of a span, kept for longer than the span may be.
    @inlinable public init(copying span: RawSpan) {
        // Safe: the pointer lives only within the closure, where the array copies from it.
        self = span.withUnsafeBytes { Array($0) }
    }
}
