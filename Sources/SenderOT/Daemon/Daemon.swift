// Daemon: what send.json5 says, and the threads from start to drain.
//
//   SenderConfiguration.swift — everything that send.json5 says
//   ExportRuleSection.swift — one entry of export in it
//   SenderSettings.swift — the same in the terms of the stages
//   SenderService.swift — the threads, from start to drain
//   ExportComparison.swift — what another policy would change, for check
//   SenderServiceError.swift — what keeps it from starting
//   SenderReporter.swift — asks every part how it is
//   SenderReport.swift — what the sender knows of itself, and what of it a beat says
//   SenderStatus.swift — the same for status
//   Condition.swift — how one part of the whole is
//   ClockWatch.swift — notices that the clock was set
//   JournalReach.swift — how far back journal and echo reach
