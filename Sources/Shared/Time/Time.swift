// Time: instants and durations as values. No clock is read here, so that whatever must not know the time by itself can use them.
//
//   Instants.swift — wall-clock and monotonic instants
//   Durations.swift — durations in whole units
