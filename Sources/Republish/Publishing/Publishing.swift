// Publishing: one thread for each link.
//
//   PublisherSettings.swift — what a publisher is told once, and what it tells
//   PublisherMailbox.swift — what other threads tell the publisher
//   UnreleasedTopics.swift — keeps a topic in order where its QoS changes
//   Settler.swift — turns the IT broker's answers into settlements of the outbox
//   BrokerWords.swift — what states and causes are called on the IT broker
//   LinkStatusPublisher.swift — what stands at diode/<link>/status and diode/<link>/gap
//   RefusalSearch.swift — at which delivery a broker ends the connection
//   PublisherLoop.swift — the thread: window, connection, loss of the connection
//   Publisher.swift — publishes one link on the IT broker
