// Fixtures: parts of a sender with everything around them, and readers of what leaves.
//
//   CoreRig         SenderCore ─▶ blocks, slices ─▶ read back
//   JournalRig      blocks ─▶ Journal ─▶ send.db, queue
//   RunningSender   broker ─▶ diode-send ─▶ FrameSink ─▶ read back
//
//   BlockReading.swift — records and statements of live blocks, read as a receiver does
//   SliceReading.swift — slices, read as a receiver does
//   NaiveState.swift — what a namespace holds, kept the plain way
//   CoreRig.swift — a core with its virtual clock, and everything that came out of it
//   JournalRig.swift — a journal with everything around it but a sender
//   FrameSink.swift — the far end of a link: a real socket, whose frames are verified and decoded
//   RunningSender.swift — the real diode-send between a real broker and such a sink
