// Packets: every kind of MQTT packet, decoded from bytes and encoded to them.
//
//   PacketHeader.swift — the fixed header
//   ConnectPacket.swift — CONNECT
//   ConnackPacket.swift — CONNACK
//   PublishView.swift — PUBLISH as views
//   PropertyRepair.swift — what is sound of a list of properties that breaks MQTT
//   FaultyPublish.swift — what can be read of a PUBLISH that breaks MQTT
//   AcknowledgementPacket.swift — PUBACK, PUBREC, PUBREL, PUBCOMP
//   SubscribePacket.swift — SUBSCRIBE, UNSUBSCRIBE
//   SubackPacket.swift — SUBACK, UNSUBACK
//   DisconnectPacket.swift — DISCONNECT, AUTH
//   IncomingPacket.swift — any packet that a server may send
