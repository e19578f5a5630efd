// Assembling: authentic symbols become blocks, blocks become contents.
//
//   Assembly.swift — one block under way
//   PartJoiner.swift — contents larger than a block
//   BlockAssembler.swift — collects symbols, decodes and checks blocks
//   DecodedUnit.swift — a decoded content with its numbers
