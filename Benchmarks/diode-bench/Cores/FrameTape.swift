import DiodeProtocol
import SenderOT
import SenderOTCore

/// What a sender put on the link, recorded block by block.
struct FrameTape {
    struct Block {
        let shape: BlockGeometry.Shape
        let records: Int
        /// Bytes of the block before compression.
        let plainBytes: Int
        let frameBytes: Int
        /// N frames, one after the other.
        let frames: [UInt8]

        var sourceBytes: Int { shape.sourceSymbols * shape.symbolBytes }
    }

    let card: LinkCard
    let blocks: [Block]
    /// What they are sealed for; nil: they are not.
    let seal: SealKey?

    /// Full blocks.
    init(_ records: RecordSet, _ geometry: BlockGeometry, blocks count: Int, seal: SealKey? = nil) throws {
        try self.init(geometry, blocks: count, seal: seal) { $0.nextBlock(of: records) }
    }

    /// Blocks of one record each.
    init(_ records: RecordSet, _ geometry: BlockGeometry, lone count: Int) throws {
        try self.init(geometry, blocks: count) { try $0.loneBlock(of: records) }
    }

    private init(
        _ geometry: BlockGeometry, blocks count: Int, seal: SealKey? = nil,
        _ next: (inout SendingSide) throws -> ClosedBlock
    ) throws {
        var sender = try SendingSide(geometry, seal: seal)
        self.seal = seal
        card = sender.card
        var blocks: [Block] = []
        for _ in 0..<count {
            let block = try next(&sender)
            try sender.encode(block)
            blocks.append(
                Block(
                    shape: block.shape, records: Int(block.lastSequence.rawValue - block.firstSequence.rawValue) + 1,
                    plainBytes: block.plainBytes, frameBytes: sender.arena.frameBytes,
                    frames: sender.arena.frames(0..<sender.arena.frameCount).withUnsafeBytes { Array($0) }))
        }
        self.blocks = blocks
    }

    /// Which frames arrive when each is lost with this probability, the same at each call.
    func arrivals(loss: Double) -> [[Int]] {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        return blocks.map { block in
            (0..<block.shape.symbolCount).filter { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Double(state >> 11) * 0x1p-53 >= loss
            }
        }
    }
}
