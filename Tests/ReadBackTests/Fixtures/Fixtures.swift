// Fixtures: what an expectation may change.
//
//   Held.swift — a value that an expectation may call mutating methods of
