// Republish: from the outbox to the IT broker, and back with the news of what became of it. One publisher for each link,
// with a connection and a will of its own.
//
//                              ┌──▶ EdgeNodeConnections ═══ one for each edge node ═══▶ IT broker
//   Outbox ─take─▶ ConsumerGuard ┴─▶ Addressing ──▶ PublisherLoop ═══▶ IT broker
//      ▲                                                     ║
//      └───────────── settle ◀── Settler ◀═══ acknowledgements╝
//
//   Mapping/ — under which topic and with which properties a delivery is published, or why it is not
//   EdgeNodes/ — Sparkplug edge nodes: a connection for each
//   Publishing/ — the thread: window, connection, what the IT broker answered
