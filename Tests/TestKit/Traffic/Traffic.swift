// Traffic: messages in numbers, and who saw which of them.
//
//   Load ─▶ OT broker ─▶ MQTTTap ─▶ pair ─▶ MQTTTap ─▶ IT broker
//                          └──▶ TapAccount ◀──┘
//
//   NumberedMessage.swift — a message that is known again wherever it appears
//   Load.swift — numbered messages at a steady rate
//   TapAccount.swift — which numbers were handed over, and which acknowledged
//   TapConnection.swift — one connection through a tap
//   MQTTTap.swift — a tap on the wire between a broker and its client
//   RetainedNamespace.swift — many retained topics on a broker, and counting them
