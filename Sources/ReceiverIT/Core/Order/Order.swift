// Order: the live channel. Each number is accepted once, what passes over a number opens a hole, and every number is accounted for.
//
//   ChannelFrontier.swift — the newest block of snapshot and beat; contents that were accepted
//   Hole.swift — one run of blocks that have not come
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
