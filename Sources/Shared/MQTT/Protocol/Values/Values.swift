// Values: what a user of the client tells it, and what the client tells its user.
//
//   ProtocolVersion.swift — the versions, and QoS
//   ReasonCode.swift — what servers answer
//   ConnectionSettings.swift — everything a connection is told once
//   TLSSettings.swift — who the server must be, and who we are
//   Will.swift — what the server publishes when we vanish
//   ServerGrant.swift — what a server granted
//   Subscription.swift — filters with options, and what became of them
//   SubscribeSize.swift — how many filters one SUBSCRIBE may carry
//   Settlement.swift — what became of a publish
//   DeliveryID.swift — names an inbound message until it is acknowledged
//   ProtocolFault.swift — how servers break MQTT, and how often
//   InboundBatch.swift — messages and answers of one read, as views
//   TopicFilter.swift — matching, covering, overlapping
