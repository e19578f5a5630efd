// Datagrams: UDP in batches, one direction each. The sender's socket cannot read and the receiver's cannot send: the
// kernel enforces both, and neither folder holds a call of the other kind. Emitting and Listening are targets of their own,
// so that a side which depends on one of them cannot reach the other; what both need stands in this folder.
//
//   frames ─▶ DatagramEmitter ══UDP══▶ │ diode │ ══UDP══▶ DatagramListener ─▶ DatagramBatch ─▶ frames
//             EmitterSocket: drop-all filter, reading shut down    ListenerSocket: writing shut down
//
//   DatagramError.swift — what is wrong with an address or a socket
//   SocketAddress.swift — a host and a port that the kernel takes
//   SocketOptions.swift — sets what both kinds of socket set
//   Emitting/ — sends, and cannot receive
//   Listening/ — receives, and cannot send
