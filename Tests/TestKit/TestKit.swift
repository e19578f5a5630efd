// TestKit: the real thing around a test. Nothing here is shipped.
//
//   test ──▶ Child, Broker, Subscriber      processes that end with the test
//   pair ──▶ LossyRelay ──▶ pair            a link that hurts by FaultInjector, on a seed
//   pair ──▶ LinkNamespaces ──▶ pair        a link that is one-way, every frame counted
//
//   1. SeededGenerator.swift — a random generator that one number replays
//   2. Seed.swift — a fresh seed for each random test, printed, or the one of SEED=
//   3. FaultInjector.swift — what a bad link does to each datagram, pure; the simulator and the relay share it
//   4. Eventually.swift — waiting for a condition, never for a time
//   5. Ports.swift — free ports of 127.0.0.1
//   6. TemporaryDirectory.swift — a folder that disappears with its owner
//   7. LastWill.swift — what happens to all this when the test run is killed
//   8. SpawnOrder.swift — how to start a process into which nothing of this one leaks
//   9. Child.swift — a process, its output and its end
//  10. Executable.swift — where our programs and the system's are
//  11. Certificates.swift — an authority with a server's and a client's certificate
//  12. Broker.swift — a real mosquitto that can be killed, paused and started again
//  13. BrokerClients.swift — mosquitto_pub and mosquitto_sub on such a broker
//  14. PythonClients.swift — the clients of Tests/clients: a plant that publishes, an edge node, a collector
//  15. SparkplugMessage.swift — a Sparkplug message as they write it down, and the values it leaves behind
//  16. SparkplugClients.swift — edge nodes and hosts by libraries, and a host that judges by the specification
//  17. LossyRelay.swift — a UDP link that loses, doubles, delays, damages, forges and replays
//  18. Namespace.swift — a network namespace
//  19. LinkNamespaces.swift — two of them and a virtual diode between, with the rules of deploy/
//  20. DiodePair.swift — diode-send and diode-recv between two brokers
//  21. LinkReport.swift — the receiver's own account of the link
//  22. FaultyDisk.swift — a disk that fills, breaks, and forgets what was not synced
//  23. PowerLoss.swift — what a loss of power leaves of a file
//  24. NumberedMessage.swift — a message that is known again wherever it appears
//  25. TapAccount.swift — which numbers were handed over, and which acknowledged
//  26. TapConnection.swift — one connection through a tap
//  27. MQTTTap.swift — a tap on the wire between a broker and its client
//  28. Load.swift — numbered messages at a steady rate
