// SenderOT: from the OT broker to the diode. Nothing here ever reads from the link.
//
//               ┌────────────────── SenderCore: no I/O, no clock ──────────────────┐
//   OT broker   │  ExportPolicy ─▶ Stamper, NamespaceSlots ─▶ BlockBatcher         │
//       │       │                                             BeatScheduler        │
//       ▼       └──────▲──────────────────────────────────────────┬────────────────┘
//   Subscriber ─────▶ Intake                                      ▼ ClosedBlock
//       ▲                                                      Journal ─▶ TransmissionQueue
//       └──────────────────── acknowledge ────────────────────────┘              │
//                                                                                ▼
//   diode ◀── LinkPaths ◀── Pacer ◀── TransmissionEncoder ◀─────────────── FrameEmitter
//
// Stages:
//   1. Subscriber.swift — the connection to the OT broker: what is exported in, what is safe acknowledged
//   2. Intake.swift — where the threads meet that feed the core
//   3. ExportPolicy.swift — decides which topics may cross, before a sequence is taken
//   4. Stamper.swift — numbers the records of an epoch
//   5. NamespaceSlots.swift — the last known values of every topic, and its version
//   6. BlockBatcher.swift — gathers records into blocks and closes them in time
//   7. BeatScheduler.swift — a heartbeat block each period
//   8. SenderCore.swift — 3 to 7 together
//   9. EpochReservation.swift — begins an epoch above all before, on disk before it is used
//  10. Journal.swift — makes blocks safe, hands them on, says what may be acknowledged
//  11. TransmissionQueue.swift — what waits for the emitter, bounded
//  12. TransmissionEncoder.swift — leaves, tree, one signature, N frames
//  13. Pacer.swift — decides which class sends next and how many frames
//  14. FrameEmitter.swift — the thread that encodes, paces and emits
//  15. EmissionLoop.swift — its state and its loop
//  16. LinkPaths.swift — where frames leave: one path or several
// Values between them:
//  17. ClosedBlock.swift — a source block that will not change any more
//  18. BlockGeometry.swift — cuts a packed block so that its frames fit the path
//  19. EthernetFraming.swift — what a datagram costs on the wire
//  20. FrameArena.swift — the frames of one transmission, in reused memory
//  21. Transmission.swift — one sending of a block, asked for
//  22. TransmissionClass.swift — what a transmission is for, in order of preference
//  23. FIFO.swift — a queue over an array
// The daemon:
//  24. SenderConfiguration.swift — everything that send.json5 says
//  25. SenderSettings.swift — the same in the terms of the stages
//  26. SenderService.swift — the threads, from start to drain
//  27. SenderServiceError.swift — what keeps it from starting
//  28. SenderStatus.swift — what it knows of itself
//  29. Condition.swift — how one part of the whole is
