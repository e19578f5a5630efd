// Protocol: MQTT's packets and session. No I/O, no clock, no threads. A target of its own, so that whoever only matches topics or reads
// properties cannot reach a socket.
//
//   bytes ─▶ Fields ─▶ Packets ─▶ StateMachine ─▶ what to write, what happened
//
//   Values/ — what a user of the client tells it and is told
//   Fields/ — the parts of packets: read with every length checked, and written
//   Packets/ — every kind of packet, decoded and encoded
//   StateMachine/ — the session: what client and server still owe each other
//   TopicPacer.swift — keeps the messages of a topic apart: the last value waits
