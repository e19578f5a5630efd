// Simulator: both cores in one process, under virtual time, over a seeded link. Not shipped.
//
//   workload ─▶ SenderCore ─▶ journal, echoes ─▶ FaultInjector ─▶ ReceiverCore ─▶ recv.db ─▶ models
//                   └──────────────── virtual clock ─────────────────┘
//
//   1. PairScenario.swift — one history to live through: load, link, faults, all from a seed
//   2. SimulatedFault.swift — what can happen, and how the receiver was when it did
//   3. FaultCoverage.swift — which faults hit a receiver in which condition
//   4. PublishedRecord.swift — what was handed to the sender, as the model remembers it
//   5. ArrivalModel.swift — what the receiver must have, by the frames that reached it
//   6. GapModel.swift — the life of each gap, as the receiver tells it
//   7. NamespaceModel.swift — the sender's state and what the IT side sees: naive, and checked at every commit
//   8. ArrivalQueue.swift — datagrams on their way, in order of their arrival
//   9. SimulatedJournal.swift — blocks that left or wait, and what is repeated when
//  10. SimulatedSender.swift — core, journal and OT broker; restarts
//  11. SimulatedReceiver.swift — core and database; kills
//  12. PairSimulation.swift — lives through a scenario and says what broke
//  13. SimulationFaults.swift — does to the pair what was planned
//  14. RecoveryRun.swift — what arrives after an outage, by what heals
//  15. RepairStatistics.swift — the share of blocks lost for one (K, M), beside the binomial
//  16. LossyBlockLink.swift — blocks of one shape, thinned out at random
