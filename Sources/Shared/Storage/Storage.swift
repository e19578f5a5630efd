// Storage: SQLite through owned values. A connection belongs to one thread; what it refuses is a typed error, since a
// full disk, a damaged file and a second owner each need another answer.
//
//   DatabaseSchema ─▶ Database ─▶ Statement: bind ─▶ step ─▶ columns
//                        └─▶ transaction { … } ─▶ sync: the log is on the disk
//
//   StorageError.swift — what SQLite refused, by what has to be done about it
//   DatabaseSchema.swift — whose database it is, and how it came to be
//   Database.swift — a connection: opens, migrates, transacts, syncs
//   Statement.swift — a prepared statement: binds, steps, reads columns
//   RowLayout.swift — a row as bytes that can be hashed
//   RowWatch.swift — hears of each row that changes
//   LogSync.swift — syncs the log beside the thread that writes it
//   DiskReserve.swift — room that is kept for the worst hour, and what is free
//   SetAside.swift — moves a damaged file out of the way
