// SenderOTTests: each folder tests the part of SenderOT that it is named for.
//
//   Core/ — records to blocks and slices, without I/O and on virtual time
//   Journal/ — blocks on a real disk, repeats, starts
//   Emission/ — blocks to frames, paced, on real sockets
//   Daemon/ — configuration, the OT broker, the program as a whole
//   Fixtures/ — what they share
