// Tables: what is stored of a link. Only what changed is written.
//
//   StoreSchema.swift — the database: every table, and who writes it
//   Binding.swift — values of this room as columns
//   LinkVitals.swift — how a link was when it was last looked at
//   LinkTables.swift — writes what links remember, only what changed of it
//   SenderTable.swift — what is known of the sender of each card
//   LinkLoader.swift — reads back what was stored
//   LossOfEvent.swift — the loss that an event tells of
//   LossTable.swift — names the records that never will be published
//   LossMerging.swift — keeps the table of losses within its limit
//   GapMerging.swift — keeps the table of lost gaps within its limit
//   StoredAccount.swift — adds up the double entry of a link from its rows
//   StoredMatters.swift — what of that is not in order
