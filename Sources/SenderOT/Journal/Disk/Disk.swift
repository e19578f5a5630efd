// Disk: the tables of send.db, and who writes and reads each.
//
//   SenderDatabase.swift — the tables of send.db
//   JournalStore.swift — writes blocks and marks, and removes the oldest
//   SlotTable.swift — writes the last known values
//   SealTable.swift — writes what blocks are sealed with
//   HeldTable.swift — writes the values that wait
//   JournalReader.swift — reads blocks back
//   ResendQueue.swift — queues what operators ask for
