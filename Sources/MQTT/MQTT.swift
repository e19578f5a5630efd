// MQTT: our own client for MQTT 5 and 3.1.1, so that deliveries can be acknowledged after a commit, and thousands of
// packets cost one read and one write. Codec and session do no I/O and know no clock.
//
//   server ══TCP/TLS══▶ read gulp ─▶ PacketHeader ─▶ Session ─▶ InboundBatch ─▶ Observer
//   server ◀══TCP/TLS══ one write ◀────────────────  Session ◀─ publish, acknowledge, subscribe (any thread)
//
// Values:
//   1. ProtocolVersion.swift — the versions, and QoS
//   2. ReasonCode.swift — what servers answer
//   3. ConnectionSettings.swift — everything a connection is told once
//   4. ServerGrant.swift — what a server granted
//   5. Subscription.swift — filters with options, and what became of them
//   6. Settlement.swift — what became of a publish
//   7. DeliveryID.swift — names an inbound message until it is acknowledged
//   8. InboundBatch.swift — messages and answers of one read, as views
//   9. TopicFilter.swift — matching, covering, overlapping
// Codec:
//  10. CodecError.swift — why bytes are not a packet
//  11. ByteReader.swift — takes fields off a span
//  12. ByteWriter.swift — appends fields to bytes
//  13. UTF8Rules.swift — strings and topic names
//  14. PropertyID.swift — the properties of MQTT 5
//  15. PropertyReader.swift — reads and validates property lists
//  16. PropertyWriter.swift — builds property lists
//  17. PacketHeader.swift — the fixed header
// Connection:
//  18. ConnectionError.swift — why a connection ended
//  19. Connection.swift — the thread around a session and a stream
// Retained set:
//  20. RetainedSetFetcher.swift — every retained message, slice by slice
