// ReceiverIT: from datagrams to records in order, with an account of what is missing, stored in one piece.
//
//   diode ─▶ FrameListener ─▶ ┌─ Core: no I/O, no clock ──────────────────────┐
//                             │  Frames ─▶ Assembling ─▶ Order ─▶ Replicating │ ─▶ Commit ─▶ Storing ─▶ Store ─▶ recv.db, outbox
//                             └───────────────────────────────────────────────┘                └─▶ Ledger
//   told later:  recv.db ─▶ AuditReading ─▶ Audit ─▶ table, JSON, CSV, HTML
//
// Account, Core, Store, Ledger, AuditReading and Audit are targets of their own; what stands beside them are the threads that wire them.
//
//   Account/ — the values that all of them speak of: gaps, accounts, states
//   Core/ — what is decided: which frames are authentic, what is in order, what is missing, what is newest
//   Store/ — the database: every table, and one transaction for all of them
//   Ledger/ — what happened, each entry bearing the hash of all before it
//   Storing/ — the threads that store
//   Daemon/ — the configuration, the listeners, the core thread
//   AuditReading/ — what an audit reads from the database
//   Audit/ — what an audit says, and how it looks
