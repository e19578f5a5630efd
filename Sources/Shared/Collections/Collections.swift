// Collections: what the standard library's collections leave out.
//
//   Ring.swift — a queue with two ends that keeps its memory
