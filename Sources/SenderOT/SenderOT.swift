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
//   Subscriber.swift — the connection to the OT broker: what is exported in, what is safe acknowledged
//   DeletionReconciler.swift — what the broker retains no more becomes deletions, or is held
//   RetainedShortfall.swift — what the OT broker retains and does not show, by its own count
//   BrokerWatch.swift — what the OT broker loses by itself
//   BrokerDrops.swift — its own count, followed over restarts
//   Intake.swift — where the threads meet that feed the core
//   ExportPolicy.swift — decides which topics may cross, before a sequence is taken
//   ExportRule.swift — one entry of it
//   Deadband.swift — how much a number has to change
//   PolicyGate.swift — what the policy makes of a message: it stays, waits, or is a record
//   HeldValue.swift — a value that waits for the rate of its rule
//   PolicyChange.swift — what a changed policy does to topics that are held
//   TopicSample.swift — topics, all counted and the first of them named
//   Stamper.swift — numbers the records of an epoch
//   NamespaceSlots.swift — the last known values of every topic, and its version
//   SlotValue.swift — one slot, and what is put into it
//   TopicIndex.swift — finds a topic by its bytes
//   SlotDigest.swift — the sum that a checkpoint says of all slots
//   MessageExpiry.swift — retained values that end by themselves, and their deletion
//   BlockBatcher.swift — gathers records into blocks and closes them in time
//   BeatScheduler.swift — a heartbeat block each period
//   EdgeNodeStates.swift — what edge nodes would say if they were born now
//   Carousel.swift — when the next slice of the state is due
//   CheckpointScheduler.swift — when the next checkpoint is due
//   SliceCutter.swift — cuts slices that fit a block
//   StateTeller.swift — 23 to 25 together: tells the state, when it is due
//   Admission.swift — from one message to a numbered record
//   SenderCore.swift — 7 to 27 together
//   Publication.swift — one message from the OT broker, and what became of it
//   SliceGate.swift — holds slices until the records that they include have left
//   Journal.swift — makes blocks safe, hands them on, says what may be acknowledged
//   JournalWriter.swift — its thread: commits, and what happens when the disk refuses
//   JournalFeed.swift — hands blocks to the emitter, from memory or back from disk
//   JournalSync.swift — syncs what was committed, then acknowledges
//   TransmissionQueue.swift — what waits for the emitter, bounded
//   TransmissionEncoder.swift — leaves, tree, one signature, N frames
//   Pacer.swift — decides which class sends next and how many frames
//   FrameEmitter.swift — the thread that encodes, paces and emits
//   EmissionLoop.swift — its state and its loop
//   LinkPaths.swift — where frames leave: one path or several
//   EchoSchedule.swift — decides which blocks are to be repeated now
//   EchoPlayer.swift — its thread: repeats blocks out of the journal
// On disk:
//   SenderDatabase.swift — the tables of send.db
//   JournalStore.swift — writes blocks and marks, and removes the oldest
//   SlotTable.swift — writes the last known values
//   HeldTable.swift — writes the values that wait
//   SlotChanges.swift — which of them are to be written, and how they come back
//   JournalReader.swift — reads blocks back
//   EchoSource.swift — what is repeated: blocks read back, and requests
//   JournalReach.swift — how far back journal and echo reach
//   ResendQueue.swift — queues what operators ask for
// At the start:
//   SenderStart.swift — opens the database and begins
//   EpochReservation.swift — begins an epoch above all before, on disk before it is used
//   JournalRestoration.swift — what earlier lifetimes left
//   JournalReplay.swift — brings the last known values back, and the deliveries in doubt
//   EchoRestoration.swift — the echo schedule goes on where it was
// Values between them:
//   ClosedBlock.swift — a source block that will not change any more
//   PacketList.swift — under which packet identifiers its records came
//   BlockGeometry.swift — cuts a packed block so that its frames fit the path
//   EthernetFraming.swift — what a datagram costs on the wire
//   FrameArena.swift — the frames of one transmission, in reused memory
//   Transmission.swift — one sending of a block, asked for
//   TransmissionClass.swift — what a transmission is for, in order of preference
//   FIFO.swift — a queue over an array
//   LatencyHistogram.swift — how long something took, counted
// The daemon:
//   SenderConfiguration.swift — everything that send.json5 says
//   ExportRuleSection.swift — one entry of export in it
//   SenderSettings.swift — the same in the terms of the stages
//   SenderService.swift — the threads, from start to drain
//   ExportComparison.swift — what another policy would change, for check
//   SenderServiceError.swift — what keeps it from starting
//   SenderStatus.swift — what it knows of itself
//   Condition.swift — how one part of the whole is
//   ClockWatch.swift — notices that the clock was set
