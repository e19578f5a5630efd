// Blocks: records gathered into source blocks that fit the path.
//
//   Recorder.swift — gives a message that may cross its numbers, its slot and its place in a block
//   EscapedTopic.swift — what can be shown of bytes that were meant as a topic
//   ShedGatherer.swift — gathers shed records, so that one item numbers and names many of them
//   BlockBatcher.swift — gathers records into blocks and closes them in time
//   BlockCloser.swift — makes a closed block of a content: compressed, sealed, padded, salted
//   ClosedBlock.swift — a source block that will not change any more
//   PacketList.swift — the MQTT packet identifiers under which a block's records came
//   BlockGeometry.swift — cuts a packed block so that its frames fit the path
//   EthernetFraming.swift — what a datagram costs on the wire
