// Notes: events as entries of the ledger.
//
//   LedgerNotes.swift — what the ledger says of an event
//   AnchorEntry.swift — a signed beat as the ledger keeps it
//   ReceiverAction.swift — what the receiver itself did
//   ReceiverIdentity.swift — what runs, under which configuration and keys
//   AuditKey.swift — the key that signs the ledger's head
//   LedgerCalendar.swift — when a balance is due, each quarter of an hour; whether the clock was set
