// Simulator: both cores in one process, under virtual time, over a seeded link (DESIGN D8). Not shipped.
//
//   workload ─▶ SenderCore ─▶ TransmissionEncoder ─▶ FaultInjector ─▶ ReceiverCore ─▶ model
//                   └─────────── virtual clock ───────────────┘
//
//   1. PairScenario.swift — one history to live through: load, faults, how often what happens, all from a seed
//   2. PublishedRecord.swift — what was handed to the sender, as the model remembers it
//   3. NamespaceModel.swift — what the receiver must have: naive, and checked at every commit
//   4. ArrivalQueue.swift — datagrams on their way, in order of their arrival
//   5. SentBlocks.swift — blocks that left, to be repeated
//   6. PairSimulation.swift — lives through a scenario and says what broke
//   7. RepairStatistics.swift — the share of blocks lost for one (K, M), beside the binomial
//   8. LossyBlockLink.swift — blocks of one shape, thinned out at random
