// FEC: symbols and their bytes. A systematic Reed–Solomon code over GF(2⁸) for small blocks.
//
//   packed block ─▶ SymbolPartition ─▶ SymbolEncoder ──▶ encoding symbols ──▶ BlockDecoder ─▶ packed block
//                   K symbols of T     + RepairRatio         any K of them
//                                            │                                    │
//                                   CoefficientMatrix ──▶ SymbolProduct ◀── CoefficientMatrix
//
//   1. CodeLimits.swift — the bounds that the code itself sets
//   2. SymbolPartition.swift — cuts a packed block into K source symbols of T bytes
//   3. RepairRatio.swift — how many repair symbols a transmission adds
//   4. SymbolEncoder.swift — computes encoding symbols
//   5. BlockDecoder.swift — collects any K encoding symbols and restores the source
//   6. GaloisField.swift — arithmetic in GF(2⁸)
//   7. CoefficientMatrix.swift — the rows of the generator and of its partial inverses
//   8. SymbolProduct.swift — matrix times symbols: the only unsafe code of this room
