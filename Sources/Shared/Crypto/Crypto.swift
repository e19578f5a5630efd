// Crypto: the few operations of OpenSSL that the pair needs, with owned contexts and fixed-size values, so that no
// other room touches a C pointer of libcrypto.
//
//   bytes ─▶ SHA256Hasher ─▶ Digest32 ─▶ Digest16          header ─▶ Ed25519Signer ─▶ signature ─▶ Ed25519Verifier
//                                                                        ▲
//                                              a private key ────────────┘
//
//   CryptoError.swift — what libcrypto refused
//   Digest.swift — SHA-256 values of 32 and of 16 bytes
//   SHA256Hasher.swift — hashing with one reused context
//   Randomness.swift — random numbers
//   RawKey.swift — keys of libcrypto from their 32 bytes, and back
//   Ed25519.swift — public keys, signatures, signing and verifying
//   X25519.swift — key agreement, and secrets that are wiped
//   SealingCipher.swift — authenticated encryption, with nonces that no rollback repeats
