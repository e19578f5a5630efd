// Fixtures: servers and networks that do as a test says.
//
//   ServerPackets.swift — packets that servers send, byte by byte, and what a decoder makes of them
//   SessionRig.swift — a session on virtual time with a server made by hand
//   NaiveServer.swift — a server for one client, written for clarity
//   TestClient.swift — a connection whose observer writes everything down
//   FakeBroker.swift — a server that lies, on a real socket
//   Cutter.swift — a TCP relay that cuts every connection through it
