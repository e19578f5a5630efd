// Ledger: what happened, one entry behind the other, each bearing the hash of all before it.
//
//   event ─▶ LedgerEntry ─▶ LedgerWriter, inside the transaction of what it tells of ─▶ table ledger ─▶ LedgerReader
//
//   LedgerEntry.swift — one thing that happened
//   LedgerChain.swift — how entries are chained
//   GapStatement.swift — what an entry, or the table, says of a gap
//   LedgerSchema.swift — the table in the receiver's database
//   LedgerWriter.swift — appends entries
//   LedgerReader.swift — reads entries back
//   NotedHead.swift — a head as it is noted elsewhere, signed
//   ChainVerdict.swift — what following the chain came to
//   ChainFollower.swift — follows the chain, compares it with noted heads
//   LedgerFold.swift — entries that were folded, and the entry that names them
//   LedgerFolding.swift — which entries are folded, in which order
//   LedgerKeeper.swift — keeps the ledger within its limit, a little at a time
//   LedgerGaps.swift — the table of gaps against what the entries say
//   LedgerBody.swift — an entry's body, read
