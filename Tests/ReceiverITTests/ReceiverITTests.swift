// ReceiverITTests: each folder tests the part of ReceiverIT that it is named for.
//
//   Core/ — frames to records in order, without I/O and on virtual time
//   Store/ — what outlives the process, and how it stays within its limits
//   Audit/ — what the real diode-recv says of databases that a receiver wrote
//   Daemon/ — configuration, sockets, threads
//   Fixtures/ — what they share
