// Deliveries: what the receiver's core hands over. Values alone, so that the core does not reach the database.
//
//   Delivery.swift — one record on its way to the IT broker
//   DeliveryUnit.swift — the records of one content, which they share
