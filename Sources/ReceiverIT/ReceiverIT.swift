// ReceiverIT: from datagrams to records in order, with an account of what is missing.
//
//   listen ─▶ authenticate ─▶ assemble + decode ─▶ order + gaps ─▶ replica ─▶ commit ─▶ Outbox
//
//   Authenticate:
//   1. SettledTransmissions.swift — transmissions whose header and root are known to be signed
//   2. VerificationBudget.swift — what unsettled frames may cost
//   3. WaitingFrames.swift — frames that wait for a verification, drawn at random
//   4. FrameAuthenticator.swift — says of each frame whether the paired sender signed it
//   Assemble:
//   5. Assembly.swift — one block under way
//   6. PartJoiner.swift — contents larger than a block
//   7. BlockAssembler.swift — collects symbols, decodes and checks blocks
//   8. DecodedUnit.swift — a decoded content with its numbers
//   Order:
//   9. ChannelFrontier.swift — the newest block of snapshot and beat; contents that were accepted
//  10. Gap.swift — missing records, and the account of an epoch
//  11. EpochTrack.swift — the live channel of one epoch
//  12. GapTracker.swift — accepts blocks once, puts them in order, keeps the account
//   Apply and commit:
//  13. Replica.swift — the newest stamps of each topic
//  14. Commit.swift — what one round decided
//  15. Committer.swift — turns released units into effects
//   The whole:
//  16. LinkWatch.swift — the beat, silence, the state of the link
//  17. ReceiverCounters.swift — what was counted
//  18. ReceiverReports.swift — what it says about itself
//  19. ReceiverCore.swift — all of it for one link, without I/O or a clock
//  20. ReceiverConfiguration.swift — everything that recv.json5 says
