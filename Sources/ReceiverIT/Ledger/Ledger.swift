// Ledger: what happened, one entry behind the other, each bearing the hash of all before it.
//
//   event ─▶ LedgerEntry ─▶ LedgerWriter, in the transaction that stores the event ─▶ table ledger ─▶ LedgerReader
//
//   LedgerEntry.swift — one thing that happened
//   LedgerChain.swift — how entries are chained
//   GapStatement.swift — what is said of one gap, by an entry of the ledger or by the table of gaps
//   LedgerSchema.swift — the table in the receiver's database
//   LedgerWriter.swift — appends entries
//   LedgerReader.swift — reads entries back
//   NotedHead.swift — the number and hash of the newest entry, as somebody noted them elsewhere, signed or not
//   ChainVerdict.swift — the result of following the chain
//   ChainFollower.swift — follows the chain and compares it with noted heads
//   LedgerFold.swift — entries that were folded, and the entry that names them
//   LedgerFolding.swift — which entries are folded, in which order
//   FoldCheck.swift — whether folds keep these rules and are signed
//   LedgerKeeper.swift — keeps the ledger within its limit, a little at a time
//   LedgerGaps.swift — compares the table of gaps with what the entries say
//   LedgerBody.swift — reads the body of an entry
