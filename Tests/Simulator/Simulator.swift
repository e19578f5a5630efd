// Simulator: both cores in one process, under virtual time, over a seeded link. Not shipped.
//
//   workload ─▶ SenderCore ─▶ journal, echoes ─▶ FaultInjector ─▶ ReceiverCore ─▶ recv.db ─▶ models
//                   └──────────────── virtual clock ─────────────────┘
//
//   PairScenario.swift — one history to live through: load, link, faults, all from a seed
//   SimulatedFault.swift — what can happen, and how the receiver was when it did
//   FaultCoverage.swift — which faults hit a receiver in which condition
//   PublishedRecord.swift — what was handed to the sender, as the model remembers it
//   ArrivalModel.swift — what the receiver must have, by the frames that reached it
//   GapModel.swift — the life of each gap, as the receiver tells it
//   NamespaceModel.swift — the sender's state and what the IT side sees: naive, and checked at every commit
//   ArrivalQueue.swift — datagrams on their way, in order of their arrival
//   SimulatedJournal.swift — blocks that left or wait, and what is repeated when
//   SimulatedSender.swift — core, journal and OT broker; restarts
//   SimulatedReceiver.swift — core and database; kills
//   PairSimulation.swift — lives through a scenario and says what broke
//   SimulationFaults.swift — does to the pair what was planned
//   RecoveryRun.swift — what arrives after an outage, by what heals
//   RepairStatistics.swift — the share of blocks lost for one (K, M), beside the binomial
//   LossyBlockLink.swift — blocks of one shape, thinned out at random
