// Order: the live channel. Each number is accepted once, what passes over a number opens a hole, and every number is accounted for.
//
//   unit ─▶ GapTracker ─▶ EpochTracks ─▶ EpochTrack: EpochTail (what waits) │ HoleTable (what is missing) ─▶ released units
//                     └─▶ GapTable: what people are told is missing
//
//   ChannelFrontier.swift — the newest block of snapshot and beat; contents that were accepted
//   Hole.swift — one run of blocks that have not come
//   FilledSequences.swift — records of holes that came without their block
//   HoleTable.swift — the holes of one epoch, what came of their records, and what of it changed
//   WaitingUnits.swift — units that wait for the blocks before them
//   EpochTail.swift — what lies beyond the frontier of one epoch: what waits, what is announced
//   SourceClock.swift — between which of the sender's times a gap lies
//   VoidRule.swift — what a sender's power loss may take back
//   TrackActions.swift — the values that EpochTrack and GapTracker return, and what bounds their tables
//   EpochTrack.swift — the live channel of one epoch
//   EpochTracks.swift — all epochs that are followed, and the sum of those before them
//   GapTable.swift — the gaps that are open or lost
//   SenderEpochs.swift — what the sender of one card has said of all its epochs
//   GapTracker.swift — accepts blocks once, puts them in order, keeps the account
//   GapTopics.swift — the topics whose records a gap swallowed
