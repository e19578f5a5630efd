// Disks: what storage does to a program at the worst moment.
//
//   FaultyDisk.swift — a disk that fills, breaks, and forgets what was not synced
//   PowerLoss.swift — what a loss of power leaves of a file
