import TestKit
import Testing

@testable import FEC

/// The kernels of this processor beside the portable one. A kernel that it lacks is not run here: `present` says which ones are.
@Suite("Vector kernels")
struct VectorKernelTests {
    @Test(
        "W-12 every kernel that this processor has gives the bytes of the portable one, whatever the shape, and writes nothing else"
    )
    func agreement() async {
        await withSeed { random in
            for round in 0..<400 {
                let columns = Int.random(in: 1...(round % 8 == 0 ? 255 : 40), using: &random)
                let rows = Int.random(in: 1...(round % 8 == 0 ? 60 : 9), using: &random)
                let symbolBytes =
                    round % 2 == 0 ? Int.random(in: 1...130, using: &random) : Int.random(in: 1...1_500, using: &random)
                var coefficients = CoefficientMatrix()
                coefficients.grow(toRows: rows + 2)
                for row in 0..<rows + 2 {
                    for column in 0..<256 { coefficients[row, column] = .random(in: 0...255, using: &random) }
                }
                let inputs = Array(Array(0..<columns + 3).shuffled(using: &random).prefix(columns))
                let outputs = Array(Array(0..<rows + 2).shuffled(using: &random).prefix(rows))
                let source = Code.randomBytes((columns + 3) * symbolBytes, using: &random)
                let before = Code.randomBytes((rows + 2) * symbolBytes, using: &random)
                func product(_ vector: VectorKernel?) -> [UInt8] {
                    var result = before
                    var product = SymbolProduct(vector)
                    var span = result.mutableSpan
                    var bytes = span.mutableBytes
                    product.multiply(
                        coefficients, rows: 1..<rows + 1, symbolBytes: symbolBytes, from: source.span.bytes,
                        inputSlots: inputs, into: &bytes, outputSlots: outputs)
                    return result
                }
                let expected = product(nil)
                for kernel in VectorKernel.present {
                    #expect(
                        product(kernel) == expected, "\(kernel), \(columns) columns, \(rows) rows of \(symbolBytes)")
                }
            }
        }
    }

    /// Each byte as the instruction computes it: bit i is the parity of byte 7 − i of the matrix and the input.
    @Test("the matrices are those that GF2P8AFFINEQB multiplies by, and the tables hold the products")
    func tables() {
        for coefficient in 0...UInt8.max {
            let matrix = VectorKernel.tables.matrices[Int(coefficient)]
            let table = VectorKernel.tables.products + 32 * Int(coefficient)
            let isRight = (0...UInt8.max).allSatisfy { byte in
                var product: UInt8 = 0
                for bit in 0..<8 {
                    let row = UInt8(truncatingIfNeeded: matrix >> UInt64(8 * (7 - bit)))
                    if (row & byte).nonzeroBitCount % 2 == 1 { product |= 1 << UInt8(bit) }
                }
                let expected = GaloisField.multiply(coefficient, byte)
                return product == expected && table[Int(byte & 15)] ^ table[16 + Int(byte >> 4)] == expected
            }
            #expect(isRight, "\(coefficient)")
        }
    }
}
