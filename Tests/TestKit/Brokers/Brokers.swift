// Brokers: real ones, started for one test.
//
//   MQTTServer.swift — what the pair and the scripts know of a broker, whoever made it
//   Broker.swift — a real mosquitto that can be killed, paused and started again
//   BrokerClients.swift — mosquitto_pub and mosquitto_sub on such a broker
//   NATSServer.swift — a NATS server with JetStream, alone or one of three
//   MisbehavingBroker.swift — a broker of our own that misbehaves on request
//   RabbitMQServer.swift — a RabbitMQ with its MQTT plugin
