/// Arithmetic in GF(2⁸) modulo x⁸ + x⁴ + x³ + x² + 1 (0x11d), the field of RFC 5510 section 8.1 and of most
/// Reed–Solomon libraries. Addition and subtraction are XOR; x (the byte 2) generates all 255 other elements.
enum GaloisField {
    /// x⁸ + x⁴ + x³ + x² + 1; bit i is the coefficient of xⁱ.
    static let polynomial = 0x11d

    /// `exp[n]` = xⁿ for n in 0..<765, so that the sum of three logarithms needs no reduction.
    static let exp: [UInt8] = {
        var powers: [UInt8] = []
        powers.reserveCapacity(765)
        var element = 1
        for _ in 0..<765 {
            powers.append(UInt8(element))
            element <<= 1
            if element > 255 { element ^= polynomial }
        }
        return powers
    }()

    /// `log[a]` = n with xⁿ = a, 0…254. Zero has no logarithm: `log[0]` is 0, so that a factor 0 drops out of a product
    /// that is summed up in logarithms.
    static let log: [UInt8] = {
        var logarithms = [UInt8](repeating: 0, count: 256)
        for exponent in 0..<255 { logarithms[Int(exp[exponent])] = UInt8(exponent) }
        return logarithms
    }()

    static func multiply(_ a: UInt8, _ b: UInt8) -> UInt8 {
        if a == 0 || b == 0 { return 0 }
        return exp[Int(log[Int(a)]) + Int(log[Int(b)])]
    }

    /// - Parameter a: any element but 0, which has no inverse.
    static func inverse(_ a: UInt8) -> UInt8 {
        precondition(a != 0, "zero has no inverse")
        return exp[255 - Int(log[Int(a)])]
    }
}
