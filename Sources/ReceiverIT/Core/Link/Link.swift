// Link: what belongs to one link as a whole.
//
//   ReceiverSettings.swift — windows, budgets and limits
//   LinkChanges.swift — what changed in what a link remembers
//   LinkMemory.swift — what a link must not forget
//   Anchors.swift — which signed beats the ledger keeps, and when
//   LinkWatch.swift — the beat, silence, the state of the link
//   RivalWatch.swift — finds a second sender that has the same key and another epoch
//   GapEpisodes.swift — gaps as people are told of them
//   ReceiverCounters.swift — what was counted
//   ReceiverReports.swift — what it says about itself
//   StateIntake.swift — slices and checkpoints on their way into it
//   ReadingIntake.swift — the core's end of read-back: what the IT broker retains, compared and put right
