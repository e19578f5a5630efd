// Numbers: the numbers of the wire as types, their bounds, and their bytes.
//
//   WireLimits.swift — every bound, with its arithmetic
//   WireIntegers.swift — each number of the wire as its own type
//   WireBytes.swift — big-endian loads and stores; all unsafe code of this room except the calls of zstd
//   LinkFingerprint.swift — the hashes that name a link and a content
