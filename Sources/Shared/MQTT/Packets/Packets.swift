// Packets: every kind of MQTT packet, decoded from bytes and encoded to them.
//
//   PacketHeader.swift — the fixed header
//   ConnectPacket.swift — CONNECT
//   ConnackPacket.swift — CONNACK
//   PublishView.swift — PUBLISH as views
//   AcknowledgementPacket.swift — PUBACK, PUBREC, PUBREL, PUBCOMP
//   SubscribePacket.swift — SUBSCRIBE, UNSUBSCRIBE
//   SubackPacket.swift — SUBACK, UNSUBACK
//   DisconnectPacket.swift — DISCONNECT, AUTH
//   IncomingPacket.swift — any packet that a server may send
