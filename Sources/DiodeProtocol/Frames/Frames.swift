// Frames: one datagram: header, symbol, and the hash tree whose signed root authenticates both.
//
//   FrameError.swift — why a datagram is not a frame
//   BlockSalt.swift — the random value that hashes of a block begin with, and the suite that says how they are made
//   TransmissionHeader.swift — the signed bytes
//   FrameView.swift — a datagram read in place
//   SymbolHasher.swift — leaf, node, root, content hash, signed message
//   MerkleTree.swift — the tree over a transmission's symbols
