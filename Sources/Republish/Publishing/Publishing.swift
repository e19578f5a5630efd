// Publishing: the thread that publishes one link, and what it consists of.
//
//   PublisherSettings.swift — what a publisher is told once, and what it reports
//   PublisherMailbox.swift — what other threads tell the publisher
//   UnreleasedTopics.swift — keeps a topic in order where its QoS changes
//   Settler.swift — sorts the IT broker's answers by what they mean for the outbox
//   BrokerWords.swift — what states and causes are called on the IT broker
//   LinkStatusPublisher.swift — publishes diode/<link>/status and diode/<link>/gap
//   RetainedHead.swift — keeps diode/<link>/head, and compares what stands there first
//   OwnMessages.swift — what the publisher says for itself, and whether the IT broker takes it
//   HeldDeliveries.swift — what was taken from the outbox and is not handed on yet
//   DeliverySender.swift — hands one delivery to what publishes it
//   WindowPublisher.swift — takes deliveries and hands each to what publishes it, a window at a time
//   HelperWatch.swift — whether the IT broker takes our connections for one client
//   PublisherLoop.swift — the thread: connects, publishes, and begins again when the connection is lost
//   Publisher.swift — publishes one link on the IT broker
//   RetainedSweep.swift — deletes from the IT broker what a removed link left there
