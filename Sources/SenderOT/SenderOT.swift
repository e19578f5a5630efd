// SenderOT: from the OT broker to the diode. Nothing here ever reads from the link.
//
//               ┌────────────────── SenderCore: no I/O, no clock ──────────────────┐
//   OT broker   │  ExportPolicy ─▶ Stamper, NamespaceSlots ─▶ BlockBatcher         │
//       │       │                                             BeatScheduler        │
//       ▼       └──────▲──────────────────────────────────────────┬────────────────┘
//   Subscriber ─────▶ Intake                                      ▼ ClosedBlock
//       ▲                                                      Journal ─▶ JournalWriter ─▶ send.db
//       └────────────── acknowledge ◀─ JournalSync ◀──────────────────────────┤
//                                                                             ▼
//   diode ◀─ LinkPaths ◀─ Pacer ◀─ TransmissionEncoder ◀─ FrameEmitter ◀─ JournalFeed
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
//   9. Journal.swift — makes blocks safe, hands them on, says what may be acknowledged
//  10. JournalWriter.swift — its thread: commits, and what happens when the disk refuses
//  11. JournalFeed.swift — hands blocks to the emitter, from memory or back from disk
//  12. JournalSync.swift — syncs what was committed, then acknowledges
//  13. TransmissionQueue.swift — what waits for the emitter, bounded
//  14. TransmissionEncoder.swift — leaves, tree, one signature, N frames
//  15. Pacer.swift — decides which class sends next and how many frames
//  16. FrameEmitter.swift — the thread that encodes, paces and emits
//  17. EmissionLoop.swift — its state and its loop
//  18. LinkPaths.swift — where frames leave: one path or several
//  19. EchoSchedule.swift — decides which blocks are to be repeated now
//  20. EchoPlayer.swift — its thread: repeats blocks out of the journal
// On disk:
//  21. SenderDatabase.swift — the tables of send.db
//  22. JournalStore.swift — writes blocks and marks, and removes the oldest
//  23. SlotTable.swift — writes the last known values
//  24. JournalReader.swift — reads blocks back
//  25. EchoSource.swift — what is repeated: blocks read back, and what operators asked for
// At the start:
//  26. SenderStart.swift — opens the database and begins
//  27. EpochReservation.swift — begins an epoch above all before, on disk before it is used
//  28. JournalRestoration.swift — what earlier lifetimes left
//  29. JournalReplay.swift — brings the last known values back, and the deliveries in doubt
//  30. EchoRestoration.swift — the echo schedule goes on where it was
// Values between them:
//  31. ClosedBlock.swift — a source block that will not change any more
//  32. PacketList.swift — under which packet identifiers its records came
//  33. BlockGeometry.swift — cuts a packed block so that its frames fit the path
//  34. EthernetFraming.swift — what a datagram costs on the wire
//  35. FrameArena.swift — the frames of one transmission, in reused memory
//  36. Transmission.swift — one sending of a block, asked for
//  37. TransmissionClass.swift — what a transmission is for, in order of preference
//  38. FIFO.swift — a queue over an array
//  39. LatencyHistogram.swift — how long something took, counted
// The daemon:
//  40. SenderConfiguration.swift — everything that send.json5 says
//  41. SenderSettings.swift — the same in the terms of the stages
//  42. SenderService.swift — the threads, from start to drain
//  43. SenderServiceError.swift — what keeps it from starting
//  44. SenderStatus.swift — what it knows of itself
//  45. Condition.swift — how one part of the whole is
