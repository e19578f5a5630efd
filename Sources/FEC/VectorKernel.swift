internal import CFieldKernels

/// The kernels for one kind of processor: the same dot products by instructions that have to be there (`CFieldKernels`).
///
/// AVX2 looks products up by halves of a byte, 32 at once; GFNI with AVX-512 makes them by affine transformations, 64 at once.
/// Both need what is known of each coefficient, 8 KiB and 2 KiB, which is made once.
enum VectorKernel: CaseIterable {
    case avx2, gfni

    /// Those that this processor has, the fastest last.
    static let present = Array(allCases.prefix(Int(cfk_level())))

    func compute(_ products: DotProducts) {
        guard let inputs = products.inputs.baseAddress, let outputs = products.outputs.baseAddress else { return }
        let (input, output) = (
            inputs.assumingMemoryBound(to: UInt8.self), outputs.assumingMemoryBound(to: UInt8.self)
        )
        // Safe: every slot lies in its buffer, rows lie in the matrix and there are at most 255 of either, by the contract of `DotProducts`,
        // which was checked; the functions read and write nothing else.
        products.coefficients.elements.withUnsafeBufferPointer { elements in
            products.inputSlots.withUnsafeBufferPointer { inputSlots in
                products.outputSlots.withUnsafeBufferPointer { outputSlots in
                    guard let start = elements.baseAddress, let columns = inputSlots.baseAddress,
                        let rows = outputSlots.baseAddress
                    else { return }
                    let coefficients = start + products.rows.lowerBound * CoefficientMatrix.rowStride
                    switch self {
                    case .avx2:
                        cfk_dot_products_avx2(
                            Self.tables.products, coefficients, outputSlots.count, inputSlots.count, input, columns,
                            output, rows, products.symbolBytes)
                    case .gfni:
                        cfk_dot_products_gfni(
                            Self.tables.matrices, coefficients, outputSlots.count, inputSlots.count, input, columns,
                            output, rows, products.symbolBytes)
                    }
                }
            }
        }
    }

    /// What the kernels know of each coefficient. Never freed and never changed, so that any thread may read them.
    struct Tables: @unchecked Sendable {
        /// 32 bytes each: its products with 0…15, and with 0, 16, …, 240.
        let products: UnsafePointer<UInt8>
        /// The bit matrix of the multiplication by it: byte 7 − i makes bit i of the product.
        let matrices: UnsafePointer<UInt64>

        fileprivate init() {
            let products = UnsafeMutableRawPointer.allocate(byteCount: 256 * 32, alignment: 64)
                .bindMemory(to: UInt8.self, capacity: 256 * 32)
            let matrices = UnsafeMutablePointer<UInt64>.allocate(capacity: 256)
            for coefficient in 0...UInt8.max {
                let table = products + 32 * Int(coefficient)
                for half in 0..<16 as Range<UInt8> {
                    table[Int(half)] = GaloisField.multiply(coefficient, half)
                    table[16 + Int(half)] = GaloisField.multiply(coefficient, half << 4)
                }
                matrices[Int(coefficient)] = Self.matrix(of: coefficient)
            }
            self.products = UnsafePointer(products)
            self.matrices = UnsafePointer(matrices)
        }

        private static func matrix(of coefficient: UInt8) -> UInt64 {
            var matrix: UInt64 = 0
            for column in 0..<8 as Range<UInt64> {
                let product = UInt64(GaloisField.multiply(coefficient, 1 << UInt8(column)))
                for bit in 0..<8 as Range<UInt64> { matrix |= (product >> bit & 1) << (8 * (7 - bit) + column) }
            }
            return matrix
        }
    }

    static let tables = Tables()
}
