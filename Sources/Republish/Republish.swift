// Republish: from the outbox to the IT broker, and the broker's answers back to the outbox. One publisher for each link,
// with a connection and a will of its own.
//
//                  ┌ WindowPublisher ────────────┐   ┌─▶ EdgeNodeConnections ═══ one for each edge node ═══▶ IT broker
//   Outbox ─take─▶ │ ConsumerGuard ─▶ Addressing │ ──┴─▶ PublisherLoop ═══ its own ═══▶ IT broker
//      ▲           └─────────────────────────────┘                                          ║
//      └───────────── settle ◀── Settler ◀══════════════════════════ acknowledgements ══════╝
//
//   Mapping/ — under which topic and with which properties a delivery is published, or why it is not
//   EdgeNodes/ — Sparkplug edge nodes: a connection for each
//   ExactlyOnce/ — QoS 2 over lost connections and restarts
//   Refusals/ — what a broker that does not take a record means by it
//   Publishing/ — the thread: window, connection, what the IT broker answered
