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
//  12. MQTTServer.swift — what the pair and the scripts know of a broker, whoever made it
//  13. Broker.swift — a real mosquitto that can be killed, paused and started again
//  14. BrokerClients.swift — mosquitto_pub and mosquitto_sub on such a broker
//  15. NATSServer.swift — a NATS server with JetStream, alone or one of three
//  16. RabbitMQServer.swift — a RabbitMQ with its MQTT plugin
//  17. PlantMessage.swift — a message as the scripts of Tests/clients write it down
//  18. PythonClients.swift — the scripts of Tests/clients: publishers and collectors by several libraries, plants, an edge node
//  19. RetainedNamespace.swift — many retained topics on a broker, and counting them
//  20. SparkplugMessage.swift — a Sparkplug message as they write it down, and the values it leaves behind
//  21. SparkplugClients.swift — edge nodes and hosts by libraries, and a host that judges by the specification
//  22. LossyRelay.swift — a UDP link that loses, doubles, delays, damages, forges and replays
//  23. Namespace.swift — a network namespace
//  24. LinkNamespaces.swift — two of them and a virtual diode between, with the rules of deploy/
//  25. DiodePair.swift — diode-send and diode-recv between two brokers
//  26. LinkReport.swift — the receiver's own account of the link
//  27. FaultyDisk.swift — a disk that fills, breaks, and forgets what was not synced
//  28. PowerLoss.swift — what a loss of power leaves of a file
//  29. NumberedMessage.swift — a message that is known again wherever it appears
//  30. TapAccount.swift — which numbers were handed over, and which acknowledged
//  31. TapConnection.swift — one connection through a tap
//  32. MQTTTap.swift — a tap on the wire between a broker and its client
//  33. Load.swift — numbered messages at a steady rate
