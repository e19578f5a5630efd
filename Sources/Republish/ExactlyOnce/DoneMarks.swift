/// Positions of the outbox whose hand-over at QoS 2 is over, while something before them keeps them in the outbox: a later process must
/// not send them again.
///
/// One bit each, in blocks of 1,024 positions; a block is a note of the outbox. Bounded by what the publisher takes at once.
struct DoneMarks: Sendable, Equatable {
    static let blockBits: UInt64 = 1_024
    private static let words = 16

    private(set) var blocks: [UInt64: [UInt64]] = [:]

    var isEmpty: Bool { blocks.isEmpty }

    func contains(_ position: UInt64) -> Bool {
        guard !blocks.isEmpty, let words = blocks[position / Self.blockBits] else { return false }
        let bit = position % Self.blockBits
        return words[Int(bit / 64)] & 1 << (bit % 64) != 0
    }

    /// - Returns: the block that it lies in.
    @discardableResult
    mutating func insert(_ position: UInt64) -> UInt64 {
        let (block, bit) = (position / Self.blockBits, position % Self.blockBits)
        blocks[block, default: Array(repeating: 0, count: Self.words)][Int(bit / 64)] |= 1 << (bit % 64)
        return block
    }

    /// - Returns: whether it was there.
    mutating func remove(_ position: UInt64) -> Bool {
        guard contains(position) else { return false }
        let (block, bit) = (position / Self.blockBits, position % Self.blockBits)
        blocks[block]?[Int(bit / 64)] &= ~(1 << (bit % 64))
        return true
    }

    /// Forgets what the outbox has let go.
    /// - Returns: the blocks that went.
    mutating func trim(before settled: UInt64) -> [UInt64] {
        guard !blocks.isEmpty else { return [] }
        let gone = blocks.keys.filter { ($0 + 1) * Self.blockBits <= settled }
        for block in gone { blocks[block] = nil }
        return gone
    }

    // MARK: As bytes

    func bytes(of block: UInt64) -> [UInt8]? {
        blocks[block].map { words in
            words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
        }
    }

    /// Takes a block in, unless it is none.
    mutating func restore(_ block: UInt64, _ bytes: [UInt8]) {
        guard bytes.count == Self.words * 8, block <= UInt64.max / Self.blockBits - 1 else { return }
        blocks[block] = (0..<Self.words).map { word in
            bytes[word * 8..<word * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}
