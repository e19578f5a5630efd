// SenderOT: from the OT broker to the diode. Nothing here ever reads from the link.
//
//               ┌──────────────── Core: no I/O, no clock ────────────────┐
//   OT broker   │  Admitting ─▶ Namespace ─▶ Blocks                      │
//       │       │                   └─▶ Telling: slices, beats           │
//       ▼       └──────▲──────────────────────────────────┬──────────────┘
//   Subscribing ─── Intake                                ▼ ClosedBlock
//       ▲                                              Journal ─▶ send.db
//       └───────── acknowledge ◀─ what is synced ◀────────┤
//                                                         ▼
//   diode ◀───────────────────────────────────────── Emission
//
// Core, Journal and Emission are targets of their own; what stands beside them are the threads that wire them.
//
//   Subscribing/ — the connection to the OT broker: takes in what is exported, acknowledges what is safe
//   Core/ — what is decided: which messages cross, under which numbers, in which blocks, and what of the state is told when
//   Journal/ — what is on disk before it is on the wire, and how it comes back
//   Emission/ — the only code that writes to the link
//   Daemon/ — the configuration, and the threads from start to drain
