// Transport: bytes to a server and from it, over TCP or TLS.
//
//   AddressResolver.swift — a host's addresses
//   TCPSocket.swift — bytes over TCP
//   TLSContext.swift — keys and rules for TLS
//   TLSStream.swift — bytes over TLS
//   ByteStream.swift — a stream over TCP or TLS, whichever is configured
//   ReceiveBuffer.swift — bytes that are not a whole packet yet
