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
//   3. BrokerWatch.swift — what the OT broker loses by itself
//   4. BrokerDrops.swift — its own count, followed over restarts
//   5. Intake.swift — where the threads meet that feed the core
//   6. ExportPolicy.swift — decides which topics may cross, before a sequence is taken
//   7. Stamper.swift — numbers the records of an epoch
//   8. NamespaceSlots.swift — the last known values of every topic, and its version
//   9. SlotValue.swift — one slot, and what is put into it
//  10. TopicIndex.swift — finds a topic by its bytes
//  11. SlotDigest.swift — the sum that a checkpoint says of all slots
//  12. BlockBatcher.swift — gathers records into blocks and closes them in time
//  13. BeatScheduler.swift — a heartbeat block each period
//  14. EdgeNodeStates.swift — what edge nodes would say if they were born now
//  15. Carousel.swift — when the next slice of the state is due
//  16. CheckpointScheduler.swift — when the next checkpoint is due
//  17. SliceCutter.swift — cuts slices that fit a block
//  18. StateTeller.swift — 15 to 17 together: tells the state, when it is due
//  19. Admission.swift — from one message to a numbered record
//  20. SenderCore.swift — 6 to 19 together
//  21. Publication.swift — one message from the OT broker, and what became of it
//  22. SliceGate.swift — holds slices until the records that they include have left
//  23. Journal.swift — makes blocks safe, hands them on, says what may be acknowledged
//  24. JournalWriter.swift — its thread: commits, and what happens when the disk refuses
//  25. JournalFeed.swift — hands blocks to the emitter, from memory or back from disk
//  26. JournalSync.swift — syncs what was committed, then acknowledges
//  27. TransmissionQueue.swift — what waits for the emitter, bounded
//  28. TransmissionEncoder.swift — leaves, tree, one signature, N frames
//  29. Pacer.swift — decides which class sends next and how many frames
//  30. FrameEmitter.swift — the thread that encodes, paces and emits
//  31. EmissionLoop.swift — its state and its loop
//  32. LinkPaths.swift — where frames leave: one path or several
//  33. EchoSchedule.swift — decides which blocks are to be repeated now
//  34. EchoPlayer.swift — its thread: repeats blocks out of the journal
// On disk:
//  35. SenderDatabase.swift — the tables of send.db
//  36. JournalStore.swift — writes blocks and marks, and removes the oldest
//  37. SlotTable.swift — writes the last known values
//  38. SlotChanges.swift — which of them are to be written, and how they come back
//  39. JournalReader.swift — reads blocks back
//  40. EchoSource.swift — what is repeated: blocks read back, and requests
//  41. JournalReach.swift — how far back journal and echo reach
//  42. ResendQueue.swift — queues what operators ask for
// At the start:
//  43. SenderStart.swift — opens the database and begins
//  44. EpochReservation.swift — begins an epoch above all before, on disk before it is used
//  45. JournalRestoration.swift — what earlier lifetimes left
//  46. JournalReplay.swift — brings the last known values back, and the deliveries in doubt
//  47. EchoRestoration.swift — the echo schedule goes on where it was
// Values between them:
//  48. ClosedBlock.swift — a source block that will not change any more
//  49. PacketList.swift — under which packet identifiers its records came
//  50. BlockGeometry.swift — cuts a packed block so that its frames fit the path
//  51. EthernetFraming.swift — what a datagram costs on the wire
//  52. FrameArena.swift — the frames of one transmission, in reused memory
//  53. Transmission.swift — one sending of a block, asked for
//  54. TransmissionClass.swift — what a transmission is for, in order of preference
//  55. FIFO.swift — a queue over an array
//  56. LatencyHistogram.swift — how long something took, counted
// The daemon:
//  57. SenderConfiguration.swift — everything that send.json5 says
//  58. SenderSettings.swift — the same in the terms of the stages
//  59. SenderService.swift — the threads, from start to drain
//  60. SenderServiceError.swift — what keeps it from starting
//  61. SenderStatus.swift — what it knows of itself
//  62. Condition.swift — how one part of the whole is
//  63. ClockWatch.swift — notices that the clock was set
