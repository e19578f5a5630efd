public import Crypto

/// In which version a sender speaks, and whether it seals its blocks.
public struct WireForm: Hashable, Sendable {
    public let version: UInt8
    public let isSealed: Bool

    public init(version: UInt8, isSealed: Bool) {
        self.version = version
        self.isSealed = isSealed
    }
}

/// The signed header: what every frame of one transmission says of its block (WIRE §1).
///
/// ```text
/// version 1   ├──────────── 96 bytes ────────────┤
/// version 2   ├──────────── 96 bytes ────────────┤ suite (1) │ salt (16)
/// ```
/// A value of this type is within all bounds of W-05 to W-10: decoding refuses the rest, and `init` traps on it, because
/// there it is our own mistake.
public struct TransmissionHeader: Hashable, Sendable {
    /// Of this version; of a header see `encodedBytes`.
    public static let longestBytes = 113
    static let shortestBytes = 96
    static let suitePlace = 96
    private static let saltPlace = 97

    /// Bit 0 compressed, bit 1 sealed; nothing else in this version (W-05).
    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8
        @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let compressed = Flags(rawValue: 1)
        public static let sealed = Flags(rawValue: 2)
        static let known: Flags = [.compressed, .sealed]
    }

    public var link: LinkFingerprint
    public var id: BlockID
    public var flags: Flags
    public var transmission: TransmissionNumber
    /// K: source symbols, 1…255.
    public var sourceSymbols: Int
    /// T: bytes of a symbol, 1…65,000.
    public var symbolBytes: Int
    public var firstSymbol: EncodingSymbolID
    /// N: encoding symbols of this transmission, 1…255.
    public var symbolCount: Int
    public var partIndex: Int
    /// Blocks that together hold one content, 1…64.
    public var partCount: Int
    /// Bytes that the source symbols hold, after compression and sealing.
    public var packedBytes: Int
    /// Bytes before compression and sealing.
    public var plainBytes: Int
    /// On live: the sequences this block takes, none if last = first − 1. Elsewhere both are 0.
    public var firstSequence: SequenceNumber
    public var lastSequence: SequenceNumber
    public var contentHash: ContentHash
    /// What every hash over this block begins with; nil in version 1, which has none.
    public var salt: BlockSalt?

    public init(
        link: LinkFingerprint, id: BlockID, flags: Flags, transmission: TransmissionNumber, sourceSymbols: Int,
        symbolBytes: Int, firstSymbol: EncodingSymbolID, symbolCount: Int, partIndex: Int, partCount: Int,
        packedBytes: Int, plainBytes: Int, firstSequence: SequenceNumber, lastSequence: SequenceNumber,
        contentHash: ContentHash, salt: BlockSalt?
    ) {
        self.link = link
        self.id = id
        self.flags = flags
        self.transmission = transmission
        self.sourceSymbols = sourceSymbols
        self.symbolBytes = symbolBytes
        self.firstSymbol = firstSymbol
        self.symbolCount = symbolCount
        self.partIndex = partIndex
        self.partCount = partCount
        self.packedBytes = packedBytes
        self.plainBytes = plainBytes
        self.firstSequence = firstSequence
        self.lastSequence = lastSequence
        self.contentHash = contentHash
        self.salt = salt
        precondition(defect == nil, "a header that is sent is within the bounds of docs/WIRE.md")
    }

    /// One byte in one symbol, of a live block that takes no sequence: a value to set the fields of.
    public static let smallest = TransmissionHeader(
        link: LinkFingerprint(.zero),
        id: BlockID(
            channel: .live, epoch: Epoch(rawValue: 1), incarnation: Incarnation(rawValue: 0),
            block: BlockNumber(rawValue: 1)),
        flags: [], transmission: .first, sourceSymbols: 1, symbolBytes: 1,
        firstSymbol: EncodingSymbolID(rawValue: 0), symbolCount: 1, partIndex: 0, partCount: 1, packedBytes: 1,
        plainBytes: 1, firstSequence: SequenceNumber(rawValue: 1), lastSequence: SequenceNumber(rawValue: 0),
        contentHash: .zero, salt: nil)

    /// 1 or 2.
    @inlinable public var version: UInt8 { salt == nil ? 1 : 2 }

    /// Bytes that are signed.
    @inlinable public var encodedBytes: Int { salt == nil ? 96 : 113 }

    /// Bytes of a frame before its path: header, ESI and signature.
    @inlinable public var overheadBytes: Int { encodedBytes + 65 }

    /// What is told of a link by it.
    public var form: WireForm { WireForm(version: version, isSealed: flags.contains(.sealed)) }

    /// What its hashes are made for.
    @inlinable public var binding: HashBinding { salt.map(HashBinding.salt) ?? .identity(id) }

    /// The height of the tree over N leaves, ⌈log₂ N⌉: nodes of a frame's authentication path.
    @inlinable public var pathLength: Int { Self.pathLength(symbolCount: symbolCount) }

    @inlinable public static func pathLength(symbolCount: Int) -> Int {
        symbolCount <= 1 ? 0 : Int.bitWidth - (symbolCount - 1).leadingZeroBitCount
    }

    /// The length of each frame of this transmission (W-01).
    @inlinable public var frameBytes: Int {
        overheadBytes + pathLength * WireLimits.pathNodeBytes + symbolBytes
    }

    /// The leaf that holds a symbol, or nil if it lies outside this transmission (W-07).
    @inlinable public func leafIndex(of symbol: EncodingSymbolID) -> Int? {
        let distance = Int(symbol.rawValue) - Int(firstSymbol.rawValue)
        let index = distance < 0 ? distance + EncodingSymbolID.count : distance
        return index < symbolCount && symbol.rawValue < EncodingSymbolID.count ? index : nil
    }

    /// The symbol that a leaf holds. `leaf` is below N.
    @inlinable public func symbol(ofLeaf leaf: Int) -> EncodingSymbolID {
        EncodingSymbolID(rawValue: UInt8((Int(firstSymbol.rawValue) + leaf) % EncodingSymbolID.count))
    }

    /// How many sequences the block takes.
    @inlinable public var sequenceCount: UInt64 {
        id.channel == .live ? lastSequence.rawValue &+ 1 &- firstSequence.rawValue : 0
    }

    /// Reads the header at the beginning of a frame; what follows it is not looked at.
    ///
    /// - Throws: the first rule of W-01 to W-03, W-05 to W-10 and W-44 that it breaks.
    public init(decoding bytes: RawSpan) throws(FrameError) {
        guard bytes.byteCount >= Self.shortestBytes else {
            throw .length(bytes.byteCount, expected: WireLimits.leastOverheadBytes)
        }
        let version = try FramePreamble.version(of: bytes)
        if version > 1 {
            guard bytes.byteCount >= Self.longestBytes else {
                throw .length(bytes.byteCount, expected: WireLimits.frameOverheadBytes)
            }
            let suite = bytes.byte(at: Self.suitePlace)
            guard Suite(rawValue: suite) != nil else { throw .suite(suite) }
            salt = BlockSalt(Digest16(loading: bytes, at: Self.saltPlace))
        }
        guard let channel = Channel(rawValue: bytes.byte(at: 5)) else { throw .channel(bytes.byte(at: 5)) }
        flags = Flags(rawValue: bytes.byte(at: 6))
        sourceSymbols = Int(bytes.byte(at: 7))
        link = FramePreamble.link(in: bytes)
        id = BlockID(
            channel: channel, epoch: Epoch(rawValue: bytes.bigEndian(at: 24)),
            incarnation: Incarnation(rawValue: bytes.bigEndian(at: 32)),
            block: BlockNumber(rawValue: bytes.bigEndian(at: 40)))
        transmission = TransmissionNumber(rawValue: bytes.bigEndian(at: 48))
        firstSymbol = EncodingSymbolID(rawValue: bytes.byte(at: 50))
        symbolCount = Int(bytes.byte(at: 51))
        symbolBytes = Int(bytes.bigEndian(at: 52, as: UInt16.self))
        partIndex = Int(bytes.byte(at: 54))
        partCount = Int(bytes.byte(at: 55))
        packedBytes = Int(bytes.bigEndian(at: 56, as: UInt32.self))
        plainBytes = Int(bytes.bigEndian(at: 60, as: UInt32.self))
        firstSequence = SequenceNumber(rawValue: bytes.bigEndian(at: 64))
        lastSequence = SequenceNumber(rawValue: bytes.bigEndian(at: 72))
        contentHash = Digest16(loading: bytes, at: 80)
        if let defect { throw defect }
    }

    /// Writes the header at the beginning of a frame. Decoding what it wrote gives this header, and encoding what was decoded gives the same
    /// bytes (W-11).
    public func encode(into bytes: inout MutableRawSpan) {
        bytes.store(bigEndian: WireLimits.magic, at: 0)
        bytes.store(bigEndian: version, at: 4)
        bytes.store(bigEndian: id.channel.rawValue, at: 5)
        bytes.store(bigEndian: flags.rawValue, at: 6)
        bytes.store(bigEndian: UInt8(sourceSymbols), at: 7)
        link.digest.store(into: &bytes, at: 8)
        bytes.store(bigEndian: id.epoch.rawValue, at: 24)
        bytes.store(bigEndian: id.incarnation.rawValue, at: 32)
        bytes.store(bigEndian: id.block.rawValue, at: 40)
        bytes.store(bigEndian: transmission.rawValue, at: 48)
        bytes.store(bigEndian: firstSymbol.rawValue, at: 50)
        bytes.store(bigEndian: UInt8(symbolCount), at: 51)
        bytes.store(bigEndian: UInt16(symbolBytes), at: 52)
        bytes.store(bigEndian: UInt8(partIndex), at: 54)
        bytes.store(bigEndian: UInt8(partCount), at: 55)
        bytes.store(bigEndian: UInt32(packedBytes), at: 56)
        bytes.store(bigEndian: UInt32(plainBytes), at: 60)
        bytes.store(bigEndian: firstSequence.rawValue, at: 64)
        bytes.store(bigEndian: lastSequence.rawValue, at: 72)
        contentHash.store(into: &bytes, at: 80)
        guard let salt else { return }
        bytes.store(bigEndian: Suite.first.rawValue, at: Self.suitePlace)
        salt.value.store(into: &bytes, at: Self.saltPlace)
    }

    /// The first of W-05 to W-10 that does not hold. Its fields may be anything, for whoever sets them from what was stored.
    public var defect: FrameError? {
        if !Flags.known.isSuperset(of: flags) { return .flags(flags.rawValue) }
        if !(1...255 ~= sourceSymbols) { return .sourceSymbols(UInt8(truncatingIfNeeded: sourceSymbols)) }
        if !(1...255 ~= symbolCount) { return .symbolCount(UInt8(truncatingIfNeeded: symbolCount)) }
        if !(1...WireLimits.maximumSymbolBytes ~= symbolBytes) {
            return .symbolBytes(UInt16(truncatingIfNeeded: symbolBytes))
        }
        // K = ⌈packed / T⌉ without a division: (K−1)·T < packed ≤ K·T.
        if !(1...WireLimits.maximumPackedBytes ~= packedBytes) || packedBytes > sourceSymbols * symbolBytes
            || packedBytes <= (sourceSymbols - 1) * symbolBytes
        {
            return .packedBytes(UInt32(truncatingIfNeeded: packedBytes))
        }
        if !(1...WireLimits.maximumPlainBytes ~= plainBytes)
            || (flags.isEmpty && plainBytes != packedBytes)
        {
            return .plainBytes(UInt32(truncatingIfNeeded: plainBytes))
        }
        if firstSymbol.rawValue >= EncodingSymbolID.count { return .firstSymbol(firstSymbol.rawValue) }
        if !(1...WireLimits.maximumParts ~= partCount) || !(0..<partCount ~= partIndex) {
            return .part(UInt8(truncatingIfNeeded: partIndex), of: UInt8(truncatingIfNeeded: partCount))
        }
        if !(1..<(1 << 63) ~= id.epoch.rawValue) { return .epoch(id.epoch.rawValue) }
        if !(1..<(1 << 63) ~= id.block.rawValue) { return .block(id.block.rawValue) }
        return sequencesHold
            ? nil : .sequences(first: firstSequence.rawValue, last: lastSequence.rawValue)
    }

    /// W-08 and the second half of W-09.
    private var sequencesHold: Bool {
        let (first, last) = (firstSequence.rawValue, lastSequence.rawValue)
        guard id.channel == .live else { return first == 0 && last == 0 }
        guard first >= 1, last < 1 << 63, last + 1 >= first, first == last + 1 || last - first < 1 << 32 else {
            return false
        }
        return partCount == 1 || first == last
    }
}
