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
//  13. EpochTrack.swift — the live channel of one epoch
//  14. GapTracker.swift — accepts blocks once, puts them in order, keeps the account
//  15. VoidRule.swift — what a sender's power loss took back
//  16. TrackerState.swift — what of a tracker outlives the process
//  17. SupersededEpochs.swift — what the sender has no memory of
//   Apply and commit:
//  18. DirtyTopics.swift — which topics a checkpoint has still to write
//  19. Replica.swift — the newest stamps of each topic
//  20. LinkChanges.swift — what changed in what a link remembers
//  21. LinkMemory.swift — what a link must not forget
//  22. Commit.swift — what one round decided
//  23. Committer.swift — turns released units into effects
//   One link without I/O or a clock:
//  24. ReceiverSettings.swift — windows, budgets and limits
//  25. LinkWatch.swift — the beat, silence, the state of the link
//  26. ReceiverCounters.swift — what was counted
//  27. ReceiverReports.swift — what it says about itself
//  28. ReceiverCore.swift — all of it
//   Store:
//  29. StoreSchema.swift — the database: every table, and who writes it
//  30. Binding.swift — values of this room as columns
//  31. LinkVitals.swift — how a link was when it was last looked at
//  32. LinkTables.swift — stores what links remember, by change
//  33. LossTable.swift — names what never will be published
//  34. Acknowledgement.swift — what somebody accepts as lost
//  35. AcknowledgementTable.swift — writes and reads it
//  36. LedgerNotes.swift — what the ledger says of an event
//  37. ReceiverAction.swift — what the receiver itself did
//  38. ReceiverIdentity.swift — what runs, under which configuration and keys
//  39. AuditKey.swift — the key that signs the ledger's head
//  40. LedgerCalendar.swift — balances each quarter of an hour, steps of the clock
//  41. LinkLoader.swift — reads back what was stored
//  42. StoreFile.swift — the open database, and one transaction
//  43. StoreOpening.swift — opens the database, whatever was left of it
//  44. Durability.swift — whether what is accepted outlives the process
//  45. HeadWitness.swift — signs the ledger's head once a minute
//  46. LogSyncLoop.swift — syncs the log each second
//  47. ReceiverStore.swift — between the core thread and the store thread
//  48. StoreLoop.swift — the store thread
//  49. LinkArchive.swift — the database of one link without threads, for simulations
//   The daemon:
//  50. ReceiverConfiguration.swift — everything that recv.json5 says
//  51. CardFile.swift — reads a link card
//  52. ReceiverServiceError.swift — why a receiver cannot start
//  53. ReceiverStatus.swift — links and sockets as of one instant
//  54. LinkWorker.swift — one link on the core thread
//  55. ReceiverLoop.swift — the core thread
//  56. ReceiverService.swift — listeners, core thread, store, outboxes
//   Told later:
//  57. StoredAccount.swift — the double entry of a link as its rows tell it
//  58. LedgerWords.swift — what the ledger's entries say, in the values of an audit
//  59. AuditReader.swift — what an audit says, as one transaction saw it
