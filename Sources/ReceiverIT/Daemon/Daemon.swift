// Daemon: what recv.json5 says, and the threads from start to drain.
//
//   ReceiverConfiguration.swift — everything that recv.json5 says
//   ReceiverLimits.swift — the limits of the configuration in the terms of the core
//   ReceiverServiceError.swift — why a receiver cannot start
//   DaemonWords.swift — what states, causes and reasons are called in the log and in status
//   ReceiverStatus.swift — links and sockets as of one instant
//   FrameListener.swift — drains one listening address on a thread of its own
//   LinkWorker.swift — one link on the core thread
//   ReceiverLoop.swift — the core thread
//   ReceiverService.swift — listeners, core thread, store, outboxes
