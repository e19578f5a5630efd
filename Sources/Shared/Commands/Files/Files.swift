// Files: the small files that commands read and write.
//
//   WholeFile.swift — small files: read bounded, written whole or not at all
//   CardFile.swift — a link card on disk
