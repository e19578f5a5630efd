internal import Crypto
internal import DiodeProtocol
internal import FEC

/// Collects authentic symbols into blocks, decodes them, checks what came out, and joins parts.
///
/// ```text
///  symbol ─▶ Assembly (any K symbols) ─▶ decode ─▶ padding, content hash ─▶ unpack ─▶ [parts joined] ─▶ DecodedUnit
/// ```
///
/// Bounded: so many blocks and so many bytes in assembly; the one that was begun first is shed. Assemblies are used again,
/// so that nothing is allocated per symbol.
struct BlockAssembler: ~Copyable {
    struct Limits: Sendable {
        /// Partly received blocks, and the bytes of their symbols (K × T each).
        var blocks = 1_024
        var bytes = 64 << 20

        init() {}
    }

    enum Refusal: Equatable {
        /// W-14, W-19 or W-25.
        case corrupt
        /// W-27: there is no key to open it.
        case sealed
        /// W-09: parts that do not belong together.
        case inconsistent
        /// W-18: another content under the same number.
        case equivocation
    }

    enum Outcome {
        /// It counts; more are needed.
        case stored
        /// It is in already, or its block is decoded and waits for other parts.
        case notNeeded
        /// The block is complete, and this is its content, or the content of all its parts.
        indirect case unit(DecodedUnit)
        /// The block is complete, and other parts are still missing.
        case part
        case refused(Refusal)
    }

    private let limits: Limits
    private var hasher = SymbolHasher()
    private var packing = BlockPacking()
    private var opener: BlockOpener
    private var parts: PartJoiner
    private var blocks: [BlockID: Assembly] = [:]
    /// Blocks in the order in which they were begun; what is no longer in `blocks` is skipped.
    private var order: [(id: BlockID, number: UInt64)] = []
    private var orderStart = 0
    private var begun: UInt64 = 0
    private var spare: [Assembly] = []
    private(set) var byteCount = 0
    private(set) var shed: UInt64 = 0
    private(set) var restoredSymbols: UInt64 = 0

    init(limits: Limits = Limits(), opener: consuming BlockOpener = BlockOpener()) {
        self.limits = limits
        self.opener = opener
        parts = PartJoiner(limitBytes: limits.bytes, limitGroups: 64)
        blocks.reserveCapacity(limits.blocks + 1)
    }

    var count: Int { blocks.count }
    /// Contents of which only some parts are in.
    var groupCount: Int { parts.count }

    /// Whether symbols of this block are being collected.
    func isCollecting(_ id: BlockID) -> Bool { blocks[id] != nil }

    /// Whether this block is decoded and waits for other parts.
    func holdsPart(_ header: TransmissionHeader) -> Bool { header.partCount > 1 && parts.holds(header) }

    /// Adds an authentic symbol of a block that is still wanted.
    mutating func insert(
        header: TransmissionHeader, symbol: EncodingSymbolID, leaf: Digest16, bytes: RawSpan
    ) -> Outcome {
        if holdsPart(header) { return .notNeeded }
        let assembly: Assembly
        if let known = blocks[header.id] {
            // W-18: only equal contents combine.
            guard known.agrees(with: header) else { return .refused(.equivocation) }
            assembly = known
        } else {
            assembly = begin(header)
        }
        switch assembly.insert(symbol, leaf: leaf, bytes: bytes, of: header.transmission) {
        case .stored: return .stored
        case .duplicate, .surplus: return .notNeeded
        case .complete: return finish(assembly)
        }
    }

    /// Drops what was collected of a block.
    mutating func forget(_ id: BlockID) {
        if let assembly = blocks.removeValue(forKey: id) { retire(assembly) }
    }

    private mutating func begin(_ header: TransmissionHeader) -> Assembly {
        let bytes = header.sourceSymbols * header.symbolBytes
        while !blocks.isEmpty, blocks.count >= limits.blocks || byteCount + bytes > limits.bytes { shedOldest() }
        let assembly = spare.popLast() ?? Assembly()
        begun += 1
        assembly.begin(header, number: begun)
        blocks[header.id] = assembly
        byteCount += bytes
        order.append((header.id, begun))
        return assembly
    }

    private mutating func shedOldest() {
        while orderStart < order.count {
            let (id, number) = order[orderStart]
            orderStart += 1
            if let assembly = blocks[id], assembly.number == number {
                blocks[id] = nil
                retire(assembly)
                shed += 1
                break
            }
        }
    }

    private mutating func retire(_ assembly: Assembly) {
        byteCount -= assembly.byteCount
        // A few are kept, and no very large ones: enough for the blocks that are usually under way.
        if spare.count < 16, assembly.byteCount <= 1 << 18 { spare.append(assembly) }
        if orderStart == order.count || blocks.isEmpty {
            order.removeAll(keepingCapacity: true)
            orderStart = 0
        } else if order.count >= 4 * limits.blocks {
            order = order[orderStart...].filter { blocks[$0.id]?.number == $0.number }
            orderStart = 0
        }
    }

    private mutating func finish(_ assembly: Assembly) -> Outcome {
        let header = assembly.header
        blocks[header.id] = nil
        defer { retire(assembly) }
        restoredSymbols += UInt64(assembly.missingSource)
        guard assembly.decode(with: &hasher) else { return .refused(.corrupt) }
        let plain: [UInt8]
        do throws(ContentError) {
            plain = try assembly.unpack(with: &packing, &opener)
        } catch {
            return .refused(error.counter == .sealed ? .sealed : .corrupt)
        }
        guard header.partCount > 1 else {
            var unit = DecodedUnit(header, transmission: assembly.newestTransmission, content: plain)
            unit.form = header.form
            if header.id.channel == .beat { unit.packed = assembly.packed }
            return .unit(unit)
        }
        return parts.insert(plain, header: header, transmission: assembly.newestTransmission)
    }
}

extension DecodedUnit {
    /// The unit of a content that is one block.
    init(_ header: TransmissionHeader, transmission: TransmissionNumber, content: [UInt8]) {
        self.init(
            channel: header.id.channel, epoch: header.id.epoch, incarnation: header.id.incarnation,
            firstBlock: header.id.block.rawValue, lastBlock: header.id.block.rawValue,
            firstSequence: header.firstSequence.rawValue, lastSequence: header.lastSequence.rawValue,
            contentHashes: [header.contentHash], transmission: transmission, content: content)
    }
}
