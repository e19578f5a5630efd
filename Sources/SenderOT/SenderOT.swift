// SenderOT: from the OT broker to the diode. Nothing here ever reads from the link.
//
//               ┌────────────────── SenderCore: no I/O, no clock ──────────────────┐
//   OT broker   │  ExportPolicy ─▶ Stamper, NamespaceSlots ─▶ BlockBatcher         │
//       │       │                         └─▶ StateTeller ─▶  BeatScheduler        │
//       ▼       └──────▲──────────────────────────────────────────┬────────────────┘
//   Subscriber ─────▶ Intake ◀─ slices, beats ─▶ queue            ▼ ClosedBlock
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
//   7. SlotValue.swift — one slot, and what is put into it
//   8. TopicIndex.swift — finds a topic by its bytes
//   9. TopicOrder.swift — topics in the order of the carousel
//  10. SlotDigest.swift — the sum that a checkpoint says of all slots
//  11. BlockBatcher.swift — gathers records into blocks and closes them in time
//  12. BeatScheduler.swift — a heartbeat block each period
//  13. Carousel.swift — when the next slice of the state is due
//  14. CheckpointScheduler.swift — when the next checkpoint is due
//  15. SliceCutter.swift — cuts slices that fit a block
//  16. StateTeller.swift — 13 to 15 together: tells the state, when it is due
//  17. SenderCore.swift — 4 to 16 together
//  18. Publication.swift — one message from the OT broker, and what became of it
//  19. SliceGate.swift — holds slices until the records that they include have left
//  20. Journal.swift — makes blocks safe, hands them on, says what may be acknowledged
//  21. JournalWriter.swift — its thread: commits, and what happens when the disk refuses
//  22. JournalFeed.swift — hands blocks to the emitter, from memory or back from disk
//  23. JournalSync.swift — syncs what was committed, then acknowledges
//  24. TransmissionQueue.swift — what waits for the emitter, bounded
//  25. TransmissionEncoder.swift — leaves, tree, one signature, N frames
//  26. Pacer.swift — decides which class sends next and how many frames
//  27. FrameEmitter.swift — the thread that encodes, paces and emits
//  28. EmissionLoop.swift — its state and its loop
//  29. LinkPaths.swift — where frames leave: one path or several
//  30. EchoSchedule.swift — decides which blocks are to be repeated now
//  31. EchoPlayer.swift — its thread: repeats blocks out of the journal
// On disk:
//  32. SenderDatabase.swift — the tables of send.db
//  33. JournalStore.swift — writes blocks and marks, and removes the oldest
//  34. SlotTable.swift — writes the last known values
//  35. SlotChanges.swift — which of them are to be written, and how they come back
//  36. JournalReader.swift — reads blocks back
//  37. EchoSource.swift — what is repeated: blocks read back, and what operators asked for
// At the start:
//  38. SenderStart.swift — opens the database and begins
//  39. EpochReservation.swift — begins an epoch above all before, on disk before it is used
//  40. JournalRestoration.swift — what earlier lifetimes left
//  41. JournalReplay.swift — brings the last known values back, and the deliveries in doubt
//  42. EchoRestoration.swift — the echo schedule goes on where it was
// Values between them:
//  43. ClosedBlock.swift — a source block that will not change any more
//  44. PacketList.swift — under which packet identifiers its records came
//  45. BlockGeometry.swift — cuts a packed block so that its frames fit the path
//  46. EthernetFraming.swift — what a datagram costs on the wire
//  47. FrameArena.swift — the frames of one transmission, in reused memory
//  48. Transmission.swift — one sending of a block, asked for
//  49. TransmissionClass.swift — what a transmission is for, in order of preference
//  50. FIFO.swift — a queue over an array
//  51. LatencyHistogram.swift — how long something took, counted
// The daemon:
//  52. SenderConfiguration.swift — everything that send.json5 says
//  53. SenderSettings.swift — the same in the terms of the stages
//  54. SenderService.swift — the threads, from start to drain
//  55. SenderServiceError.swift — what keeps it from starting
//  56. SenderStatus.swift — what it knows of itself
//  57. Condition.swift — how one part of the whole is
//  58. ClockWatch.swift — notices that the clock was set
