// Daemon: what send.json5 says, and the threads from start to drain.
//
//   SenderConfiguration.swift — everything that send.json5 says
//   ExportRuleSection.swift — reads one entry of `export`
//   SenderSettings.swift — turns the configuration into the settings of each stage
//   CardBesideKey.swift — the card that keygen wrote: which epochs it vouches for, and whose it is
//   SenderService.swift — the threads, from start to drain
//   ExportComparison.swift — what another policy would change, for the command `check`
//   SenderServiceError.swift — why a sender cannot start
//   SenderReporter.swift — asks every part how it is
//   SenderReport.swift — what the sender knows of itself, and what of it a beat says
//   SenderStatus.swift — the answer to `status`, made of a SenderReport
//   Condition.swift — how one part of the pair is, since when, and why
//   ClockWatch.swift — notices that the clock was set
//   JournalRate.swift — at which rate the journal was written lately
//   JournalReach.swift — how far back journal and echo reach
