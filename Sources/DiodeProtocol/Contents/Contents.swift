// Contents: what a live block holds: records and control items, encoded, compressed and cut into parts.
//
//   ContentError.swift — why authenticated bytes are not a content
//   UTF8Text.swift — UTF-8 and topic names
//   ContentWriter.swift — varint, zigzag, words out
//   ContentReader.swift — the same in, checked
//   RecordFlags.swift — QoS, retain and what else a record says of itself
//   ControlItems.swift — shed run, checkpoint, action, unobserved, broker drop, rotation
//   TopicDictionary.swift — a block's topics by their bytes
//   TopicList.swift — the topics at the head of a content
//   LiveContentEncoder.swift — items to content
//   LiveContent.swift — content to items, read in place
//   BlockPacking.swift — content to packed bytes and back: zstd
//   ContentParts.swift — a content larger than a block
