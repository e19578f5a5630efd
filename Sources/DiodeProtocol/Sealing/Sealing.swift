// Sealing: a block's packed bytes encrypted for one receiver, once, before erasure code and signature (WIRE §5, ADR 0028).
//
//   packed bytes ─▶ BlockSealer ─▶ ephemeral key ‖ nonce ‖ ciphertext ‖ tag ─▶ … the link … ─▶ BlockOpener ─▶ packed bytes
//                        ▲ SealCard: the receiver's public key                              private keys ─┘
//
//   SealCard.swift — the file that carries the receiver's public key to the sender
//   SealedContext.swift — what of a block is authenticated beside its bytes
//   BlockSealer.swift — the sender's end
//   BlockOpener.swift — the receiver's end
