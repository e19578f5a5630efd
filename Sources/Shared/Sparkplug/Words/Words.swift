// Words: the terms of Sparkplug as types: topics, edge nodes, sessions, faults, and the limits on what is kept.
//
//   SparkplugTopic.swift — takes a topic apart and says which messages stay on their side of a diode
//   OneSidedTopics.swift — what belongs to one side of a diode: the one list by which both sides refuse
//   EdgeNodeID.swift — an edge node, and the topics of its messages
//   RecordOrder.swift — the place of a record in the link's stream
//   Moment.swift — now, as the owner's clocks tell it
//   SparkplugLimits.swift — how much is kept
//   SparkplugFault.swift — what can be wrong with a message
//   FaultCounts.swift — how often each fault was seen
//   SparkplugReport.swift — what a side knows of the plant, for status
//   SessionNumber.swift — bdSeq, and which birth a death belongs to
