// KeyFiles: keys and cards on disk. Apart from Crypto, so that whoever only hashes and verifies cannot reach a file.
//
//   WholeFile.swift — small files: read bounded, written whole or not at all
//   KeyFile.swift — a private key on disk, readable by its owner alone
//   CardFile.swift — a link card on disk
//   RevocationFile.swift — the keys of a link that no receiver follows any more, beside its card
//   RotationFile.swift — the statements by which earlier keys have handed over, beside the key in use
//   SealFile.swift — a receiver's seal card on disk
