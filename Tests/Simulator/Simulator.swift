// Simulator: both cores under virtual time over a seeded link.
