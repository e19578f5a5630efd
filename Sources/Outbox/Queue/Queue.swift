// Queue: positions, the window in memory, and what became of each delivery.
//
//   OutboxTotals.swift — how many deliveries went which way
//   LossList.swift — losses that the database does not name yet
//   RingBuffer.swift — a queue that keeps its memory
//   PlacedUnit.swift — a unit and the positions of its deliveries
//   DeliveryQueueState.swift — the queue: positions, window, totals
//   DeliveryQueueStorage.swift — the queue's half that follows the transactions
//   DeliveryQueue.swift — the queue between the receiver and the publisher
