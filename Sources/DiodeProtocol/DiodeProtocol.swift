// DiodeProtocol: values and their bytes, as docs/WIRE.md specifies them. No I/O, no clock, no Foundation.
//
//   numbers ─▶ header ─▶ frame ─▶ leaf, path, root, signature         card: the key that signs them
//                          │
//                     packed bytes ─▶ content ─▶ live: records, control items │ snapshot: slices │ beat
//
//   1. WireLimits.swift — every bound, with its arithmetic
//   2. WireIntegers.swift — each number of the wire as its own type
//   4. WireBytes.swift — big-endian loads and stores: all unsafe code but the calls of zstd
//   5. LinkFingerprint.swift — what names a link and a content
//   6. FrameError.swift — why a datagram is not a frame
//   7. TransmissionHeader.swift — the 96 signed bytes
//   8. FrameView.swift — a datagram read in place
//   9. SymbolHasher.swift — leaf, node, root, content hash, signed message
//  10. MerkleTree.swift — the tree over a transmission's symbols
//  11. ContentError.swift — why authenticated bytes are not a content
//  12. UTF8Text.swift — UTF-8 and topic names
//  13. ContentWriter.swift — varint, zigzag, words out
//  14. ContentReader.swift — the same in, checked
//  15. RecordFlags.swift — QoS, retain and what else a record says of itself
//  16. ControlItems.swift — shed run, checkpoint, action, unobserved, broker drop, rotation
//  17. TopicDictionary.swift — a block's topics by their bytes
//  18. TopicList.swift — the topics at the head of a content
//  19. LiveContentEncoder.swift — items to content
//  20. LiveContent.swift — content to items, read in place
//  21. Slice.swift — a slice's heading, and a slot read in place
//  22. SliceEncoder.swift — slots to content
//  23. SliceContent.swift — content to slots, read in place
//  24. TopicOrder.swift — topics by their hashes: which of them an interval holds
//  25. StateDigest.swift — what a checkpoint says of all slots: the sum of their hashes
//  26. BlockPacking.swift — content to packed bytes and back: zstd
//  27. ContentParts.swift — a content larger than a block
//  28. StateTopic.swift — under which topics states of edge nodes cross
//  29. Beat.swift — the heartbeat's fields
//  30. BeatCodec.swift — and their bytes
//  31. SignedBeat.swift — a beat with its signature, as it is kept
//  32. Base64.swift — canonical base64
//  33. CalendarTime.swift — RFC 3339 in UTC
//  34. CardError.swift — why a file is not a card
//  35. LinkCard.swift — the public half of a link
//  36. BundleError.swift — why a file is not a resend bundle
//  37. ResendBundle.swift — what a receiver misses, carried by hand
