// KeyFiles: private keys on disk. Apart from Crypto, so that whoever only hashes and verifies cannot reach a file.
//
//   KeyFile.swift — a private key on disk, readable by its owner alone
