// Queue: positions, the window in memory, and what became of each delivery.
//
//   Disposition.swift — what finally became of a delivery
//   OutboxTotals.swift — how many deliveries went which way
//   OutboxLoss.swift — deliveries that were not published, with enough to name them
//   RingBuffer.swift — a queue that keeps its memory
//   PlacedUnit.swift — a unit and the positions of its deliveries
//   DeliveryQueueState.swift — the queue: positions, window, totals
//   DeliveryQueueStorage.swift — the queue's half that follows the transactions
//   DeliveryQueue.swift — the queue between the receiver and the publisher
