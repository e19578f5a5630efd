// TestKit: the real thing around a test. Nothing here is shipped.
//
//   test ──▶ Child, Broker, Subscriber      processes that end with the test
//   pair ──▶ LossyRelay ──▶ pair            a link that hurts by FaultInjector, on a seed
//   pair ──▶ LinkNamespaces ──▶ pair        a link that is one-way, every frame counted
//
//   SeededGenerator.swift — a random generator that one number replays
//   Seed.swift — a fresh seed for each random test, printed, or the one of SEED=
//   FaultInjector.swift — what a bad link does to each datagram, pure; the simulator and the relay share it
//   Eventually.swift — waiting for a condition, never for a time
//   Ports.swift — free ports of 127.0.0.1
//   TemporaryDirectory.swift — a folder that disappears with its owner
//   LastWill.swift — what happens to all this when the test run is killed
//   SpawnOrder.swift — how to start a process into which nothing of this one leaks
//   Child.swift — a process, its output and its end
//   Executable.swift — where our programs and the system's are
//   Certificates.swift — an authority with a server's and a client's certificate
//   MQTTServer.swift — what the pair and the scripts know of a broker, whoever made it
//   Broker.swift — a real mosquitto that can be killed, paused and started again
//   BrokerClients.swift — mosquitto_pub and mosquitto_sub on such a broker
//   NATSServer.swift — a NATS server with JetStream, alone or one of three
//   RabbitMQServer.swift — a RabbitMQ with its MQTT plugin
//   PlantMessage.swift — a message as the scripts of Tests/clients write it down
//   PythonClients.swift — the scripts of Tests/clients: publishers and collectors by several libraries, plants, an edge node
//   RetainedNamespace.swift — many retained topics on a broker, and counting them
//   SparkplugMessage.swift — a Sparkplug message as they write it down, and the values it leaves behind
//   SparkplugClients.swift — edge nodes and hosts by libraries, and a host that judges by the specification
//   LossyRelay.swift — a UDP link that loses, doubles, delays, damages, forges and replays
//   Namespace.swift — a network namespace
//   LinkNamespaces.swift — two of them and a virtual diode between, with the rules of deploy/
//   DiodePair.swift — diode-send and diode-recv between two brokers
//   LinkReport.swift — the receiver's own account of the link
//   FaultyDisk.swift — a disk that fills, breaks, and forgets what was not synced
//   PowerLoss.swift — what a loss of power leaves of a file
//   NumberedMessage.swift — a message that is known again wherever it appears
//   TapAccount.swift — which numbers were handed over, and which acknowledged
//   TapConnection.swift — one connection through a tap
//   MQTTTap.swift — a tap on the wire between a broker and its client
//   Load.swift — numbered messages at a steady rate
