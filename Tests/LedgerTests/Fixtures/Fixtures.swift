// Fixtures: ledgers to tamper with.
//
//   LedgerSamples.swift — a chain in memory
