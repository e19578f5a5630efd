// Keys: how one key of a link follows another (ADR 0031).
//
//   Rotation.swift — the statement by which a key hands over to the next one, and its datagram
//   RotationError.swift — why a statement leads nowhere
//   KeyChain.swift — from the card that was paired to the one that is in use
