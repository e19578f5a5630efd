// DiodeProtocol: values and their bytes, as docs/WIRE.md specifies them. No I/O, no clock, no Foundation.
//
//   numbers ─▶ header ─▶ frame ─▶ leaf, path, root, signature
//
//   1. WireLimits.swift — every bound, with its arithmetic
//   2. WireIntegers.swift — each number of the wire as its own type
//   3. Times.swift — wall-clock and monotonic instants as values
//   4. WireBytes.swift — big-endian loads and stores, the only unsafe code
//   5. LinkFingerprint.swift — what names a link and a content
//   6. FrameError.swift — why a datagram is not a frame
//   7. TransmissionHeader.swift — the 96 signed bytes
//   8. FrameView.swift — a datagram read in place
//   9. SymbolHasher.swift — leaf, node, root, content hash, signed message
//  10. MerkleTree.swift — the tree over a transmission's symbols
