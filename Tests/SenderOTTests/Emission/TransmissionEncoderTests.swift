import Crypto
import DiodeProtocol
import FEC
import TestKit
import Testing

@testable import SenderOT
@testable import SenderOTCore

@Suite struct TransmissionEncoderTests {
    static let ratios = [RepairRatio(share: 0.2, minimum: 4), RepairRatio(share: 0, minimum: 0)]

    private func geometry(mtu: Int = 1500, ratio: RepairRatio = ratios[0]) -> BlockGeometry {
        BlockGeometry(framing: EthernetFraming(mtuBytes: mtu), repair: ratio)
    }

    /// A live block of `count` pseudo-random bytes.
    private func block(_ count: Int, _ geometry: BlockGeometry) throws -> ClosedBlock {
        let shape = try #require(geometry.shape(packedBytes: count))
        var symbols = [UInt8](repeating: 0, count: shape.sourceSymbols * shape.symbolBytes)
        for index in 0..<count { symbols[index] = UInt8(truncatingIfNeeded: index &* 2_654_435_761 >> 7) }
        let id = BlockID(
            channel: .live, epoch: Epoch(rawValue: 7), incarnation: Incarnation(rawValue: 9),
            block: BlockNumber(rawValue: 3))
        return ClosedBlock(
            id: id, flags: [], partIndex: 0, partCount: 1, firstSequence: SequenceNumber(rawValue: 1),
            lastSequence: SequenceNumber(rawValue: 10), packedBytes: count, plainBytes: count, shape: shape,
            symbols: symbols, salt: BlockSalt(Digest16(first: 5, second: 6)), lastDelivery: nil)
    }

    private static func signer() throws -> Ed25519Signer {
        try Ed25519Signer(seed: [UInt8](repeating: 42, count: 32).span.bytes)
    }

    /// Checks a frame as a receiver does, and returns its ESI.
    private func verify(
        _ frame: RawSpan, _ hasher: inout SymbolHasher, _ verifier: inout Ed25519Verifier
    ) throws -> FrameSummary {
        let view = try FrameView(decoding: frame)
        let leaf = hasher.leaf(view.header.binding, view.symbolID, view.symbol)
        let root = hasher.root(view.header.binding, from: leaf, index: view.leafIndex, path: view.path)
        let message = SignedMessage(headerBytes: view.headerBytes, root: root)
        let valid = verifier.isValid(view.signature, for: message.bytes)
        #expect(valid)
        return FrameSummary(
            header: view.header, esi: Int(view.symbolID.rawValue), symbol: view.symbol.withUnsafeBytes { Array($0) })
    }

    private struct FrameSummary {
        var header: TransmissionHeader
        var esi: Int
        var symbol: [UInt8]
    }

    @Test(
        "W-01, W-06 every block up to the capacity gets frames that fit the path",
        arguments: [576, 1_280, 1_500, 9_000, 65_535])
    func shapes(mtu: Int) throws {
        for ratio in Self.ratios + [RepairRatio(share: 1, minimum: 10), RepairRatio(share: 3, minimum: 0)] {
            let geometry = geometry(mtu: mtu, ratio: ratio)
            for count in Set(
                (1...60).map { 1 + geometry.capacityBytes * $0 / 61 } + [1, 2, 100, geometry.capacityBytes])
            {
                let shape = try #require(geometry.shape(packedBytes: count))
                #expect(shape.sourceSymbols == (count + shape.symbolBytes - 1) / shape.symbolBytes)
                #expect(shape.sourceSymbols <= 104)
                #expect(
                    shape.symbolCount == shape.sourceSymbols + ratio.repairSymbols(sourceSymbols: shape.sourceSymbols))
                let path = TransmissionHeader.pathLength(symbolCount: shape.symbolCount)
                #expect(28 + WireLimits.frameOverheadBytes + 16 * path + shape.symbolBytes <= mtu)
            }
            #expect(geometry.shape(packedBytes: geometry.capacityBytes + 1) == nil)
        }
    }

    @Test("P4 every frame decodes and leads to the one signature", arguments: [1, 200, 1_279, 1_280, 30_000, 122_000])
    func authentic(count: Int) throws {
        let block = try block(count, geometry())
        var encoder = TransmissionEncoder(signer: try Self.signer())
        var verifier = try Ed25519Verifier(Self.signer().publicKey)
        var hasher = SymbolHasher()
        var arena = FrameArena()
        try encoder.encode(block, into: &arena)
        #expect(arena.frameCount == block.shape.symbolCount)
        #expect(arena.sourceFrames == block.shape.sourceSymbols)
        for index in 0..<arena.frameCount {
            let frame = try verify(arena.frame(index), &hasher, &verifier)
            #expect(frame.esi == index)
            #expect(frame.header.transmission == .first)
            #expect(frame.header.link == LinkFingerprint(of: try Self.signer().publicKey))
        }
    }

    @Test("W-13 any K of the N frames restore the packed bytes, of one transmission or of several")
    func anyK() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var encoder = TransmissionEncoder(signer: try Self.signer())
        var verifier = try Ed25519Verifier(Self.signer().publicKey)
        var hasher = SymbolHasher()
        for round in 0..<20 {
            let block = try block(1 + Int(random.next() % 60_000), geometry())
            var frames: [Int: FrameSummary] = [:]
            var firstSymbol = 0
            for transmission in 0..<3 {
                var arena = FrameArena()
                try encoder.encode(
                    block, transmission: TransmissionNumber(rawValue: UInt16(transmission)),
                    firstSymbol: EncodingSymbolID(rawValue: UInt8(firstSymbol)), into: &arena)
                for index in 0..<arena.frameCount {
                    let frame = try verify(arena.frame(index), &hasher, &verifier)
                    #expect(frame.esi == (firstSymbol + index) % 255)
                    if let before = frames[frame.esi] {
                        #expect(before.header.contentHash == frame.header.contentHash)
                        #expect(before.symbol == frame.symbol, "an encoding symbol never changes")
                    }
                    frames[frame.esi] = frame
                }
                firstSymbol = (firstSymbol + arena.frameCount) % 255
            }
            var decoder = BlockDecoder(sourceSymbols: block.shape.sourceSymbols, symbolBytes: block.shape.symbolBytes)
            for frame in frames.values.shuffled(using: &random).prefix(block.shape.sourceSymbols) {
                _ = decoder.insert(esi: frame.esi, symbol: frame.symbol.span.bytes)
            }
            decoder.decode()
            let restored = decoder.source.withUnsafeBytes { Array($0) }
            #expect(restored == block.symbols, "seed \(seed), round \(round)")
        }
    }

    @Test("the overhead on the wire is the configured one")
    func overhead() throws {
        let block = try block(100 * 1_182, geometry())
        #expect(block.shape.sourceSymbols == 100)
        #expect(block.shape.symbolCount == 120)
        var encoder = TransmissionEncoder(signer: try Self.signer())
        var arena = FrameArena()
        try encoder.encode(block, into: &arena)
        let sent = arena.frames(0..<arena.frameCount).byteCount
        #expect(sent == 120 * (178 + 7 * 16 + 1_182))
    }

    @Test("P10 a lone small record is one small datagram and its two repairs")
    func lone() throws {
        let block = try block(80, geometry())
        var encoder = TransmissionEncoder(signer: try Self.signer())
        var arena = FrameArena()
        try encoder.encode(block, into: &arena)
        #expect(arena.frameCount == 3)
        #expect(arena.frameBytes == 178 + 32 + 80)
    }
}
