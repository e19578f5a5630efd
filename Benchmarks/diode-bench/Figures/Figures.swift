// Figures: a measured figure, and how it is taken and printed.
//
//   BenchRow.swift — one figure beside that of a peer, and the table of them
//   Timing.swift — medians of several runs
