// MQTT: our own client for MQTT 5 and 3.1.1, so that deliveries can be acknowledged after a commit, and thousands of
// packets cost one read and one write. Codec and session do no I/O and know no clock.
//
//   server ══TCP/TLS══▶ read gulp ─▶ PacketHeader ─▶ Session ─▶ InboundBatch ─▶ Observer
//   server ◀══TCP/TLS══ one write ◀────────────────  Session ◀─ publish, acknowledge, subscribe (any thread)
//
//   Values/ — what a user of the client tells it and is told
//   Fields/ — the parts of packets: read with every length checked, and written
//   Packets/ — every kind of packet, decoded and encoded
//   StateMachine/ — the session: what client and server still owe each other
//   Transport/ — bytes over TCP or TLS
//   Client/ — the connection that users hold, and the one thread behind it
//   RetainedSet/ — fetches all retained messages under some filters, slice by slice
//   TopicPacer.swift — keeps the messages of a topic apart: the last value waits
