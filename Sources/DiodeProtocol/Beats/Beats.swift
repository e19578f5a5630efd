// Beats: the heartbeat of a link, with its bytes and its signature.
//
//   Beat.swift — the heartbeat's fields
//   BeatCodec.swift — encodes those fields as bytes, and decodes them
//   SignedBeat.swift — a beat with its signature, as it is kept
