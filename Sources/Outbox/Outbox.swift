// Outbox: what the receiver has released and the IT broker has not acknowledged yet. One queue for each link; on disk in
// the receiver's database, with a window of it in memory.
//
//   store thread, in its transaction                                            publisher's thread
//   stage units ─▶ OutboxWriter: rows, marks, losses ─▶ committed ─▶ waiting ─▶ take ─▶ taken ─▶ settle ─▶ gone, counted
//                      │                                  failed ─▶ (memory)     ▲       │
//                      ▼ at the limit                                │           └─rewind┘  the IT broker was lost
//                  last value of each topic; the rest is shed, named └─ OutboxReader: what memory does not hold
//
//   Deliveries/ — records on their way to the IT broker, as values
//   Queue/ — the queue between the receiver and the publisher
//   Disk/ — the same in the database
//   ReadBack.swift — what the IT broker retains, on its way back to the receiver
