// Store: the receiver's database. One transaction holds what one round decided, or nothing of it is there.
//
//   Tables/ — what links remember, and what was lost
//   Notes/ — what the ledger says of an event
//   Operator/ — what people may change: accept a loss, forget a link
//   StoreFile.swift — the open database, and one transaction
//   StoreOpening.swift — opens the database, whatever was left of it
