// Outbox: what the receiver has released and an output has not acknowledged yet. One queue for each link; on disk in
// the receiver's database, with a window of it in memory for each output.
//
//   store thread, in its transaction                                     the thread of an output, one each
//   stage units ─▶ OutboxWriter: rows, marks, losses ─▶ committed ─┬▶ waiting ─▶ take ─▶ taken ─▶ settle ─▶ gone, counted
//                      │                               failed ─▶ (memory)  ▲       │
//                      ▼ at the limit                              │       └─rewind┘  its connection was lost
//                  last value of each topic; the rest is shed,     │
//                  named by every output that waited for it        └▶ another output: the same at its own pace (ADR 0021)
//
//                  OutboxReader: what memory does not hold. A row goes once every output is past it.
//
//   Deliveries/ — records on their way to an output, as values
//   Queue/ — the queue between the receiver and the outputs, in memory
//   Disk/ — the same queue as rows of the database
