import Crypto
import DiodeProtocol
import FEC
import Time

/// One block as a test wants it sent.
struct TestBlock {
    var header: TransmissionHeader
    /// K × T bytes, padded.
    var source: [UInt8]
}

/// A record as a test writes it.
struct TestRecord {
    var topic = "acme/line/temperature"
    var payload: [UInt8] = Array("21.5".utf8)
    var properties: [UInt8] = []
    var retain = false
    var qos = QualityOfService.atLeastOnce
    var version: UInt64 = 1
    var time: UInt64 = 1_763_716_000_000
}

/// Makes blocks and frames as a sender would, and as an attacker with or without the key could.
final class TestSender {
    private var signer: Ed25519Signer
    private var hasher = SymbolHasher()
    private var tree = MerkleTree()
    private var encoder = SymbolEncoder()
    let card: LinkCard
    var epoch = Epoch(rawValue: 1_763_716_000_001)
    var incarnation = Incarnation(rawValue: 0xA11CE)
    var symbolBytes = 200
    var repair = 2
    /// Of every block; nil: they go in version 1.
    var salt: BlockSalt? = BlockSalt(Digest16(first: 0x5A17, second: 0xED))
    private(set) var nextBlock: UInt64 = 1
    private(set) var nextSequence: UInt64 = 1
    private(set) var nextBeat: UInt64 = 1

    init(seed: UInt8 = 7, name: String = "plant-a", lowestEpoch: UInt64 = 1_763_716_000_000) throws {
        signer = try Ed25519Signer(seed: [UInt8](repeating: seed, count: 32).span.bytes)
        card = try LinkCard(
            link: name, signer: &signer, lowestEpoch: Epoch(rawValue: lowestEpoch),
            issued: UnixMilliseconds(rawValue: 1_763_716_000_000))
    }

    func beginEpoch(_ epoch: UInt64, incarnation: UInt64) {
        self.epoch = Epoch(rawValue: epoch)
        self.incarnation = Incarnation(rawValue: incarnation)
        nextBlock = 1
        nextSequence = 1
        nextBeat = 1
    }

    /// The next live block, with these records.
    func live(_ records: [TestRecord]) -> TestBlock {
        var content = LiveContentEncoder()
        for record in records { append(record, to: &content) }
        return live(&content)
    }

    /// The next live block with `count` records of one topic, whose payload is the record's sequence.
    func live(count: Int, topic: String = "acme/line/counter", retain: Bool = false) -> TestBlock {
        let first = nextSequence
        return live(
            (0..<UInt64(count)).map {
                TestRecord(
                    topic: topic, payload: Array(String(first + $0).utf8), retain: retain, version: first + $0)
            })
    }

    /// The next live block with the content of an encoder.
    func live(_ content: inout LiveContentEncoder) -> TestBlock {
        let count = content.sequenceCount
        var plain: [UInt8] = []
        content.finish(into: &plain)
        let block = block(
            .live, number: nextBlock, first: nextSequence, last: nextSequence + count - 1, plain: plain)
        nextBlock += 1
        nextSequence += count
        return block
    }

    /// One record in `parts` consecutive blocks.
    func liveParts(_ record: TestRecord, parts: Int) -> [TestBlock] {
        var content = LiveContentEncoder()
        append(record, to: &content)
        var plain: [UInt8] = []
        content.finish(into: &plain)
        let size = (plain.count + parts - 1) / parts
        let blocks = (0..<parts).map { index in
            let piece = Array(plain[index * size..<min(plain.count, (index + 1) * size)])
            return block(
                .live, number: nextBlock + UInt64(index), first: nextSequence, last: nextSequence, plain: piece,
                part: index, parts: parts)
        }
        nextBlock += UInt64(parts)
        nextSequence += 1
        return blocks
    }

    /// The next beat; `change` sets what it says.
    func beat(_ change: (inout Beat) -> Void = { _ in }) -> TestBlock {
        var beat = Beat(
            clock: UnixMilliseconds(rawValue: 1_763_716_000_500), lastSequence: nextSequence - 1,
            lastLiveBlock: nextBlock - 1, lastSnapshotBlock: 0, periodMilliseconds: 1_000)
        change(&beat)
        defer { nextBeat += 1 }
        return block(.beat, number: nextBeat, first: 0, last: 0, plain: beat.encode())
    }

    /// A block with any numbers.
    func block(
        _ channel: Channel, number: UInt64, first: UInt64, last: UInt64, plain: [UInt8], part: Int = 0, parts: Int = 1
    ) -> TestBlock {
        let shape = SymbolPartition(
            packedBytes: plain.count, maximumSymbolBytes: symbolBytes, maximumSourceSymbols: 255)
        let sourceSymbols = shape?.sourceSymbols ?? 1
        let size = shape?.symbolBytes ?? plain.count
        let source = plain + [UInt8](repeating: 0, count: sourceSymbols * size - plain.count)
        var header = TransmissionHeader(
            link: card.linkFingerprint,
            id: BlockID(
                channel: channel, epoch: epoch, incarnation: incarnation, block: BlockNumber(rawValue: number)),
            flags: [], transmission: .first, sourceSymbols: sourceSymbols, symbolBytes: size,
            firstSymbol: EncodingSymbolID(rawValue: 0), symbolCount: min(255, sourceSymbols + repair),
            partIndex: part, partCount: parts, packedBytes: plain.count, plainBytes: plain.count,
            firstSequence: SequenceNumber(rawValue: first), lastSequence: SequenceNumber(rawValue: last),
            contentHash: .zero, salt: salt)
        header.contentHash = contentHash(of: source, header)
        return TestBlock(header: header, source: source)
    }

    func contentHash(of source: [UInt8], _ header: TransmissionHeader) -> ContentHash {
        let leaves = (0..<header.sourceSymbols).map { index in
            hasher.leaf(
                header.binding, EncodingSymbolID(rawValue: UInt8(index)),
                source.span.bytes.extracting(index * header.symbolBytes..<(index + 1) * header.symbolBytes))
        }
        return hasher.contentHash(header.binding, sourceLeaves: leaves.span)
    }

    /// The frames of one transmission of a block, in leaf order.
    func frames(
        _ block: TestBlock, transmission: UInt16 = 0, firstSymbol: Int = 0, symbols: Int? = nil
    ) throws -> [[UInt8]] {
        var header = block.header
        header.transmission = TransmissionNumber(rawValue: transmission)
        header.firstSymbol = EncodingSymbolID(rawValue: UInt8(firstSymbol))
        header.symbolCount = symbols ?? header.symbolCount
        return try frames(header: header, source: block.source)
    }

    func frames(header: TransmissionHeader, source: [UInt8]) throws -> [[UInt8]] {
        let size = header.symbolBytes
        var encoded = [UInt8](repeating: 0, count: 255 * size)
        do {
            var span = encoded.mutableSpan
            var bytes = span.mutableBytes
            encoder.encode(
                source: source.span.bytes, sourceSymbols: header.sourceSymbols, symbolBytes: size, esis: 0..<255,
                into: &bytes)
        }
        var symbols: [[UInt8]] = []
        for leaf in 0..<header.symbolCount {
            let esi = header.symbol(ofLeaf: leaf)
            let symbol = Array(encoded[Int(esi.rawValue) * size..<(Int(esi.rawValue) + 1) * size])
            tree.setLeaf(leaf, hasher.leaf(header.binding, esi, symbol.span.bytes))
            symbols.append(symbol)
        }
        let root = tree.build(header.binding, leafCount: header.symbolCount, with: &hasher)
        var headerBytes = [UInt8](repeating: 0, count: header.encodedBytes)
        do {
            var span = headerBytes.mutableSpan
            var bytes = span.mutableBytes
            header.encode(into: &bytes)
        }
        let message = SignedMessage(headerBytes: headerBytes.span.bytes, root: root)
        let signature = try signer.sign(message.bytes)
        return symbols.enumerated().map { leaf, symbol in
            var frame = [UInt8](repeating: 0, count: header.frameBytes)
            var span = frame.mutableSpan
            var bytes = span.mutableBytes
            header.encodeFrameStart(symbol: header.symbol(ofLeaf: leaf), signature: signature, into: &bytes)
            tree.storePath(ofLeaf: leaf, into: &bytes, at: header.overheadBytes)
            bytes.store(symbol.span.bytes, at: header.overheadBytes + 16 * header.pathLength)
            return frame
        }
    }

    private func append(_ record: TestRecord, to content: inout LiveContentEncoder) {
        content.append(
            topic: record.topic.utf8.span.bytes,
            flags: RecordFlags(qos: record.qos, retain: record.retain, hasProperties: !record.properties.isEmpty),
            version: TopicVersion(rawValue: record.version), time: UnixMilliseconds(rawValue: record.time),
            properties: record.properties.span.bytes, payload: record.payload.span.bytes)
    }
}
