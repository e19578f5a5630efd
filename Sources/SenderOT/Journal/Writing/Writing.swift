// Writing: the journal's threads.
//
//   JournalWriter.swift — the thread `journal`: commits, and what happens when the disk refuses
//   JournalFeed.swift — hands blocks to the emitter, from memory or back from disk
//   JournalSync.swift — syncs what was committed, then acknowledges
//   LatencyHistogram.swift — how long commits and syncs took
