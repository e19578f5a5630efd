// Link: what belongs to one link as a whole.
//
//   ReceiverSettings.swift — windows, budgets and limits
//   LinkChanges.swift — what changed in what a link remembers
//   FrameIntake.swift — from datagrams to contents
//   LiveIntake.swift — the live channel: order, contents, topics of what is missing
//   BeatIntake.swift — the beat channel
//   ChangeGatherer.swift — gathers what a link must not forget
//   Anchors.swift — which signed beats the ledger keeps, and when
//   LinkWatch.swift — the beat, silence, the state of the link
//   RivalWatch.swift — finds a second sender that has the same key and another epoch
//   LossEvidence.swift — what kept records away
//   GapEpisodes.swift — gaps as people are told of them
//   ReceiverCounters.swift — what was counted
//   ReceiverReports.swift — what it says about itself
//   ReadingIntake.swift — the core's end of read-back: what the IT broker retains, compared and put right
