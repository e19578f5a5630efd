// Fixtures: an operator and somebody in the way.
//
//   Operator.swift — both commands in a folder of their own
//   DatagramSocket.swift — somebody else's UDP socket on a port that a command wants
