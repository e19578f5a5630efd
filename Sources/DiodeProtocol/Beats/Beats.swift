// Beats: the heartbeat of a link: its fields, its bytes, its signature.
//
//   Beat.swift — the heartbeat's fields
//   BeatCodec.swift — and their bytes
//   SignedBeat.swift — a beat with its signature, as it is kept
