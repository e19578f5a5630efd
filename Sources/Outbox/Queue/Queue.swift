// Queue: one stream of units, an output's window on it, and what became of each delivery.
//
//   OutboxTotals.swift — how many deliveries of an output ended in which way
//   LossList.swift — losses that the database does not name yet
//   OutputName.swift — names an output, and what it lost
//   OutputNotes.swift — what an output keeps over a restart
//   QueuedDelivery.swift — a delivery and its position, the answer to it, how full the queue is
//   PlacedUnit.swift — a unit and the positions of its deliveries
//   UnitStream.swift — the units that all outputs share: stored, waiting for a transaction, or in memory alone
//   OutputWindow.swift — an output's place in the stream: what it has settled, taken and in memory
//   DeliveryQueueState.swift — stream and windows under one lock; what a transaction takes of them, and what its end changes
//   DeliveryQueue.swift — the queue as the store thread uses it
//   OutboxOutput.swift — one output as the thread that publishes uses it
