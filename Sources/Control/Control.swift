// Control: how a command reaches the daemon that runs on the same state: one daemon by a lock, and a Unix socket beside
// the state file that its owner and root alone may open.
//
//   send.db.lock ◀─ StateLock ─ daemon ─▶ ControlServer ─▶ send.db.sock ◀─ ControlClient ◀─ diode-send status
//                                         ControlSession per client: one line of JSON asks, one line answers
//
//   1. ControlError.swift — why a daemon cannot be reached or a state cannot be had
//   2. StateLock.swift — one daemon per state
//   3. ControlSocket.swift — opens both ends of the socket
//   4. ControlSession.swift — one client: lines in, lines out, bounded
//   5. ControlServer.swift — the daemon's thread that answers
//   6. ControlClient.swift — asks and waits for the answer
