import Testing

@testable import FEC

@Suite("The field GF(2⁸)")
struct GaloisFieldTests {
    @Test("every product of two elements is that of the bitwise definition")
    func products() {
        var wrong: [(Int, Int)] = []
        for a in 0..<256 {
            for b in 0..<256 where GaloisField.multiply(UInt8(a), UInt8(b)) != NaiveCode.products[a << 8 | b] {
                wrong.append((a, b))
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test("multiplication commutes, associates and distributes over XOR")
    func axioms() {
        let sample: [UInt8] = [0, 1, 2, 3, 29, 127, 128, 142, 254, 255]
        for a in sample {
            for b in sample {
                #expect(GaloisField.multiply(a, b) == GaloisField.multiply(b, a))
                for c in sample {
                    let (ab, bc) = (GaloisField.multiply(a, b), GaloisField.multiply(b, c))
                    #expect(GaloisField.multiply(ab, c) == GaloisField.multiply(a, bc))
                    #expect(GaloisField.multiply(a, b ^ c) == ab ^ GaloisField.multiply(a, c))
                }
            }
        }
    }

    @Test("every element but zero has exactly the inverse that its product with it is one")
    func inverses() {
        for a in 1...255 as ClosedRange<UInt8> {
            #expect(GaloisField.multiply(a, GaloisField.inverse(a)) == 1)
        }
        #expect(Set((1...255).map { GaloisField.inverse(UInt8($0)) }).count == 255)
    }

    @Test("two generates all elements but zero, and logarithms invert powers")
    func logarithms() {
        #expect(Set(GaloisField.exp[0..<255]).count == 255)
        #expect(Array(GaloisField.exp[255..<510]) == Array(GaloisField.exp[0..<255]))
        for a in 1...255 { #expect(GaloisField.exp[Int(GaloisField.log[a])] == UInt8(a)) }
    }
}
