// StateMachine: what a client and its server still owe each other, as a state machine. No I/O, no clock.
//
//   SessionError.swift — why a session cannot go on
//   SessionEvents.swift — what a session has to tell
//   OutputBuffer.swift — packets that wait to be written
//   InboundDeliveries.swift — messages from the server, from their delivery to their acknowledgement
//   UnreleasedMessages.swift — QoS 2 messages whose release has not come
//   TopicAliases.swift — the server's short names for topics
//   OversizePublish.swift — a message that is too large to be kept, while it streams past
//   InboundMessages.swift — messages from the server: all that becomes of one packet
//   HeldPublishes.swift — QoS 2 publishes whose identifier and release are the user's
//   OutboundWindow.swift — requests that the server has not answered
//   UnconfirmedSends.swift — QoS 0 publishes that may still be lost
//   Keepalive.swift — when to ping
//   Session.swift — the state machine: connection, time, packets from the server
//   SessionRequests.swift — the state machine: requests and their answers
