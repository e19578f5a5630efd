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
//   4. TLSSettings.swift — who the server must be, and who we are
//   5. Will.swift — what the server publishes when we vanish
//   6. ServerGrant.swift — what a server granted
//   7. Subscription.swift — filters with options, and what became of them
//   8. Settlement.swift — what became of a publish
//   9. DeliveryID.swift — names an inbound message until it is acknowledged
//  10. InboundBatch.swift — messages and answers of one read, as views
//  11. TopicFilter.swift — matching, covering, overlapping
// Codec:
//  12. CodecError.swift — why bytes are not a packet
//  13. ByteReader.swift — takes fields off a span
//  14. ByteWriter.swift — appends fields to bytes
//  15. UTF8Rules.swift — strings and topic names
//  16. PropertyID.swift — the properties of MQTT 5
//  17. PropertyReader.swift — reads and validates property lists
//  18. PropertyWriter.swift — builds property lists
//  19. PacketHeader.swift — the fixed header
//  20. ConnectPacket.swift — CONNECT
//  21. ConnackPacket.swift — CONNACK
//  22. PublishView.swift — PUBLISH as views
//  23. AcknowledgementPacket.swift — PUBACK, PUBREC, PUBREL, PUBCOMP
//  24. SubscribePacket.swift — SUBSCRIBE, UNSUBSCRIBE
//  25. SubackPacket.swift — SUBACK, UNSUBACK
//  26. DisconnectPacket.swift — DISCONNECT, AUTH
//  27. IncomingPacket.swift — any packet that a server may send
// Session:
//  28. SessionError.swift — why a session cannot go on
//  29. SessionEvents.swift — what a session has to tell
//  30. OutputBuffer.swift — packets that wait to be written
//  31. Ring.swift — a queue whose memory is reused
//  32. PacketIdentifierSet.swift — a bit for each packet identifier
//  33. InboundDeliveries.swift — from delivery to acknowledgement
//  34. UnreleasedMessages.swift — QoS 2 messages whose release has not come
//  35. TopicAliases.swift — the server's short names for topics
//  36. OutboundWindow.swift — requests that the server has not answered
//  37. UnconfirmedSends.swift — QoS 0 publishes that may still be lost
//  38. Keepalive.swift — when to ping
//  39. Session.swift — the state machine: connection, packets from the server
//  40. SessionRequests.swift — the state machine: requests and their answers
// Connection:
//  41. ConnectionError.swift — why there is no connection
//  42. AddressResolver.swift — a host's addresses
//  43. TCPSocket.swift — bytes over TCP
//  44. TLSContext.swift — keys and rules for TLS
//  45. TLSStream.swift — bytes over TLS
//  46. ByteStream.swift — either of them
//  47. ReceiveBuffer.swift — bytes that are not a whole packet yet
//  48. Backoff.swift — the pause before dialling again
//  49. PublishQueue.swift — publishes that wait for the window
//  50. Mailbox.swift — what users want of the connection's thread
//  51. Dialer.swift — opens the way to the server
//  52. ConnectionLoop.swift — what the connection's thread does
//  53. ConnectionState.swift — what a connection tells of itself
//  54. Connection.swift — the one type that users hold
// Retained set:
//  55. RetainedSetReport.swift — bounds of a fetch, and what it found
//  56. SlicePattern.swift — a filter that can be divided
//  57. RetainedSliceWalk.swift — which filters to subscribe to next
//  58. RetainedSetFetcher.swift — every retained message, slice by slice
// Topics:
//  59. TopicPacer.swift — keeps the messages of a topic apart: the last value waits
