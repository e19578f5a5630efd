// Storing: the threads between the core and the database.
//
//   Durability.swift — whether what is accepted outlives the process
//   MattersBoard.swift — what of each link's account is not in order, for status
//   HeadWitness.swift — signs the ledger's head once a minute
//   LogSyncLoop.swift — syncs the log each second
//   ReceiverStore.swift — between the core thread and the store thread
//   StoreLoop.swift — the store thread
