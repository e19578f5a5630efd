// Status: what the daemon knows of itself, gathered in one value. Every answer about the daemon is made of that value or of a part of it.
//
//   ReceiverService.status ─┐
//   Publisher.report ───────┴─▶ DaemonStatus ─▶ StatusReply: `status`, `status --json`
//   LinkSnapshot, one link of ReceiverService.status ─▶ LinkStatus: diode/<link>/status
//
//   DaemonStatus.swift — everything that the daemon knows of itself, as of one instant
//   LinkKnowledge.swift — everything that the daemon knows of one link, and the conditions that follow
//   StatusReply.swift — the answer to `status`
//   RetainedStatus.swift — makes of a LinkSnapshot what consumers at the IT broker are told of the link
