// Store: the receiver's database. One transaction stores everything that a round of the core decided, or nothing of it.
//
//   Tables/ — what links remember, and what was lost
//   Sealing/ — the tables, bound to the ledger's head by a signature
//   Notes/ — what the ledger says of an event
//   Operator/ — what people may change: accept a loss, forget a link
//   StoreFile.swift — the open database, and one transaction
//   StoreOpening.swift — opens the database; sets a damaged one aside and begins a new one
