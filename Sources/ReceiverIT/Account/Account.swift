// Account: the values that tracker, store, ledger, audit and status speak of. One type for each concept, no I/O, no clock.
//
//   Gap.swift — missing records of one epoch: why, since when, and what became of them
//   GapLife.swift — how a gap grows, heals, is lost
//   EpochAccount.swift — the double entry of one epoch
//   AuditTotals.swift — the double entry of a link, and of its epochs
//   AuditBalance.swift — that double entry at an instant, as the ledger keeps it
//   LossLayer.swift — where records were lost that no gap names
//   LinkState.swift — how far a link can be trusted to be current
//   TopicCount.swift — how many records of a topic
//   StampText.swift — a stamp as people read it
