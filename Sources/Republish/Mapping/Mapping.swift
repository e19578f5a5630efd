// Mapping: from the plant's names to those of the IT broker.
//
//   TopicMap.swift — other names for topics of the link
//   TopicMapper.swift — the link's topics on the IT broker, and those that may never be written
//   PropertyComposer.swift — the properties of a publish: the plant's, then ours
//   EndingValues.swift — whether the IT broker ends a retained value by itself
//   Addressing.swift — under which topic, with which properties, or what else becomes of a delivery
//   ConsumerGuard.swift — keeps live values of a topic apart for slow consumers
