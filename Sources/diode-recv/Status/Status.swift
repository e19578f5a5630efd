// Status: what the daemon knows of itself, gathered in one value. Whatever tells of it is a projection of that value.
//
//   ReceiverService.status ─┐
//   Publisher.report ───────┴─▶ DaemonStatus ─▶ StatusReply: `status`, `status --json`
//                               LinkKnowledge ─▶ RetainedStatus: diode/<link>/status
//
//   DaemonStatus.swift — everything that the daemon knows of itself, as of one instant
//   LinkKnowledge.swift — everything that it knows of one link, and what that comes to
//   StatusReply.swift — the answer to `status`
//   RetainedStatus.swift — what consumers at the IT broker are told of a link
