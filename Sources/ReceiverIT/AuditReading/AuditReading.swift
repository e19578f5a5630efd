// AuditReading: what an audit says, as one transaction of the database saw it.
//
//   StoredLosses.swift — losses as the tables have them
//   LedgerWords.swift — what the ledger's entries say, in the values of an audit
//   AnchorCheck.swift — what the sender signed against what the account says
//   AuditReader.swift — what an audit says, as one transaction saw it
