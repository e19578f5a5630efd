extension MutableRawSpan {
    /// Copies all of `source` to the bytes that begin at `byteOffset`; the two must not overlap.
    mutating func copy(_ source: RawSpan, toByteOffset byteOffset: Int) {
        withUnsafeMutableBytes { destination in
            source.withUnsafeBytes { source in
                // Safe: slicing and `copyMemory` check the bounds, and no pointer leaves the two closures.
                let end = byteOffset + source.count
                UnsafeMutableRawBufferPointer(rebasing: destination[byteOffset..<end]).copyMemory(from: source)
            }
        }
    }
}
