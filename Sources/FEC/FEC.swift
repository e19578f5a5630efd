// FEC: symbols and their bytes. A systematic Reed–Solomon code over GF(2⁸) for small blocks.
//
//   packed block ─▶ SymbolPartition ─▶ SymbolEncoder ──▶ encoding symbols ──▶ BlockDecoder ─▶ packed block
//                   K symbols of T     + RepairRatio         any K of them
//                                            │                                    │
//                                   CoefficientMatrix ─▶ SymbolProduct ◀─ RestorationMatrix
//
//   1. CodeLimits.swift — the bounds that the code itself sets
//   2. SymbolPartition.swift — cuts a packed block into K source symbols of T bytes
//   3. RepairRatio.swift — how many repair symbols a transmission adds
//   4. SymbolEncoder.swift — computes encoding symbols
//   5. BlockDecoder.swift — collects any K encoding symbols and restores the source
//   6. SymbolSet.swift — which encoding symbols are in
//   7. RestorationMatrix.swift — coefficients that restore lost source symbols
//   8. CoefficientMatrix.swift — rows of coefficients, those of the generator among them
//   9. GaloisField.swift — arithmetic in GF(2⁸)
//  10. SymbolProduct.swift — matrix times symbols: checks, and the choice of a kernel
//  11. BitHornerKernel.swift — the portable kernel
//  12. SpanCopying.swift — copies bytes into a span
