// Simulator: both cores in one process, under virtual time, over a seeded link. Not shipped.
//
//   workload ─▶ SenderCore ─▶ journal, echoes ─▶ FaultInjector ─▶ ReceiverCore ─▶ recv.db ─▶ models
//                   └──────────────── virtual clock ─────────────────┘
//
//   Scenario/ — one history to live through, and what can happen in it
//   Models/ — what must be, kept the plain way
//   Sides/ — what stands on either side of the link, and what is on it
//   PairSimulation.swift — lives through a scenario and says what broke
//   SimulationFaults.swift — does to the pair what was planned
//   Extremes/ — signed statements with numbers that no sender has
//   Endings/ — sender lives that end in every way, and what may be called well then
//   Senders/ — two senders of one link, of which one speaks, or both, or neither
//   Recovery/ — how much arrives over bad links, in figures
