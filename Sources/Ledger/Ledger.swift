// Ledger: what happened, one entry behind the other, each bearing the hash of all before it.
//
//   event ─▶ LedgerEntry ─▶ LedgerWriter, inside the transaction of what it tells of ─▶ table ledger ─▶ LedgerReader
//
//   1. LedgerEntry.swift — one thing that happened
//   2. LedgerChain.swift — how entries are chained
//   3. GapStatement.swift — what an entry says of a gap
//   4. LedgerSchema.swift — the table in the receiver's database
//   5. LedgerWriter.swift — appends entries
//   6. LedgerReader.swift — reads entries back
//   7. NotedHead.swift — a head as it is noted elsewhere, signed
//   8. ChainVerdict.swift — what following the chain came to
//   9. ChainFollower.swift — follows the chain, compares it with noted heads
//  10. LedgerFold.swift — entries that were folded, and the entry that names them
//  11. LedgerFolding.swift — which entries are folded, in which order
//  12. LedgerKeeper.swift — keeps the ledger within its limit, a little at a time
//  13. LedgerGaps.swift — the table of gaps against what the entries say
