// Sides: the parts that a history is lived through with.
//
//   SimulatedSender.swift — core, journal and OT broker; restarts
//   SimulatedJournal.swift — blocks that left or wait, and what is repeated when
//   ArrivalQueue.swift — datagrams on their way, in order of their arrival
//   SimulatedReceiver.swift — core and database; kills
//   SimulatedSeal.swift — what histories of a sealed link seal and open with
//   LinkArchive.swift — the database of one link without threads: a simulation decides when a transaction happens
