// Collections: what the standard library's collections leave out.
//
//   Ring.swift — a queue with two ends that keeps its memory
//   CopiedBytes.swift — bytes of a span, kept
//   ProcessHash.swift — what tells bytes apart within this process
