// ReceiverIT: from datagrams to records in order, with an account of what is missing.
//
//   listen ─▶ authenticate ─▶ assemble + decode ─▶ order + gaps ─▶ replica ─▶ commit ─▶ Outbox
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
//  12. EpochTrack.swift — the live channel of one epoch
//  13. GapTracker.swift — accepts blocks once, puts them in order, keeps the account
//   Apply and commit:
//  14. Replica.swift — the newest stamps of each topic
//  15. Commit.swift — what one round decided
//  16. Committer.swift — turns released units into effects
//   One link without I/O or a clock:
//  17. ReceiverSettings.swift — windows, budgets and limits
//  18. LinkWatch.swift — the beat, silence, the state of the link
//  19. ReceiverCounters.swift — what was counted
//  20. ReceiverReports.swift — what it says about itself
//  21. ReceiverCore.swift — all of it
//   The daemon:
//  22. ReceiverConfiguration.swift — everything that recv.json5 says
//  23. CardFile.swift — reads a link card
//  24. ReceiverServiceError.swift — why a receiver cannot start
//  25. ReceiverStatus.swift — links and sockets as of one instant
//  26. LinkWorker.swift — one link on the core thread
//  27. ReceiverLoop.swift — the core thread
//  28. ReceiverService.swift — listeners, core thread, outboxes
