// Threading: what the daemons' loops are made of. Each loop is one named thread that owns its state; what crosses
// from one thread to another crosses through a bounded ring or a lock, and a sleeping loop is woken by a descriptor.
//
//   main ──Signals──▶ stop        WorkerThread ──SPSCRing──▶ WorkerThread ──Lock──▶ status, counters
//                                      ▲  Poller: sockets, Wakeup
//
//   SystemError.swift — a system call that failed: which one and why
//   Clocks.swift — monotonic, boot and Unix time
//   Lock.swift — a value that threads take turns on
//   Wakeup.swift — wakes a thread that sleeps in poll or epoll
//   Poller.swift — waits for many descriptors at once
//   SPSCRing.swift — a bounded queue from one thread to one other
//   WorkerThread.swift — a named thread that owns its state
//   Signals.swift — SIGTERM, SIGINT and SIGHUP as values that main reads
//   DescriptorLimit.swift — how many descriptors the process may have
