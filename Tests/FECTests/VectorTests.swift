import Testing

@testable import FEC

@Suite("Vectors")
struct VectorTests {
    @Test("the field has the inverses and products of the vectors")
    func field() throws {
        for line in try VectorFile.lines("field.txt") {
            let bytes = try line.dropFirst().map(VectorFile.bytes)
            if line[0] == "inverses" {
                #expect(bytes[0] == (1...255).map { GaloisField.inverse(UInt8($0)) })
            } else {
                #expect([GaloisField.multiply(bytes[0][0], bytes[1][0])] == bytes[2])
            }
        }
    }

    /// Encodes the unit symbols: the repair symbol of T = K bytes is then the row itself.
    @Test("W-12 the rows of the generator are those of the vectors")
    func generator() throws {
        for line in try VectorFile.lines("generator.txt") {
            let (sourceSymbols, esi) = (try VectorFile.number(line[0]), try VectorFile.number(line[1]))
            var identity = [UInt8](repeating: 0, count: sourceSymbols * sourceSymbols)
            for source in 0..<sourceSymbols { identity[source * sourceSymbols + source] = 1 }
            let symbols = Code.encode(
                identity, sourceSymbols: sourceSymbols, symbolBytes: sourceSymbols, esis: esi..<esi + 1)
            #expect(symbols == [try VectorFile.bytes(line[2])], "K \(sourceSymbols), ESI \(esi)")
        }
    }

    @Test("W-12 blocks encode to the symbols of the vectors")
    func symbols() throws {
        var (sourceSymbols, symbolBytes, source) = (0, 0, [UInt8]())
        for line in try VectorFile.lines("symbols.txt") {
            if line[0] == "block" {
                sourceSymbols = try VectorFile.number(line[1])
                symbolBytes = try VectorFile.number(line[2])
                source = try VectorFile.bytes(line[3])
            } else {
                let esi = try VectorFile.number(line[1])
                let symbols = Code.encode(
                    source, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, esis: esi..<esi + 1)
                #expect(symbols == [try VectorFile.bytes(line[2])], "K \(sourceSymbols), ESI \(esi)")
            }
        }
    }

    @Test("W-13 received symbols decode to the source of the vectors")
    func decoding() throws {
        var (sourceSymbols, symbolBytes, received) = (0, 0, [(esi: Int, symbol: [UInt8])]())
        for line in try VectorFile.lines("decoding.txt") {
            switch line[0] {
            case "decode":
                sourceSymbols = try VectorFile.number(line[1])
                symbolBytes = try VectorFile.number(line[2])
                received = []
            case "received":
                received.append((try VectorFile.number(line[1]), try VectorFile.bytes(line[2])))
            default:
                let source = Code.decode(received, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes)
                #expect(source == (try VectorFile.bytes(line[1])), "K \(sourceSymbols)")
            }
        }
    }
}
