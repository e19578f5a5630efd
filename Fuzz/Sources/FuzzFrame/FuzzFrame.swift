import DiodeProtocol

/// A datagram: whatever decodes holds what docs/WIRE.md says of a frame, encodes to the same bytes, and can be hashed.
@c public func LLVMFuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let bytes = input.span.bytes
    guard let frame = try? FrameView(decoding: bytes) else { return 0 }
    precondition(bytes.byteCount == frame.header.frameBytes, "W-01")
    precondition(frame.header.symbol(ofLeaf: frame.leafIndex) == frame.symbolID, "W-07")
    precondition(FramePreamble.link(of: bytes) == frame.header.link, "W-02")
    var encoded = [UInt8](repeating: 0, count: frame.header.encodedBytes)
    do {
        var span = encoded.mutableSpan
        var raw = span.mutableBytes
        frame.header.encode(into: &raw)
    }
    precondition(frame.headerBytes.isEqual(to: encoded.span.bytes), "W-11")
    var hasher = SymbolHasher()
    let leaf = hasher.leaf(frame.header.binding, frame.symbolID, frame.symbol)
    _ = hasher.root(frame.header.binding, from: leaf, index: frame.leafIndex, path: frame.path)
    return 0
}
