// Traffic: what the cases publish to a broker, how fast they do it, and the check that everything has arrived.
//
//   LoadRun.swift — one run of load over such a way
//   LoadMessage.swift — what the load is made of
//   LoadPublisher.swift — publishes it
//   LoadConsumer.swift — takes it and checks it
//   LoadTally.swift — what the two know of each other
//   TopicLoad.swift — many topics at a steady rate
//   BrokerStream.swift — a raw MQTT connection
