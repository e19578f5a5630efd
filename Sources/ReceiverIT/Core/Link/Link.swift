// Link: what belongs to one link as a whole.
//
//   ReceiverSettings.swift — windows, budgets and limits
//   LinkChanges.swift — what changed in what a link remembers
//   Voice.swift — what comes under one card: its frames, its beats, whether it is heard
//   Voices.swift — the senders of a link, and which of them speaks
//   FrameIntake.swift — turns datagrams into contents
//   LiveIntake.swift — the live channel: order, contents, and the topics of missing records
//   ChangeGatherer.swift — gathers what a link must not forget
//   Anchors.swift — which signed beats the ledger keeps, and when
//   LossEvidence.swift — decides which cause a new gap is put down to
//   GapEpisodes.swift — groups gaps of one cause into the episodes that people are told of
//   ReceiverCounters.swift — counts frames, blocks and contents by what became of them
//   ReceiverReports.swift — what a link says about itself
//   ReadingIntake.swift — the core's end of read-back: what the IT broker retains, compared and put right
