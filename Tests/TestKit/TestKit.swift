// TestKit: the real thing around a test. Nothing here is shipped.
//
//   1. SeededGenerator.swift — a random generator that one number replays
//   2. FaultInjector.swift — what a bad link does to each datagram, pure; the simulator and the relay share it
