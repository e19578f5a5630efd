// TestKit: the real thing around a test. Nothing here is shipped.
//
//   test ──▶ Child, Broker, Subscriber      processes that end with the test
//   pair ──▶ LossyRelay ──▶ pair            a link that hurts by FaultInjector, on a seed
//   pair ──▶ LinkNamespaces ──▶ pair        a link that is one-way, every frame counted
//
//   SeededGenerator.swift — a random generator that one number replays
//   Seed.swift — a fresh seed for each random test, printed, or the one of SEED=
//   Eventually.swift — waiting for a condition, never for a time
//   Processes/ — programs, and what they leave behind
//   Brokers/ — real brokers, whoever made them
//   Clients/ — publishers, collectors, edge nodes and hosts by software that we did not write
//   Link/ — links that hurt, and links that are one-way
//   Pair/ — diode-send and diode-recv between two brokers
//   Disks/ — disks that fail
//   Traffic/ — messages that are known again wherever they appear
