// Daemon: what recv.json5 says, and the threads from start to drain.
//
//   ReceiverConfiguration.swift — everything that recv.json5 says
//   ListeningAddress.swift — one entry of `listen`: an address, and the interface that it takes datagrams from
//   ReceiverLimits.swift — the limits of the configuration in the terms of the core
//   ReceiverServiceError.swift — why a receiver cannot start
//   DaemonWords.swift — what states, causes and reasons are called in the log and in status
//   ReceiverStatus.swift — links and sockets as of one instant
//   VerificationScale.swift — measures what a verification costs on this machine
//   FrameListener.swift — drains one listening address on a thread of its own
//   LinkWorker.swift — one link on the core thread
//   VerificationShares.swift — half a core for all links together, each second anew
//   ReceiverLoop.swift — the core thread
//   ReceiverService.swift — listeners, core thread, store, outboxes
