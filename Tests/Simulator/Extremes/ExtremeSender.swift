import Crypto
import DiodeProtocol
import Time

/// Signs blocks of one symbol with whatever numbers it is told: a sender whose memory or database is wrong, or somebody who has its key.
final class ExtremeSender {
    private var signer: Ed25519Signer
    private var hasher = SymbolHasher()
    private var tree = MerkleTree()
    let card: LinkCard
    let incarnation = Incarnation(rawValue: 0xA11CE)
    static let firstEpoch: UInt64 = 1_790_000_000_000

    init() throws {
        let key = PairSimulation.seedOfKey
        signer = try Ed25519Signer(seed: key.span.bytes)
        card = try LinkCard(
            link: "plant-a", signer: &signer, lowestEpoch: Epoch(rawValue: Self.firstEpoch),
            issued: UnixMilliseconds(rawValue: Self.firstEpoch))
    }

    /// A beat; nil where its numbers do not fit a header.
    func frame(beat: Beat, epoch: UInt64, block: UInt64) throws -> [UInt8]? {
        try frame(.beat, epoch: epoch, block: block, first: 0, last: 0, content: beat.encode())
    }

    /// A block with one content in one symbol; nil where its numbers do not fit a header (W-05 to W-10).
    func frame(
        _ channel: Channel, epoch: UInt64, block: UInt64, first: UInt64, last: UInt64, content: [UInt8]
    ) throws -> [UInt8]? {
        let numbers: Range<UInt64> = 1..<(1 << 63)
        guard numbers.contains(epoch), numbers.contains(block), last < 1 << 63,
            content.count <= WireLimits.maximumSymbolBytes
        else { return nil }
        if channel == .live, first < 1 || last &+ 1 < first || last &+ 1 &- first > 1 << 32 { return nil }
        let id = BlockID(
            channel: channel, epoch: Epoch(rawValue: epoch), incarnation: incarnation,
            block: BlockNumber(rawValue: block))
        let salt = BlockSalt.random()
        let leaf = hasher.leaf(.salt(salt), EncodingSymbolID(rawValue: 0), content.span.bytes)
        let leaves = [leaf]
        let header = TransmissionHeader(
            link: card.linkFingerprint, id: id, flags: [], transmission: .first, sourceSymbols: 1,
            symbolBytes: content.count, firstSymbol: EncodingSymbolID(rawValue: 0), symbolCount: 1, partIndex: 0,
            partCount: 1, packedBytes: content.count, plainBytes: content.count,
            firstSequence: SequenceNumber(rawValue: first), lastSequence: SequenceNumber(rawValue: last),
            contentHash: hasher.contentHash(.salt(salt), sourceLeaves: leaves.span), salt: salt)
        tree.setLeaf(0, leaf)
        let root = tree.build(.salt(salt), leafCount: 1, with: &hasher)
        var headerBytes = [UInt8](repeating: 0, count: header.encodedBytes)
        do {
            var span = headerBytes.mutableSpan
            var bytes = span.mutableBytes
            header.encode(into: &bytes)
        }
        let message = SignedMessage(headerBytes: headerBytes.span.bytes, root: root)
        let signature = try signer.sign(message.bytes)
        var frame = [UInt8](repeating: 0, count: header.frameBytes)
        do {
            var span = frame.mutableSpan
            var bytes = span.mutableBytes
            header.encodeFrameStart(symbol: EncodingSymbolID(rawValue: 0), signature: signature, into: &bytes)
        }
        frame.replaceSubrange((frame.count - content.count)..., with: content)
        return frame
    }
}
