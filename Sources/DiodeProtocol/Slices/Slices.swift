// Slices: what a snapshot block holds: an interval of the topics in the order of their hashes. And the digest of all topics.
//
//   Slice.swift — a slice's heading, and a slot read in place
//   SliceEncoder.swift — slots to content
//   SliceContent.swift — content to slots, read in place
//   TopicIndex.swift — topics by their bytes: at which place of a table each stands
//   TopicOrder.swift — topics by their hashes: which of them an interval holds
//   StateDigest.swift — what a checkpoint says of all slots: the sum of their hashes
//   StateTopic.swift — under which topics states of edge nodes cross
