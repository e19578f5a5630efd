// Datagrams: UDP in batches, one direction each. The sender's socket cannot read and the receiver's cannot send: the
// kernel enforces both, and neither file holds a call of the other kind.
//
//   frames ─▶ DatagramEmitter ══UDP══▶ │ diode │ ══UDP══▶ DatagramListener ─▶ DatagramBatch ─▶ frames
//             EmitterSocket: drop-all filter, reading shut down    ListenerSocket: writing shut down
//
//   DatagramError.swift — what is wrong with an address or a socket
//   SocketAddress.swift — a host and a port that the kernel takes
//   EmitterSocket.swift — opens a socket that can only send
//   DatagramEmitter.swift — sends frames of equal length in few system calls
//   DatagramBatch.swift — the memory that received datagrams land in
//   ListenerSocket.swift — opens a socket that can only receive
//   DatagramListener.swift — drains a socket that can only receive
//   InterfaceErrors.swift — what the interface below a listener could not take
