// Fixtures: deliveries.
//
//   TestDelivery.swift — a delivery as a test writes it, and what a property list says
