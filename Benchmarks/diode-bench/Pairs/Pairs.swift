// Pairs: the cases that run sender and receiver together: the real commands between real brokers, or the simulator.
//
//   BrokersBench.swift — brokers: messages a second from broker to broker
//   LatencyBench.swift — latency: from publish to arrival
//   DurabilityBench.swift — durability: what disks cost
//   EnduranceBench.swift — endurance: whether memory stays where it is
//   SnapshotBench.swift — snapshot: what the whole state costs the sender
//   RecoveryBench.swift — recovery: what arrives after outages, by what heals
//   RebirthBench.swift — rebirth: how long a Sparkplug host waits for births
//   EdgeNodesBench.swift — edgenodes: a whole plant of Sparkplug
//   ColdStartBench.swift — coldstart: until the IT side has the whole namespace
//   MessageWay.swift — real brokers, and the pair or a bridge between them
