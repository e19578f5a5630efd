// Link: what stands between sender and receiver in a test.
//
//   FaultInjector.swift — what a bad link does to each datagram, pure; the simulator and the relay share it
//   LossyRelay.swift — a UDP link that loses, doubles, delays, damages, forges and replays
//   Namespace.swift — a network namespace
//   LinkNamespaces.swift — two of them and a virtual diode between, with the rules of deploy/
