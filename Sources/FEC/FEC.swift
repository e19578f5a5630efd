// FEC: symbols and their bytes. A systematic Reed–Solomon code over GF(2⁸) for small blocks.
//
//   packed block ─▶ SymbolPartition ─▶ SymbolEncoder ──▶ encoding symbols ──▶ BlockDecoder ─▶ packed block
//                   K symbols of T     + RepairRatio         any K of them
//                                            │                                    │
//                                   CoefficientMatrix ─▶ SymbolProduct ◀─ RestorationMatrix
//
//   CodeLimits.swift — the bounds that the code itself sets
//   SymbolPartition.swift — cuts a packed block into K source symbols of T bytes
//   RepairRatio.swift — how many repair symbols a transmission adds
//   SymbolEncoder.swift — computes encoding symbols
//   BlockDecoder.swift — collects any K encoding symbols and restores the source
//   SymbolSet.swift — which encoding symbols of a block have come
//   RestorationMatrix.swift — coefficients that restore lost source symbols
//   CoefficientMatrix.swift — rows of coefficients; the rows of the generator are among them
//   GaloisField.swift — arithmetic in GF(2⁸)
//   SymbolProduct.swift — matrix times symbols: checks, and the choice of a kernel
//   BitHornerKernel.swift — the portable kernel
//   VectorKernel.swift — the kernels for processors with AVX2 or GFNI, which CFieldKernels/ has in C
//   SpanCopying.swift — copies bytes into a span
