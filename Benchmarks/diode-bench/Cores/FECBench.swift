import FEC

/// Encoding and decoding of whole blocks, in gigabytes of source data per second.
///
/// Encode: the repair symbols of a block, tables ready. Decode: from K received symbols in buffers of their own, all
/// repair symbols among them, to the contiguous source block; preparing the coefficients is part of it.
func benchFEC() throws -> [BenchRow] {
    try [(32, 4), (100, 10), (200, 20)].flatMap { sourceSymbols, repairSymbols in
        let shape = BlockShape(sourceSymbols: sourceSymbols, repairSymbols: repairSymbols, symbolBytes: 1280)
        let source = (0..<shape.sourceBytes).map { _ in UInt8.random(in: 0...255) }
        var ours = OurBlock(shape, source: source)
        let peer = ISALBlock(shape, source: source)

        ours.encode()
        peer.encode()
        guard ours.repair == peer.repair else { throw WrongResult(name: "encode \(shape)") }
        ours.decode()
        peer.decode()
        guard ours.restored == source, peer.restored == source else { throw WrongResult(name: "decode \(shape)") }

        let encoding = Timing.medianSeconds(of: [{ ours.encode() }, peer.encode])
        let decoding = Timing.medianSeconds(of: [{ ours.decode() }, peer.decode])
        return [
            shape.row("encode", ours: encoding[0], peer: encoding[1]),
            shape.row("decode", ours: decoding[0], peer: decoding[1]),
        ]
    }
}

struct BlockShape: CustomStringConvertible {
    let sourceSymbols: Int
    let repairSymbols: Int
    let symbolBytes: Int

    var sourceBytes: Int { sourceSymbols * symbolBytes }
    var description: String { "(\(sourceSymbols),\(repairSymbols)) × \(symbolBytes)" }

    /// The worst loss that the repair covers, spread over the block: every n-th source symbol.
    var lost: [Int] { (0..<repairSymbols).map { $0 * sourceSymbols / repairSymbols } }
    /// The K symbols that arrive.
    var received: [Int] { (0..<sourceSymbols + repairSymbols).filter { !lost.contains($0) } }

    func row(_ name: String, ours: Double, peer: Double) -> BenchRow {
        let gigabytes = Double(sourceBytes) * 1e-9
        return BenchRow("\(name) \(self)", gigabytes / ours, "GB/s", peer: ("ISA-L", gigabytes / peer))
    }
}

/// The room FEC at work on one block.
private struct OurBlock: ~Copyable {
    private let shape: BlockShape
    private let received: [Int]
    private let source: [UInt8]
    private(set) var repair: [UInt8]
    private var encoder = SymbolEncoder()
    private var decoder: BlockDecoder

    init(_ shape: BlockShape, source: [UInt8]) {
        self.shape = shape
        received = shape.received
        self.source = source
        repair = [UInt8](repeating: 0, count: shape.repairSymbols * shape.symbolBytes)
        decoder = BlockDecoder(sourceSymbols: shape.sourceSymbols, symbolBytes: shape.symbolBytes)
    }

    mutating func encode() {
        Self.encode(source, shape, with: &encoder, into: &repair)
    }

    /// With encoder and output as parameters of their own, because a span of one property locks all of `self`.
    private static func encode(
        _ source: [UInt8], _ shape: BlockShape, with encoder: inout SymbolEncoder, into repair: inout [UInt8]
    ) {
        var span = repair.mutableSpan
        var bytes = span.mutableBytes
        encoder.encode(
            source: source.span.bytes, sourceSymbols: shape.sourceSymbols, symbolBytes: shape.symbolBytes,
            esis: shape.sourceSymbols..<shape.sourceSymbols + shape.repairSymbols, into: &bytes)
    }

    mutating func decode() {
        decoder.reset(sourceSymbols: shape.sourceSymbols, symbolBytes: shape.symbolBytes)
        for esi in received {
            let isSource = esi < shape.sourceSymbols
            let begin = (isSource ? esi : esi - shape.sourceSymbols) * shape.symbolBytes
            let symbol = (isSource ? source : repair).span.bytes.extracting(begin..<begin + shape.symbolBytes)
            _ = decoder.insert(esi: esi, symbol: symbol)
        }
        decoder.decode()
    }

    var restored: [UInt8] { decoder.source.withUnsafeBytes { Array($0) } }
}
