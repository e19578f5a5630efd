// Contents: what a live block holds: records and control items, encoded, compressed and cut into parts.
//
//   ContentError.swift — why authenticated bytes are not a content
//   UTF8Text.swift — UTF-8 and topic names
//   ContentWriter.swift — writes the primitive forms of docs/WIRE.md: varint, zigzag, text
//   ContentReader.swift — reads the same forms, each checked before it is used
//   RecordFlags.swift — QoS, retain and what else a record says of itself
//   ControlItems.swift — shed run, checkpoint, action, unobserved, broker drop
//   TopicDictionary.swift — a block's topics by their bytes
//   TopicList.swift — the topics at the head of a content
//   LiveContentEncoder.swift — encodes records and control items as one content
//   LiveContent.swift — reads records and control items out of a content, in place
//   BlockPacking.swift — compresses a content into packed bytes, and decompresses them: zstd
//   ContentParts.swift — how a content that is too large for one block is cut into parts
