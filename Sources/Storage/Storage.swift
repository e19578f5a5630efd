// Storage: SQLite through owned values. A connection belongs to one thread; what it refuses is a typed error, since a
// full disk, a damaged file and a second owner each need another answer.
//
//   DatabaseSchema ─▶ Database ─▶ Statement: bind ─▶ step ─▶ columns
//                        └─▶ transaction { … } ─▶ sync: the log is on the disk
//
//   1. StorageError.swift — what SQLite refused, by what has to be done about it
//   2. DatabaseSchema.swift — whose database it is, and how it came to be
//   3. Database.swift — a connection: opens, migrates, transacts, syncs
//   4. Statement.swift — a prepared statement: binds, steps, reads columns
//   5. LogSync.swift — syncs the log beside the thread that writes it
//   6. DiskReserve.swift — room that is kept for the worst hour, and what is free
//   7. SetAside.swift — moves a damaged file out of the way
