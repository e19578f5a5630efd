// ExactlyOnce: QoS 2 at the IT broker, over lost connections and restarts of the receiver.
//
//   HandOvers.swift — between outbox and connection: what of a delivery may go, and what is in doubt
//   FlowTable.swift — which delivery has which packet identifier at the broker, and how far they are
//   FlowNotes.swift — the same as notes of the outbox
//   DoneMarks.swift — what the broker has taken for good, and the outbox still holds
