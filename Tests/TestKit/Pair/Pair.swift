// Pair: the shipped programs at work.
//
//   DiodePair.swift — diode-send and diode-recv between two brokers
//   LinkReport.swift — the receiver's own account of the link
