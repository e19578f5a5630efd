// Brokers: what the pair costs between real brokers, and what load is made of.
//
//   BrokersBench.swift — brokers: messages a second from broker to broker
//   LatencyBench.swift — latency: from publish to arrival
//   DurabilityBench.swift — durability: what disks cost
//   EnduranceBench.swift — endurance: whether memory stays where it is
//   RebirthBench.swift — rebirth: how long a Sparkplug host waits for births
//   ColdStartBench.swift — coldstart: until the IT side has the whole namespace
//   MessageWay.swift — real brokers, and the pair or a bridge between them
//   LoadRun.swift — one run of load over such a way
//   LoadMessage.swift — what the load is made of
//   LoadPublisher.swift — publishes it
//   LoadConsumer.swift — takes it and checks it
//   LoadTally.swift — what the two know of each other
//   TopicLoad.swift — many topics at a steady rate
//   BrokerStream.swift — a raw MQTT connection
