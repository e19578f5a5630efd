// Fixtures: the same code three times, so that one can be held against another.
//
//   Code.swift — the room under test, arrays in and arrays out
//   NaiveCode.swift — the code by its definition, one byte and one bit at a time
//   ISAL.swift — Intel's library
//   VectorFile.swift — the text files in Vectors
