// Fixtures: deliveries, and a queue of them.
//
//   TestDelivery.swift — a delivery as a test writes it, and what a property list says
//   RefusingBroker.swift — a broker that refuses in its own way, a publisher before it, and a queue behind that
//   UnstoredQueue.swift — a queue that has nothing but memory, because its transactions fail
