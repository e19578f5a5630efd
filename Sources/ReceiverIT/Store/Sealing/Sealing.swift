// Sealing: the tables that a report reads, bound to the ledger's head by a signature (ADR 0024).
//
//   a row changes ─▶ RowWatch ─▶ RowSums: its table's count and sum of hashes ─▶ at the end of the transaction: Seal, signed ─▶ table seal
//   told later:  every row anew ─▶ RowSums ─▶ SealCheck: the same as in the seal? signed? the ledger's head?
//
//   SealedTables.swift — which tables, and the table of the seal itself
//   RowSums.swift — how many rows a table has, and the sum of their hashes
//   Seal.swift — what is signed, as it is stored
//   SealWriter.swift — keeps the sums and signs them with each transaction
//   SealCheck.swift — whether the tables are what was signed last
//   HeadComparison.swift — whether the ledger has the head that the IT broker retains
