// Publishing: one thread for each link.
//
//   PublisherSettings.swift — what a publisher is told once, and what it tells
//   PublisherMailbox.swift — what other threads tell the publisher
//   UnreleasedTopics.swift — keeps a topic in order where its QoS changes
//   Settler.swift — turns the IT broker's answers into settlements of the outbox
//   BrokerWords.swift — what states and causes are called on the IT broker
//   LinkStatusPublisher.swift — what stands at diode/<link>/status and diode/<link>/gap
//   RefusalSearch.swift — at which delivery a broker ends the connection
//   WindowPublisher.swift — takes deliveries and hands each to what publishes it, a window at a time
//   PublisherLoop.swift — the thread: its connection, and the loss of it
//   Publisher.swift — publishes one link on the IT broker
//   RetainedSweep.swift — deletes what a link that is gone left
