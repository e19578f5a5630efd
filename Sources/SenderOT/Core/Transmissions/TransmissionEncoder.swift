public import Crypto
public import DiodeProtocol
internal import FEC

/// Makes the frames of one transmission of a closed block: erasure code, tree, one signature (ADR 0002, ADR 0005).
///
/// ```text
/// symbols ─▶ leaves 0…K−1 ─▶ content hash ─▶ header ─┐
///    └─▶ repair symbols ─▶ leaves ─▶ tree ─▶ root ───┴▶ sign once ─▶ N frames
/// ```
///
/// One thread owns it. Nothing is allocated once it has seen the largest block.
public struct TransmissionEncoder: ~Copyable {
    /// Names the link in every frame.
    public private(set) var link: LinkFingerprint
    private var signer: Ed25519Signer
    private var coder = SymbolEncoder()
    private var hasher = SymbolHasher()
    private var tree = MerkleTree()
    private var sourceLeaves: [Digest16] = []
    private var repair: [UInt8] = []

    public init(signer: consuming Ed25519Signer) {
        link = LinkFingerprint(of: signer.publicKey)
        self.signer = signer
        sourceLeaves.reserveCapacity(EncodingSymbolID.count)
    }

    /// Encodes a transmission.
    ///
    /// - Parameters:
    ///   - transmission: 0 for the first.
    ///   - firstSymbol: the ESI that it begins with: 0 for the first transmission; a repetition begins after the last
    ///     one sent, modulo 255, so that its symbols are new where they can be.
    /// - Throws: when libcrypto cannot sign; the arena's content is then undefined.
    public mutating func encode(
        _ block: borrowing ClosedBlock, transmission: TransmissionNumber = .first,
        firstSymbol: EncodingSymbolID = EncodingSymbolID(rawValue: 0), into arena: inout FrameArena
    ) throws(CryptoError) {
        hashSource(block)
        let shape = block.shape
        // A second reference to the same array, not a copy of it: spans of `self` would bar its other members.
        let leaves = sourceLeaves
        let header = TransmissionHeader(
            link: link, id: block.id, flags: block.flags, transmission: transmission,
            sourceSymbols: shape.sourceSymbols, symbolBytes: shape.symbolBytes, firstSymbol: firstSymbol,
            symbolCount: shape.symbolCount, partIndex: block.partIndex, partCount: block.partCount,
            packedBytes: block.packedBytes, plainBytes: block.plainBytes, firstSequence: block.firstSequence,
            lastSequence: block.lastSequence, contentHash: hasher.contentHash(block.binding, sourceLeaves: leaves.span),
            salt: block.salt)
        var sources = 0
        for leaf in 0..<shape.symbolCount where Int(header.symbol(ofLeaf: leaf).rawValue) < shape.sourceSymbols {
            sources += 1
        }
        arena.prepare(frameBytes: header.frameBytes, frameCount: shape.symbolCount, sourceFrames: sources)
        placeSymbols(block, header, &arena)
        let root = tree.build(header.binding, leafCount: shape.symbolCount, with: &hasher)
        try finish(header, root: root, &arena)
    }

    /// Leaves of the source symbols: the content hash needs all of them, whichever are sent.
    private mutating func hashSource(_ block: borrowing ClosedBlock) {
        sourceLeaves.removeAll(keepingCapacity: true)
        let symbols = block.symbols.span.bytes
        let length = block.shape.symbolBytes
        for index in 0..<block.shape.sourceSymbols {
            let symbol = symbols.extracting(index * length..<(index + 1) * length)
            sourceLeaves.append(hasher.leaf(block.binding, EncodingSymbolID(rawValue: UInt8(index)), symbol))
        }
    }

    /// Puts each symbol into its frame and its leaf into the tree.
    private mutating func placeSymbols(
        _ block: borrowing ClosedBlock, _ header: TransmissionHeader, _ arena: inout FrameArena
    ) {
        let sources = header.sourceSymbols
        let length = header.symbolBytes
        // The transmission's ESI run from `first` to 254 and then from 0 on: at most two ranges, each with a part
        // below K (copied) and a part from K on (computed).
        let first = Int(header.firstSymbol.rawValue)
        let end = first + header.symbolCount
        let ranges = [
            (first..<min(end, EncodingSymbolID.count), 0),
            (0..<max(0, end - EncodingSymbolID.count), EncodingSymbolID.count - first),
        ]
        for (range, leaf) in ranges where !range.isEmpty {
            let copied = range.clamped(to: 0..<sources)
            for esi in copied {
                let symbol = block.symbols.span.bytes.extracting(esi * length..<(esi + 1) * length)
                place(symbol, leaf: leaf + esi - range.lowerBound, digest: sourceLeaves[esi], header, &arena)
            }
            let computed = range.clamped(to: sources..<EncodingSymbolID.count)
            guard !computed.isEmpty else { continue }
            computeRepair(computed, block, header)
            let scratch = repair
            for (index, esi) in computed.enumerated() {
                let symbol = scratch.span.bytes.extracting(index * length..<(index + 1) * length)
                let digest = hasher.leaf(block.binding, EncodingSymbolID(rawValue: UInt8(esi)), symbol)
                place(symbol, leaf: leaf + esi - range.lowerBound, digest: digest, header, &arena)
            }
        }
    }

    private mutating func computeRepair(
        _ esis: Range<Int>, _ block: borrowing ClosedBlock, _ header: TransmissionHeader
    ) {
        let needed = esis.count * header.symbolBytes
        if repair.count < needed { repair = [UInt8](repeating: 0, count: needed) }
        var scratch: [UInt8] = []
        swap(&scratch, &repair)
        do {
            var span = scratch.mutableSpan
            var bytes = span.mutableBytes
            var output = bytes._mutatingExtracting(0..<needed)
            coder.encode(
                source: block.symbols.span.bytes, sourceSymbols: header.sourceSymbols, symbolBytes: header.symbolBytes,
                esis: esis, into: &output)
        }
        swap(&scratch, &repair)
    }

    private mutating func place(
        _ symbol: RawSpan, leaf: Int, digest: Digest16, _ header: TransmissionHeader, _ arena: inout FrameArena
    ) {
        tree.setLeaf(leaf, digest)
        var span = arena.storage.mutableSpan
        var bytes = span.mutableBytes
        bytes.store(symbol, at: (leaf + 1) * header.frameBytes - header.symbolBytes)
    }

    /// Signs, and writes header, signature and path before each symbol.
    private mutating func finish(_ header: TransmissionHeader, root: Digest16, _ arena: inout FrameArena)
        throws(CryptoError)
    {
        var headerBytes = InlineArray<113, UInt8>(repeating: 0)
        do {
            var span = headerBytes.mutableSpan
            var bytes = span.mutableBytes
            header.encode(into: &bytes)
        }
        let message = SignedMessage(
            headerBytes: headerBytes.span.bytes.extracting(0..<header.encodedBytes), root: root)
        let signature = try signer.sign(message.bytes)
        var span = arena.storage.mutableSpan
        var frames = span.mutableBytes
        for leaf in 0..<header.symbolCount {
            let start = leaf * header.frameBytes
            var frame = frames._mutatingExtracting(start..<start + header.frameBytes)
            header.encodeFrameStart(symbol: header.symbol(ofLeaf: leaf), signature: signature, into: &frame)
            tree.storePath(ofLeaf: leaf, into: &frame, at: header.overheadBytes)
        }
    }
}
