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
//   7. ExportRule.swift — one entry of it
//   8. Deadband.swift — how much a number has to change
//   9. PolicyGate.swift — what the policy makes of a message: it stays, waits, or is a record
//  10. HeldValue.swift — a value that waits for the rate of its rule
//  11. Stamper.swift — numbers the records of an epoch
//  12. NamespaceSlots.swift — the last known values of every topic, and its version
//  13. SlotValue.swift — one slot, and what is put into it
//  14. TopicIndex.swift — finds a topic by its bytes
//  15. SlotDigest.swift — the sum that a checkpoint says of all slots
//  16. BlockBatcher.swift — gathers records into blocks and closes them in time
//  17. BeatScheduler.swift — a heartbeat block each period
//  18. EdgeNodeStates.swift — what edge nodes would say if they were born now
//  19. Carousel.swift — when the next slice of the state is due
//  20. CheckpointScheduler.swift — when the next checkpoint is due
//  21. SliceCutter.swift — cuts slices that fit a block
//  22. StateTeller.swift — 19 to 21 together: tells the state, when it is due
//  23. Admission.swift — from one message to a numbered record
//  24. SenderCore.swift — 6 to 23 together
//  25. Publication.swift — one message from the OT broker, and what became of it
//  26. SliceGate.swift — holds slices until the records that they include have left
//  27. Journal.swift — makes blocks safe, hands them on, says what may be acknowledged
//  28. JournalWriter.swift — its thread: commits, and what happens when the disk refuses
//  29. JournalFeed.swift — hands blocks to the emitter, from memory or back from disk
//  30. JournalSync.swift — syncs what was committed, then acknowledges
//  31. TransmissionQueue.swift — what waits for the emitter, bounded
//  32. TransmissionEncoder.swift — leaves, tree, one signature, N frames
//  33. Pacer.swift — decides which class sends next and how many frames
//  34. FrameEmitter.swift — the thread that encodes, paces and emits
//  35. EmissionLoop.swift — its state and its loop
//  36. LinkPaths.swift — where frames leave: one path or several
//  37. EchoSchedule.swift — decides which blocks are to be repeated now
//  38. EchoPlayer.swift — its thread: repeats blocks out of the journal
// On disk:
//  39. SenderDatabase.swift — the tables of send.db
//  40. JournalStore.swift — writes blocks and marks, and removes the oldest
//  41. SlotTable.swift — writes the last known values
//  42. HeldTable.swift — writes the values that wait
//  43. SlotChanges.swift — which of them are to be written, and how they come back
//  44. JournalReader.swift — reads blocks back
//  45. EchoSource.swift — what is repeated: blocks read back, and requests
//  46. JournalReach.swift — how far back journal and echo reach
//  47. ResendQueue.swift — queues what operators ask for
// At the start:
//  48. SenderStart.swift — opens the database and begins
//  49. EpochReservation.swift — begins an epoch above all before, on disk before it is used
//  50. JournalRestoration.swift — what earlier lifetimes left
//  51. JournalReplay.swift — brings the last known values back, and the deliveries in doubt
//  52. EchoRestoration.swift — the echo schedule goes on where it was
// Values between them:
//  53. ClosedBlock.swift — a source block that will not change any more
//  54. PacketList.swift — under which packet identifiers its records came
//  55. BlockGeometry.swift — cuts a packed block so that its frames fit the path
//  56. EthernetFraming.swift — what a datagram costs on the wire
//  57. FrameArena.swift — the frames of one transmission, in reused memory
//  58. Transmission.swift — one sending of a block, asked for
//  59. TransmissionClass.swift — what a transmission is for, in order of preference
//  60. FIFO.swift — a queue over an array
//  61. LatencyHistogram.swift — how long something took, counted
// The daemon:
//  62. SenderConfiguration.swift — everything that send.json5 says
//  63. ExportRuleSection.swift — one entry of export in it
//  64. SenderSettings.swift — the same in the terms of the stages
//  65. SenderService.swift — the threads, from start to drain
//  66. SenderServiceError.swift — what keeps it from starting
//  67. SenderStatus.swift — what it knows of itself
//  68. Condition.swift — how one part of the whole is
//  69. ClockWatch.swift — notices that the clock was set
