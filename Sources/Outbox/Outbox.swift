// Outbox: what the receiver has released and the IT broker has not acknowledged yet. One queue for each link; on disk in
// the receiver's database, with a window of it in memory.
//
//   store thread, in its transaction                                            publisher's thread
//   stage units ─▶ OutboxWriter: rows, marks, losses ─▶ committed ─▶ waiting ─▶ take ─▶ taken ─▶ settle ─▶ gone, counted
//                      │                                  failed ─▶ (memory)     ▲       │
//                      ▼ at the limit                                │           └─rewind┘  the IT broker was lost
//                  last value of each topic; the rest is shed, named └─ OutboxReader: what memory does not hold
//
//   1. Delivery.swift — one record on its way to the IT broker
//   2. DeliveryUnit.swift — the records of one content, which they share
//   3. Disposition.swift — what finally became of a delivery
//   4. OutboxTotals.swift — how many deliveries went which way
//   5. OutboxLoss.swift — deliveries that were not published, with enough to name them
//   6. ReadBack.swift — what the IT broker retains, on its way back to the receiver
//   7. RingBuffer.swift — a queue that keeps its memory
//   8. OutboxSchema.swift — the tables in the receiver's database
//   9. UnitRow.swift — a unit as a row, and back
//  10. OutboxStep.swift — what one transaction is to store of a queue
//  11. DeliveryQueueState.swift — the queue: positions, window, totals
//  12. DeliveryQueueStorage.swift — the queue's half that follows the transactions
//  13. DeliveryQueue.swift — the queue between the receiver and the publisher
//  14. OutboxReader.swift — reads what memory does not hold, on the publisher's thread
//  15. LastKnownTable.swift — the newest value of each topic, once the limit is reached
//  16. OutboxWriter.swift — stores the queues of all links, on the store thread
//  17. UnitReplay.swift — the units behind a position, for the replica at start
