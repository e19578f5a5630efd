// Fixtures: a plant that is broken on purpose, and what became of every number.
//
//   Load ─▶ OT broker ─▶ tap ─▶ diode-send ─▶ relay ─▶ diode-recv ─▶ tap ─▶ IT broker
//              ▲                    ▲           ▲          ▲                    ▲
//              └────────────────────┴──── Storm ┴──────────┴────────────────────┘
//
//   StormPlant.swift — all of the above, with a disk of its own under each program
//   StormEvent.swift — what can happen to it
//   Storm.swift — lets so many random events happen
//   StampIndex.swift — which stamps each number got, by the sender's journal
//   AuditReport.swift — what the receiver's audit says
//   Verdict.swift — what became of every number
//   NumberedWriter.swift — a small program on a faulty disk, and how far it said that it came
