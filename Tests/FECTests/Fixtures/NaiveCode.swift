/// The code by its definition: one byte and one bit at a time. Shares nothing with the room under test.
enum NaiveCode {
    static func multiply(_ a: UInt8, _ b: UInt8) -> UInt8 {
        var (product, doubled) = (0, Int(a))
        for bit in 0..<8 {
            if b >> bit & 1 == 1 { product ^= doubled }
            doubled <<= 1
            if doubled > 255 { doubled ^= 0x11d }
        }
        return UInt8(product)
    }

    /// `products[a * 256 + b]` = a × b.
    static let products: [UInt8] = (0..<65536).map { multiply(UInt8($0 >> 8), UInt8($0 & 255)) }

    /// `inverses[a]` × a = 1; index 0 means nothing.
    static let inverses: [UInt8] = (0..<256).map { a in
        UInt8((1..<256).first { products[a << 8 | $0] == 1 } ?? 0)
    }

    static func row(esi: Int, sourceSymbols: Int) -> [UInt8] {
        (0..<sourceSymbols).map { source in
            esi < sourceSymbols ? (esi == source ? 1 : 0) : inverses[esi ^ source]
        }
    }

    static func symbol(_ source: [UInt8], sourceSymbols: Int, symbolBytes: Int, esi: Int) -> [UInt8] {
        var symbol = [UInt8](repeating: 0, count: symbolBytes)
        for (column, coefficient) in row(esi: esi, sourceSymbols: sourceSymbols).enumerated() {
            for byte in 0..<symbolBytes {
                symbol[byte] ^= products[Int(coefficient) << 8 | Int(source[column * symbolBytes + byte])]
            }
        }
        return symbol
    }
}
