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
//   2. DeletionReconciler.swift — what the broker retains no more becomes deletions, or is held
//   3. Intake.swift — where the threads meet that feed the core
//   4. ExportPolicy.swift — decides which topics may cross, before a sequence is taken
//   5. Stamper.swift — numbers the records of an epoch
//   6. NamespaceSlots.swift — the last known values of every topic, and its version
//   7. BlockBatcher.swift — gathers records into blocks and closes them in time
//   8. BeatScheduler.swift — a heartbeat block each period
//   9. SenderCore.swift — 4 to 8 together
//  10. Journal.swift — makes blocks safe, hands them on, says what may be acknowledged
//  11. JournalWriter.swift — its thread: commits, and what happens when the disk refuses
//  12. JournalFeed.swift — hands blocks to the emitter, from memory or back from disk
//  13. JournalSync.swift — syncs what was committed, then acknowledges
//  14. TransmissionQueue.swift — what waits for the emitter, bounded
//  15. TransmissionEncoder.swift — leaves, tree, one signature, N frames
//  16. Pacer.swift — decides which class sends next and how many frames
//  17. FrameEmitter.swift — the thread that encodes, paces and emits
//  18. EmissionLoop.swift — its state and its loop
//  19. LinkPaths.swift — where frames leave: one path or several
//  20. EchoSchedule.swift — decides which blocks are to be repeated now
//  21. EchoPlayer.swift — its thread: repeats blocks out of the journal
// On disk:
//  22. SenderDatabase.swift — the tables of send.db
//  23. JournalStore.swift — writes blocks and marks, and removes the oldest
//  24. SlotTable.swift — writes the last known values
//  25. JournalReader.swift — reads blocks back
//  26. EchoSource.swift — what is repeated: blocks read back, and what operators asked for
// At the start:
//  27. SenderStart.swift — opens the database and begins
//  28. EpochReservation.swift — begins an epoch above all before, on disk before it is used
//  29. JournalRestoration.swift — what earlier lifetimes left
//  30. JournalReplay.swift — brings the last known values back, and the deliveries in doubt
//  31. EchoRestoration.swift — the echo schedule goes on where it was
// Values between them:
//  32. ClosedBlock.swift — a source block that will not change any more
//  33. PacketList.swift — under which packet identifiers its records came
//  34. BlockGeometry.swift — cuts a packed block so that its frames fit the path
//  35. EthernetFraming.swift — what a datagram costs on the wire
//  36. FrameArena.swift — the frames of one transmission, in reused memory
//  37. Transmission.swift — one sending of a block, asked for
//  38. TransmissionClass.swift — what a transmission is for, in order of preference
//  39. FIFO.swift — a queue over an array
//  40. LatencyHistogram.swift — how long something took, counted
// The daemon:
//  41. SenderConfiguration.swift — everything that send.json5 says
//  42. SenderSettings.swift — the same in the terms of the stages
//  43. SenderService.swift — the threads, from start to drain
//  44. SenderServiceError.swift — what keeps it from starting
//  45. SenderStatus.swift — what it knows of itself
//  46. Condition.swift — how one part of the whole is
//  47. ClockWatch.swift — notices that the clock was set
