// Republish: from the outbox to the IT broker, and back with the news of what became of it. One publisher for each link,
// with a connection and a will of its own.
//
//                              ┌──▶ EdgeNodeConnections ═══ one for each edge node ═══▶ IT broker
//   Outbox ─take─▶ ConsumerGuard ┴─▶ Addressing ──▶ PublisherLoop ═══▶ IT broker
//      ▲                                                     ║
//      └───────────── settle ◀── Settler ◀═══ acknowledgements╝
//
//   1. LatePolicy.swift — what becomes of records that come late and are superseded
//   2. TopicMap.swift — other names for topics of the link
//   3. TopicMapper.swift — the link's topics on the IT broker, and those that may never be written
//   4. EdgeNodeConnections.swift — Sparkplug edge nodes: a connection for each, and what the proxy decides
//   5. PropertyComposer.swift — the properties of a publish: the plant's, then ours
//   6. Addressing.swift — under which topic, with which properties, or what else becomes of a delivery
//   7. ConsumerGuard.swift — keeps live values of a topic apart for slow consumers
//   8. UnreleasedTopics.swift — keeps a topic in order where its QoS changes
//   9. Settler.swift — turns the IT broker's answers into settlements of the outbox
//  10. LinkStatusPublisher.swift — what stands at diode/<link>/status and diode/<link>/gap
//  11. MessageOrigin.swift — what a message on the IT broker says of where it came from
//  12. RetainedReader.swift — reads back what the IT broker retains
//  13. RetainedSweep.swift — deletes what a link that is gone left
//  14. PublisherMailbox.swift — what other threads tell the publisher
//  15. PublisherSettings.swift — what a publisher is told once, and what it tells
//  16. PublisherLoop.swift — the thread: window, connection, loss of the connection
//  17. RefusalSearch.swift — at which delivery a broker ends the connection
//  18. Publisher.swift — publishes one link on the IT broker
