// Values: what an audit states: totals, gaps and losses of each link, and the verdict over them.
//
//   AuditGap.swift — a gap, and the topics of missing records
//   AuditLoss.swift — losses, intervals nobody observed, actions
//   LinkAudit.swift — everything about one link
//   DaemonWord.swift — what the daemon says where its database tells nothing current
//   AuditReport.swift — everything about one receiver
//   AuditVerdict.swift — what is wrong, and the exit code that it makes
