// Sparkplug: what a Sparkplug B 3.0 message is, for both sides of a diode. No I/O, no clock.
//
//   OT side   plant's message ─▶ StateFold ─▶ NodeFold ─▶ MetricTable ─▶ folded birth: a state record of the link
//                                    └──────▶ NCMD: who is incomplete is asked for a rebirth, in the plant
//   IT side   record, state   ─▶ EdgeNodeProxy ─▶ EdgeNodeSession ─▶ MetricTable
//             NCMD, STATE     ─▶      │                 └─▶ BirthComposer, DataRewriter ─▶ publish
//                                     └─▶ connect, disconnect, answer
//
// Words of Sparkplug:
//   1. SparkplugTopic.swift — takes a topic apart and says which messages stay on their side of a diode
//   2. EdgeNodeID.swift — an edge node, and the topics of its messages
//   3. RecordOrder.swift — the place of a record in the link's stream
//   4. Moment.swift — now, as the owner's clocks tell it
//   5. SparkplugLimits.swift — how much is kept
//   6. SparkplugFault.swift — what can be wrong with a message
//   7. FaultCounts.swift — how often it was
//   8. SparkplugReport.swift — what a side knows of the plant, for status
//   9. SessionNumber.swift — bdSeq, and which of two is earlier
// Payloads:
//  10. FieldReader.swift — the fields of a protobuf message, every length checked
//  11. FieldWriter.swift — writes such fields
//  12. PayloadSchema.swift — whether bytes are a payload, down to the last property
//  13. Payload.swift — a payload that was checked: its metrics, seq, timestamp
//  14. MetricView.swift — what a metric says of itself
//  15. MetricMerge.swift — a metric of a birth, set by one of data
//  16. TemplateMerge.swift — a template, set by some of its members
//  17. PropertyMerge.swift — a property set, set by some of its keys
//  18. MetricTable.swift — the metrics of a node or device: a birth, and what data has set since
// The sender's side:
//  19. NodeFold.swift — one edge node: tables, holes, what is not sure
//  20. RequestThrottle.swift — how often the plant is asked
//  21. StateFold.swift — all edge nodes: births that would be true now
// The receiver's side:
//  22. BirthComposer.swift — births and deaths as hosts must see them
//  23. DataRewriter.swift — data as hosts must see it
//  24. RebirthThrottle.swift — how often hosts are answered
//  25. HostState.swift — whether the primary host is online
//  26. WaitingRecords.swift — what waits for a birth
//  27. DeviceTrack.swift — a node's or device's table, its place in the stream, what the IT side has seen of it
//  28. ProxyEffects.swift — what a session wants done
//  29. EdgeNodeSession.swift — one edge node: what the plant says of it
//  30. SessionBirths.swift — one edge node: what hosts see of it
//  31. EdgeNodeProxy.swift — all edge nodes of a link, as hosts see them
//  32. ProxyReport.swift — what the proxy has done
//  33. ReportJSON.swift — both reports in a status
