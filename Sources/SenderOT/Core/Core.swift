// Core: what the sender decides, everything between what the OT broker delivers and closed blocks. No I/O, no clock, no threads: this target
// could not reach them.
//
//   message ─▶ Admitting ─▶ Namespace ─▶ Blocks ─▶ closed blocks ─▶ (journal) ─▶ Transmissions ─▶ frames
//                               └─▶ Telling ─▶ slices, checkpoints, beats
//
//   Admitting/ — which messages cross, and on what terms
//   Namespace/ — the last known values of every topic, their stamps and versions
//   Telling/ — when the state is told, and in which slices
//   Blocks/ — records gathered into source blocks
//   Transmissions/ — when a block is sent, how fast, and as which frames
//   Broker/ — what the OT broker says of itself, followed over time
//   CoreSettings.swift — the settings of the core
//   CoreCounters.swift — counts what happened in the core
//   SenderCore.swift — the whole core: messages in, closed blocks and slices out
