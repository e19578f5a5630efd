// Crypto: the few operations of OpenSSL that the pair needs, with owned contexts and fixed-size values, so that no
// other room touches a C pointer of libcrypto.
//
//   bytes ─▶ SHA256Hasher ─▶ Digest32 ─▶ Digest16          header ─▶ Ed25519Signer ─▶ signature ─▶ Ed25519Verifier
//                                                                        ▲
//                                              NAME.key ─▶ KeyFile ──────┘
//
//   1. CryptoError.swift — what libcrypto refused
//   2. Digest.swift — SHA-256 values of 32 and of 16 bytes
//   3. SHA256Hasher.swift — hashing with one reused context
//   4. Randomness.swift — random bytes and numbers
//   5. Ed25519.swift — public keys, signatures, signing and verifying
//   6. KeyFile.swift — a private key on disk, readable by its owner alone
