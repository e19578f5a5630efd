// ReceiverIT: from datagrams to records in order, with an account of what is missing, stored in one piece.
//
//   listen ─▶ authenticate ─▶ assemble + decode ─▶ order + gaps ─▶ replica ─▶ commit ─▶ store ─▶ Outbox
//
//   Listen:
//   FrameListener.swift — drains one listening address on a thread of its own
//   Authenticate:
//   SettledTransmissions.swift — transmissions whose header and root are known to be signed
//   VerificationBudget.swift — what unsettled frames may cost
//   WaitingFrames.swift — frames that wait for a verification, drawn at random
//   FrameAuthenticator.swift — says of each frame whether the paired sender signed it
//   Assemble:
//   Assembly.swift — one block under way
//   PartJoiner.swift — contents larger than a block
//   BlockAssembler.swift — collects symbols, decodes and checks blocks
//   DecodedUnit.swift — a decoded content with its numbers
//   Order:
//   ChannelFrontier.swift — the newest block of snapshot and beat; contents that were accepted
//   Gap.swift — missing records, and the account of an epoch
//   HoleTable.swift — the holes of one epoch, and which of them changed
//   FilledSequences.swift — records of holes that came without their block
//   EpochTrack.swift — the live channel of one epoch
//   SourceClock.swift — between which of the sender's times a gap lies
//   LossEvidence.swift — what kept records away
//   GapTracker.swift — accepts blocks once, puts them in order, keeps the account
//   SlotFilling.swift — a slot is the record that it holds: it fills its sequence
//   GapTopics.swift — which topics' records a gap swallowed
//   VoidRule.swift — what a sender's power loss took back
//   TrackerState.swift — what of a tracker outlives the process
//   SupersededEpochs.swift — what the sender has no memory of
//   Apply and commit:
//   DirtyTopics.swift — which topics a checkpoint has still to write
//   TopicNames.swift — finds topics by their bytes
//   ReplicaSlot.swift — what one slot of a topic holds, by stamp and hash
//   Replica.swift — stamps and hashes of each topic, and their digest
//   ReplicaReading.swift — the replica against what the IT broker retains
//   WaitingSlices.swift — slices that wait for the records that they include
//   RoundWatch.swift — whether the carousel has said everything once
//   DigestWatch.swift — whether the replica equals the sender's state
//   LinkChanges.swift — what changed in what a link remembers
//   LinkMemory.swift — what a link must not forget
//   Commit.swift — what one round decided
//   Committer.swift — turns released units into effects
//   SliceApplier.swift — makes an interval of the replica equal to a slice
//   GapEpisodes.swift — gaps as people are told of them
//   One link without I/O or a clock:
//   ReceiverSettings.swift — windows, budgets and limits
//   LinkWatch.swift — the beat, silence, the state of the link
//   RivalWatch.swift — finds a second sender that has the same key and another epoch
//   ReceiverCounters.swift — what was counted
//   ReceiverReports.swift — what it says about itself
//   ReceiverCore.swift — all of it
//   StateIntake.swift — slices and checkpoints on their way into it
//   ReadingIntake.swift — what the IT broker retains, compared and put right
//   Store:
//   StoreSchema.swift — the database: every table, and who writes it
//   Binding.swift — values of this room as columns
//   LinkVitals.swift — how a link was when it was last looked at
//   LinkTables.swift — stores what links remember, by change
//   LossTable.swift — names what never will be published
//   LossMerging.swift — keeps that table within its limit
//   GapMerging.swift — keeps the table of lost gaps within its limit
//   Acknowledgement.swift — what somebody accepts as lost
//   AcknowledgementTable.swift — writes and reads it
//   LinkRemoval.swift — what goes with a link that is gone
//   OperatorError.swift — why nothing of what an operator asked for was done
//   LedgerNotes.swift — what the ledger says of an event
//   Anchors.swift — which signed beats the ledger keeps, and when
//   ReceiverAction.swift — what the receiver itself did
//   ReceiverIdentity.swift — what runs, under which configuration and keys
//   AuditKey.swift — the key that signs the ledger's head
//   LedgerCalendar.swift — balances each quarter of an hour, steps of the clock
//   LinkLoader.swift — reads back what was stored
//   StoreFile.swift — the open database, and one transaction
//   StoreOpening.swift — opens the database, whatever was left of it
//   Durability.swift — whether what is accepted outlives the process
//   HeadWitness.swift — signs the ledger's head once a minute
//   LogSyncLoop.swift — syncs the log each second
//   ReceiverStore.swift — between the core thread and the store thread
//   StoreLoop.swift — the store thread
//   LinkArchive.swift — the database of one link without threads, for simulations
//   The daemon:
//   ReceiverConfiguration.swift — everything that recv.json5 says
//   CardFile.swift — reads a link card
//   ReceiverServiceError.swift — why a receiver cannot start
//   ReceiverStatus.swift — links and sockets as of one instant
//   LinkWorker.swift — one link on the core thread
//   ReceiverLoop.swift — the core thread
//   ReceiverService.swift — listeners, core thread, store, outboxes
//   Told later:
//   StoredAccount.swift — the double entry of a link as its rows tell it
//   LedgerWords.swift — what the ledger's entries say, in the values of an audit
//   AnchorCheck.swift — what the sender signed against what the account says
//   AuditReader.swift — what an audit says, as one transaction saw it
