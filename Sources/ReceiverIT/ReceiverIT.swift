// ReceiverIT: from datagrams to records in order, with an account of what is missing, stored in one piece.
//
//   listen ─▶ authenticate ─▶ assemble + decode ─▶ order + gaps ─▶ replica ─▶ commit ─▶ store ─▶ Outbox
//
//   Listen:
//   1. FrameListener.swift — drains one listening address on a thread of its own
//   Authenticate:
//   2. SettledTransmissions.swift — transmissions whose header and root are known to be signed
//   3. VerificationBudget.swift — what unsettled frames may cost
//   4. WaitingFrames.swift — frames that wait for a verification, drawn at random
//   5. FrameAuthenticator.swift — says of each frame whether the paired sender signed it
//   Assemble:
//   6. Assembly.swift — one block under way
//   7. PartJoiner.swift — contents larger than a block
//   8. BlockAssembler.swift — collects symbols, decodes and checks blocks
//   9. DecodedUnit.swift — a decoded content with its numbers
//   Order:
//  10. ChannelFrontier.swift — the newest block of snapshot and beat; contents that were accepted
//  11. Gap.swift — missing records, and the account of an epoch
//  12. HoleTable.swift — the holes of one epoch, and which of them changed
//  13. FilledSequences.swift — records of holes that came without their block
//  14. EpochTrack.swift — the live channel of one epoch
//  15. SourceClock.swift — between which of the sender's times a gap lies
//  16. LossEvidence.swift — what kept records away
//  17. GapTracker.swift — accepts blocks once, puts them in order, keeps the account
//  18. SlotFilling.swift — a slot is the record that it holds: it fills its sequence
//  19. GapTopics.swift — which topics' records a gap swallowed
//  20. VoidRule.swift — what a sender's power loss took back
//  21. TrackerState.swift — what of a tracker outlives the process
//  22. SupersededEpochs.swift — what the sender has no memory of
//   Apply and commit:
//  23. DirtyTopics.swift — which topics a checkpoint has still to write
//  24. TopicNames.swift — finds topics by their bytes
//  25. ReplicaSlot.swift — what one slot of a topic holds, by stamp and hash
//  26. Replica.swift — stamps and hashes of each topic, and their digest
//  27. ReplicaReading.swift — the replica against what the IT broker retains
//  28. WaitingSlices.swift — slices that wait for the records that they include
//  29. RoundWatch.swift — whether the carousel has said everything once
//  30. DigestWatch.swift — whether the replica equals the sender's state
//  31. LinkChanges.swift — what changed in what a link remembers
//  32. LinkMemory.swift — what a link must not forget
//  33. Commit.swift — what one round decided
//  34. Committer.swift — turns released units into effects
//  35. SliceApplier.swift — makes an interval of the replica equal to a slice
//  36. GapEpisodes.swift — gaps as people are told of them
//   One link without I/O or a clock:
//  37. ReceiverSettings.swift — windows, budgets and limits
//  38. LinkWatch.swift — the beat, silence, the state of the link
//  39. RivalWatch.swift — finds a second sender that has the same key and another epoch
//  40. ReceiverCounters.swift — what was counted
//  41. ReceiverReports.swift — what it says about itself
//  42. ReceiverCore.swift — all of it
//  43. StateIntake.swift — slices and checkpoints on their way into it
//  44. ReadingIntake.swift — what the IT broker retains, compared and put right
//   Store:
//  45. StoreSchema.swift — the database: every table, and who writes it
//  46. Binding.swift — values of this room as columns
//  47. LinkVitals.swift — how a link was when it was last looked at
//  48. LinkTables.swift — stores what links remember, by change
//  49. LossTable.swift — names what never will be published
//  50. LossMerging.swift — keeps that table within its limit
//  51. GapMerging.swift — keeps the table of lost gaps within its limit
//  52. Acknowledgement.swift — what somebody accepts as lost
//  53. AcknowledgementTable.swift — writes and reads it
//  54. LinkRemoval.swift — what goes with a link that is gone
//  55. OperatorError.swift — why nothing of what an operator asked for was done
//  56. LedgerNotes.swift — what the ledger says of an event
//  57. Anchors.swift — which signed beats the ledger keeps, and when
//  58. ReceiverAction.swift — what the receiver itself did
//  59. ReceiverIdentity.swift — what runs, under which configuration and keys
//  60. AuditKey.swift — the key that signs the ledger's head
//  61. LedgerCalendar.swift — balances each quarter of an hour, steps of the clock
//  62. LinkLoader.swift — reads back what was stored
//  63. StoreFile.swift — the open database, and one transaction
//  64. StoreOpening.swift — opens the database, whatever was left of it
//  65. Durability.swift — whether what is accepted outlives the process
//  66. HeadWitness.swift — signs the ledger's head once a minute
//  67. LogSyncLoop.swift — syncs the log each second
//  68. ReceiverStore.swift — between the core thread and the store thread
//  69. StoreLoop.swift — the store thread
//  70. LinkArchive.swift — the database of one link without threads, for simulations
//   The daemon:
//  71. ReceiverConfiguration.swift — everything that recv.json5 says
//  72. CardFile.swift — reads a link card
//  73. ReceiverServiceError.swift — why a receiver cannot start
//  74. ReceiverStatus.swift — links and sockets as of one instant
//  75. LinkWorker.swift — one link on the core thread
//  76. ReceiverLoop.swift — the core thread
//  77. ReceiverService.swift — listeners, core thread, store, outboxes
//   Told later:
//  78. StoredAccount.swift — the double entry of a link as its rows tell it
//  79. LedgerWords.swift — what the ledger's entries say, in the values of an audit
//  80. AnchorCheck.swift — what the sender signed against what the account says
//  81. AuditReader.swift — what an audit says, as one transaction saw it
