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
//   3. RetainedShortfall.swift — what the OT broker retains and does not show, by its own count
//   4. BrokerWatch.swift — what the OT broker loses by itself
//   5. BrokerDrops.swift — its own count, followed over restarts
//   6. Intake.swift — where the threads meet that feed the core
//   7. ExportPolicy.swift — decides which topics may cross, before a sequence is taken
//   8. ExportRule.swift — one entry of it
//   9. Deadband.swift — how much a number has to change
//  10. PolicyGate.swift — what the policy makes of a message: it stays, waits, or is a record
//  11. HeldValue.swift — a value that waits for the rate of its rule
//  12. PolicyChange.swift — what a changed policy does to topics that are held
//  13. TopicSample.swift — topics, all counted and the first of them named
//  14. Stamper.swift — numbers the records of an epoch
//  15. NamespaceSlots.swift — the last known values of every topic, and its version
//  16. SlotValue.swift — one slot, and what is put into it
//  17. TopicIndex.swift — finds a topic by its bytes
//  18. SlotDigest.swift — the sum that a checkpoint says of all slots
//  19. MessageExpiry.swift — retained values that end by themselves, and their deletion
//  20. BlockBatcher.swift — gathers records into blocks and closes them in time
//  21. BeatScheduler.swift — a heartbeat block each period
//  22. EdgeNodeStates.swift — what edge nodes would say if they were born now
//  23. Carousel.swift — when the next slice of the state is due
//  24. CheckpointScheduler.swift — when the next checkpoint is due
//  25. SliceCutter.swift — cuts slices that fit a block
//  26. StateTeller.swift — 23 to 25 together: tells the state, when it is due
//  27. Admission.swift — from one message to a numbered record
//  28. SenderCore.swift — 7 to 27 together
//  29. Publication.swift — one message from the OT broker, and what became of it
//  30. SliceGate.swift — holds slices until the records that they include have left
//  31. Journal.swift — makes blocks safe, hands them on, says what may be acknowledged
//  32. JournalWriter.swift — its thread: commits, and what happens when the disk refuses
//  33. JournalFeed.swift — hands blocks to the emitter, from memory or back from disk
//  34. JournalSync.swift — syncs what was committed, then acknowledges
//  35. TransmissionQueue.swift — what waits for the emitter, bounded
//  36. TransmissionEncoder.swift — leaves, tree, one signature, N frames
//  37. Pacer.swift — decides which class sends next and how many frames
//  38. FrameEmitter.swift — the thread that encodes, paces and emits
//  39. EmissionLoop.swift — its state and its loop
//  40. LinkPaths.swift — where frames leave: one path or several
//  41. EchoSchedule.swift — decides which blocks are to be repeated now
//  42. EchoPlayer.swift — its thread: repeats blocks out of the journal
// On disk:
//  43. SenderDatabase.swift — the tables of send.db
//  44. JournalStore.swift — writes blocks and marks, and removes the oldest
//  45. SlotTable.swift — writes the last known values
//  46. HeldTable.swift — writes the values that wait
//  47. SlotChanges.swift — which of them are to be written, and how they come back
//  48. JournalReader.swift — reads blocks back
//  49. EchoSource.swift — what is repeated: blocks read back, and requests
//  50. JournalReach.swift — how far back journal and echo reach
//  51. ResendQueue.swift — queues what operators ask for
// At the start:
//  52. SenderStart.swift — opens the database and begins
//  53. EpochReservation.swift — begins an epoch above all before, on disk before it is used
//  54. JournalRestoration.swift — what earlier lifetimes left
//  55. JournalReplay.swift — brings the last known values back, and the deliveries in doubt
//  56. EchoRestoration.swift — the echo schedule goes on where it was
// Values between them:
//  57. ClosedBlock.swift — a source block that will not change any more
//  58. PacketList.swift — under which packet identifiers its records came
//  59. BlockGeometry.swift — cuts a packed block so that its frames fit the path
//  60. EthernetFraming.swift — what a datagram costs on the wire
//  61. FrameArena.swift — the frames of one transmission, in reused memory
//  62. Transmission.swift — one sending of a block, asked for
//  63. TransmissionClass.swift — what a transmission is for, in order of preference
//  64. FIFO.swift — a queue over an array
//  65. LatencyHistogram.swift — how long something took, counted
// The daemon:
//  66. SenderConfiguration.swift — everything that send.json5 says
//  67. ExportRuleSection.swift — one entry of export in it
//  68. SenderSettings.swift — the same in the terms of the stages
//  69. SenderService.swift — the threads, from start to drain
//  70. ExportComparison.swift — what another policy would change, for check
//  71. SenderServiceError.swift — what keeps it from starting
//  72. SenderStatus.swift — what it knows of itself
//  73. Condition.swift — how one part of the whole is
//  74. ClockWatch.swift — notices that the clock was set
