// Disk: the queue's rows in the receiver's database.
//
//   OutboxSchema.swift — the tables in the receiver's database
//   UnitRow.swift — a unit as a row, and back
//   OutboxStep.swift — what one transaction is to store of a queue, and what came of it
//   OutboxReader.swift — reads what memory does not hold, on an output's thread
//   LastKnownTable.swift — the newest value of each topic, once the limit is reached
//   OutboxWriter.swift — stores the queues of all links, on the store thread
//   SavedOutbox.swift — what an earlier process stored of a queue and of its outputs
//   UnitReplay.swift — the units behind a position, for the replica at start
