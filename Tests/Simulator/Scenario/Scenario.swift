// Scenario: one history, all of it from a seed.
//
//   SimulatedFault.swift — what can happen, and how the receiver was when it did
//   PairScenario.swift — load, link and faults
//   FaultCoverage.swift — which faults hit a receiver in which condition
