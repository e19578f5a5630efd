// Outbox: what the receiver has released and the IT broker has not acknowledged yet. One queue for each link.
//
//   Committer ──append a batch──▶ waiting ──take a window──▶ taken ──settle──▶ gone, counted
//                                    ▲                         │
//                                    └──────── rewind ─────────┘   (the IT broker was lost: repeat in order)
//
//   1. Delivery.swift — one record on its way to the IT broker
//   2. Disposition.swift — what finally became of a delivery
//   3. RingBuffer.swift — a queue that keeps its memory
//   4. DeliveryQueue.swift — the bounded queue between the receiver and the publisher
