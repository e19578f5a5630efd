// Values: what an audit states: totals, gaps and losses of each link, and the verdict over them.
//
//   AuditTotals.swift — the double entry of a link, and of one epoch of it
//   AuditGap.swift — a gap, and the topics of missing records
//   AuditLoss.swift — losses, intervals nobody observed, actions
//   LinkAudit.swift — everything about one link
//   AuditReport.swift — everything about one receiver
//   AuditVerdict.swift — what is wrong, and the exit code that it makes
