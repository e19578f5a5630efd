// AuditReading: reads from the database, in one transaction, everything that an audit says.
//
//   StoredLosses.swift — reads losses from the tables
//   LedgerWords.swift — turns what the ledger's entries say into the values of an audit
//   FoldedKinds.swift — what entries were that went into folds
//   EntryCheck.swift — compares what entries say of acknowledgements and of the account with the tables
//   AnchorCheck.swift — compares what the sender signed with what the account says
//   AuditReader.swift — reads everything that an audit says, inside one transaction
