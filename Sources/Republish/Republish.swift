// Republish: from the outbox to the IT broker, and back with the news of what became of it. One publisher for each link,
// with a connection and a will of its own.
//
//                              ┌──▶ EdgeNodeConnections ═══ one for each edge node ═══▶ IT broker
//   Outbox ─take─▶ ConsumerGuard ┴─▶ Addressing ──▶ PublisherLoop ═══▶ IT broker
//      ▲                                                     ║
//      └───────────── settle ◀── Settler ◀═══ acknowledgements╝
//
//   LatePolicy.swift — what becomes of records that come late and are superseded
//   TopicMap.swift — other names for topics of the link
//   TopicMapper.swift — the link's topics on the IT broker, and those that may never be written
//   EdgeNodeConnections.swift — Sparkplug edge nodes: a connection for each, and what the proxy decides
//   PropertyComposer.swift — the properties of a publish: the plant's, then ours
//   Addressing.swift — under which topic, with which properties, or what else becomes of a delivery
//   ConsumerGuard.swift — keeps live values of a topic apart for slow consumers
//   UnreleasedTopics.swift — keeps a topic in order where its QoS changes
//   Settler.swift — turns the IT broker's answers into settlements of the outbox
//   LinkStatusPublisher.swift — what stands at diode/<link>/status and diode/<link>/gap
//   MessageOrigin.swift — what a message on the IT broker says of where it came from
//   RetainedReader.swift — reads back what the IT broker retains
//   RetainedSweep.swift — deletes what a link that is gone left
//   PublisherMailbox.swift — what other threads tell the publisher
//   PublisherSettings.swift — what a publisher is told once, and what it tells
//   PublisherLoop.swift — the thread: window, connection, loss of the connection
//   RefusalSearch.swift — at which delivery a broker ends the connection
//   Publisher.swift — publishes one link on the IT broker
