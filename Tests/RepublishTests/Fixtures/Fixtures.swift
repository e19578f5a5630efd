// Fixtures: deliveries, and a queue of them.
//
//   TestDelivery.swift — a delivery as a test writes it, and what a property list says
//   UnstoredQueue.swift — a queue that has nothing but memory, because its transactions fail
