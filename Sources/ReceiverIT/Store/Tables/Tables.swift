// Tables: what is stored of a link, by change.
//
//   StoreSchema.swift — the database: every table, and who writes it
//   Binding.swift — values of this room as columns
//   LinkVitals.swift — how a link was when it was last looked at
//   LinkTables.swift — stores what links remember, by change
//   LinkLoader.swift — reads back what was stored
//   LossOfEvent.swift — the loss that an event tells of
//   LossTable.swift — names what never will be published
//   LossMerging.swift — keeps that table within its limit
//   GapMerging.swift — keeps the table of lost gaps within its limit
//   StoredAccount.swift — the double entry of a link as its rows tell it
