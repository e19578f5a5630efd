// Sparkplug: what a Sparkplug B 3.0 message is, for both sides. No I/O, no clock.
//
//   1. SparkplugTopic.swift — takes a topic apart and says which messages stay on their side of a diode
//   2. EdgeNodeID.swift — an edge node, and the topics of its messages
//   3. RecordOrder.swift — the place of a record in the link's stream
//   4. Moment.swift — now, as the owner's clocks tell it
//   5. SparkplugLimits.swift — how much is kept
//   6. SparkplugFault.swift — what can be wrong with a message
//   7. SparkplugReport.swift — what a side knows of the plant, for status
//   8. StateFold.swift — the sender: births that would be true now
//   9. EdgeNodeProxy.swift — the receiver: edge nodes as hosts see them
//  10. ProxyReport.swift — what the proxy has done
//  11. ReportJSON.swift — both reports in a status
