internal import Collections
internal import Crypto
internal import DiodeProtocol
internal import FEC

/// One block under way: its symbols, and the leaves of its source symbols, so that each byte is hashed once.
///
/// A class, because the table of blocks moves its elements and a decoder must not be copied; used for one block after
/// another.
final class Assembly {
    private(set) var header: TransmissionHeader
    /// Counts up with each block begun.
    private(set) var number: UInt64 = 0
    private(set) var newestTransmission = TransmissionNumber.first
    private var decoder: BlockDecoder
    private var leaves: [Digest16] = []
    /// Which source symbols came (the others are restored).
    private var hasLeaf: [Bool] = []

    init() {
        header = .smallest
        decoder = BlockDecoder(sourceSymbols: 1, symbolBytes: 1)
    }

    /// K × T.
    var byteCount: Int { header.sourceSymbols * header.symbolBytes }
    var missingSource: Int { decoder.missingSource }

    func begin(_ header: TransmissionHeader, number: UInt64) {
        self.header = header
        self.number = number
        newestTransmission = header.transmission
        decoder.reset(sourceSymbols: header.sourceSymbols, symbolBytes: header.symbolBytes)
        leaves.removeAll(keepingCapacity: true)
        leaves.append(contentsOf: repeatElement(.zero, count: header.sourceSymbols))
        hasLeaf.removeAll(keepingCapacity: true)
        hasLeaf.append(contentsOf: repeatElement(false, count: header.sourceSymbols))
    }

    /// Whether symbols of another transmission combine with these (W-18): everything but the transmission's own numbers
    /// is the same.
    func agrees(with other: TransmissionHeader) -> Bool {
        header.contentHash == other.contentHash && header.salt == other.salt
            && header.sourceSymbols == other.sourceSymbols
            && header.symbolBytes == other.symbolBytes && header.id == other.id && header.flags == other.flags
            && header.packedBytes == other.packedBytes && header.plainBytes == other.plainBytes
            && header.partIndex == other.partIndex && header.partCount == other.partCount
            && header.firstSequence == other.firstSequence && header.lastSequence == other.lastSequence
    }

    func insert(
        _ symbol: EncodingSymbolID, leaf: Digest16, bytes: RawSpan, of transmission: TransmissionNumber
    ) -> BlockDecoder.Insertion {
        let insertion = decoder.insert(esi: Int(symbol.rawValue), symbol: bytes)
        switch insertion {
        case .stored, .complete:
            let index = Int(symbol.rawValue)
            if index < leaves.count {
                leaves[index] = leaf
                hasLeaf[index] = true
            }
            newestTransmission = max(newestTransmission, transmission)
        case .duplicate, .surplus: break
        }
        return insertion
    }

    /// Restores the missing symbols and checks the content hash (W-19).
    /// - Returns: false if the block is not what its header says.
    func decode(with hasher: inout SymbolHasher) -> Bool {
        decoder.decode()
        let size = header.symbolBytes
        for index in leaves.indices where !hasLeaf[index] {
            leaves[index] = hasher.leaf(
                header.binding, EncodingSymbolID(rawValue: UInt8(index)),
                decoder.source.extracting(index * size..<(index + 1) * size))
        }
        return hasher.contentHash(header.binding, sourceLeaves: leaves.span) == header.contentHash
    }

    /// The plain content of the decoded block.
    func unpack(with packing: inout BlockPacking, _ opener: inout BlockOpener) throws(ContentError) -> [UInt8] {
        try Self.unpack(decoder, header, with: &packing, &opener)
    }

    /// The content of the decoded block as it was signed.
    var packed: [UInt8] { Self.packed(decoder, header) }

    // A span of the decoder must not outlive the access to this object's property, hence these take the decoder.

    private static func unpack(
        _ decoder: borrowing BlockDecoder, _ header: TransmissionHeader, with packing: inout BlockPacking,
        _ opener: inout BlockOpener
    ) throws(ContentError) -> [UInt8] {
        var plain: [UInt8] = []
        try packing.unpack(source: decoder.source, header: header, opener: &opener, into: &plain)
        return plain
    }

    private static func packed(_ decoder: borrowing BlockDecoder, _ header: TransmissionHeader) -> [UInt8] {
        [UInt8](copying: decoder.source.extracting(0..<header.packedBytes))
    }
}
