// Emitting: the target DatagramEmission. It sends UDP datagrams in batches, from sockets that cannot receive.
//
//   EmitterSocket.swift — opens a socket that can only send
//   DatagramEmitter.swift — sends frames of equal length in few system calls
