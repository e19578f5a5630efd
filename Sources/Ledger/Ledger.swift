// Ledger: what happened, one entry behind the other, each bearing the hash of all before it.
//
//   event ─▶ LedgerEntry ─▶ LedgerWriter, inside the transaction of what it tells of ─▶ table ledger ─▶ LedgerReader
//
//   1. LedgerEntry.swift — one thing that happened
//   2. LedgerChain.swift — how entries are chained
//   3. LedgerSchema.swift — the table in the receiver's database
//   4. LedgerWriter.swift — appends entries
//   5. LedgerReader.swift — reads entries back
