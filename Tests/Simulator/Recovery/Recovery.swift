// Recovery: how much arrives over bad links, in figures.
//
//   RecoveryRun.swift — what arrives after an outage, by what heals
//   RepairStatistics.swift — the share of blocks lost for one (K, M), beside the binomial
//   LossyBlockLink.swift — blocks of one shape, thinned out at random
