// Listening: the target DatagramListening. It receives UDP datagrams in batches, from sockets that cannot send.
//
//   DatagramBatch.swift — the memory that received datagrams land in
//   ListenerSocket.swift — opens a socket that can only receive
//   DatagramListener.swift — drains a socket that can only receive
//   InterfaceErrors.swift — what the interface below a listener could not take
