// Outbox: what the receiver has released and the IT broker has not acknowledged yet. One queue for each link; on disk in
// the receiver's database, with a window of it in memory.
//
//   store thread, in its transaction                                            publisher's thread
//   stage units ─▶ OutboxWriter: rows, marks, losses ─▶ committed ─▶ waiting ─▶ take ─▶ taken ─▶ settle ─▶ gone, counted
//                      │                                  failed ─▶ (memory)     ▲       │
//                      ▼ at the limit                                │           └─rewind┘  the IT broker was lost
//                  last value of each topic; the rest is shed, named └─ OutboxReader: what memory does not hold
//
//   Delivery.swift — one record on its way to the IT broker
//   DeliveryUnit.swift — the records of one content, which they share
//   Disposition.swift — what finally became of a delivery
//   OutboxTotals.swift — how many deliveries went which way
//   OutboxLoss.swift — deliveries that were not published, with enough to name them
//   ReadBack.swift — what the IT broker retains, on its way back to the receiver
//   RingBuffer.swift — a queue that keeps its memory
//   OutboxSchema.swift — the tables in the receiver's database
//   UnitRow.swift — a unit as a row, and back
//   OutboxStep.swift — what one transaction is to store of a queue
//   DeliveryQueueState.swift — the queue: positions, window, totals
//   DeliveryQueueStorage.swift — the queue's half that follows the transactions
//   DeliveryQueue.swift — the queue between the receiver and the publisher
//   OutboxReader.swift — reads what memory does not hold, on the publisher's thread
//   LastKnownTable.swift — the newest value of each topic, once the limit is reached
//   OutboxWriter.swift — stores the queues of all links, on the store thread
//   UnitReplay.swift — the units behind a position, for the replica at start
