// Control: how a command reaches the daemon that runs on the same state: one daemon by a lock, and a Unix socket beside
// the state file that its owner and root alone may open.
//
//   send.db.lock ◀─ StateLock ─ daemon ─▶ ControlServer ─▶ send.db.sock ◀─ ControlClient ◀─ diode-send status
//                                         ControlSession per client: one line of JSON asks, one line answers
//
//   ControlError.swift — why a daemon cannot be reached or a state cannot be had
//   StateLock.swift — one daemon per state
//   ControlSocket.swift — opens both ends of the socket
//   ControlPeer.swift — the account at the other end
//   ControlSession.swift — one client: lines in, lines out, bounded
//   ControlServer.swift — the daemon's thread that answers
//   ControlClient.swift — asks and waits for the answer
