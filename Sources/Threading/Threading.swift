// Threading: what the daemons' loops are made of. Each loop is one named thread that owns its state; what crosses
// from one thread to another crosses through a bounded ring or a lock, and a sleeping loop is woken by a descriptor.
//
//   main ──Signals──▶ stop        WorkerThread ──SPSCRing──▶ WorkerThread ──Lock──▶ status, counters
//                                      ▲  Poller: sockets, Wakeup
//
//   1. SystemError.swift — a system call that failed: which one and why
//   2. Clocks.swift — monotonic, boot and Unix time
//   3. Lock.swift — a value that threads take turns on
//   4. Wakeup.swift — wakes a thread that sleeps in poll or epoll
//   5. Poller.swift — waits for many descriptors at once
//   6. SPSCRing.swift — a bounded queue from one thread to one other
//   7. WorkerThread.swift — a named thread that owns its state
//   8. Signals.swift — SIGTERM, SIGINT and SIGHUP as values that main reads
//   9. DescriptorLimit.swift — how many descriptors the process may have
