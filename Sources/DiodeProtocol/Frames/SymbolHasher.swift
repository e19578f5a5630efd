public import Crypto

/// What ties every hash over a block to that block, and to no other (WIRE §3).
public enum HashBinding: Hashable, Sendable {
    /// Version 1: the leaves name the block.
    case identity(BlockID)
    /// Version 2: every hash begins with the block's salt.
    case salt(BlockSalt)
}

/// The hashes of WIRE §3, each with its own first byte, so that none can be taken for another. One thread owns it;
/// nothing is allocated per symbol.
public struct SymbolHasher: ~Copyable {
    /// What the first byte of everything hashed or signed says it is.
    public enum Domain: UInt8, Sendable {
        case leaf = 0, node, root, card, rotation, content, sealKey, sealNonce, slot
    }

    private var sha256 = SHA256Hasher()

    public init() {}

    /// Version 1: leaf = H16(00 ‖ channel ‖ epoch ‖ incarnation ‖ block ‖ ESI ‖ symbol). Version 2: leaf = H16(00 ‖ salt ‖ ESI ‖ symbol).
    /// Without the transmission: a symbol has one leaf for all transmissions of its block.
    public mutating func leaf(_ binding: HashBinding, _ symbolID: EncodingSymbolID, _ symbol: RawSpan) -> Digest16 {
        var prefix = InlineArray<27, UInt8>(repeating: 0)
        var length = 0
        do {
            var span = prefix.mutableSpan
            var bytes = span.mutableBytes
            bytes.store(bigEndian: Domain.leaf.rawValue, at: 0)
            switch binding {
            case .identity(let id):
                bytes.store(bigEndian: id.channel.rawValue, at: 1)
                bytes.store(bigEndian: id.epoch.rawValue, at: 2)
                bytes.store(bigEndian: id.incarnation.rawValue, at: 10)
                bytes.store(bigEndian: id.block.rawValue, at: 18)
                length = 26
            case .salt(let salt):
                salt.value.store(into: &bytes, at: 1)
                length = 17
            }
            bytes.store(bigEndian: symbolID.rawValue, at: length)
        }
        sha256.update(prefix.span.bytes.extracting(0...length))
        sha256.update(symbol)
        return sha256.finish().truncated
    }

    /// node = H16(01 ‖ left ‖ right); in version 2 H16(01 ‖ salt ‖ left ‖ right).
    public mutating func node(_ binding: HashBinding, left: Digest16, right: Digest16) -> Digest16 {
        var input = InlineArray<49, UInt8>(repeating: 0)
        var start = 1
        do {
            var span = input.mutableSpan
            var bytes = span.mutableBytes
            bytes.store(bigEndian: Domain.node.rawValue, at: 0)
            if case .salt(let salt) = binding {
                salt.value.store(into: &bytes, at: 1)
                start = 17
            }
            left.store(into: &bytes, at: start)
            right.store(into: &bytes, at: start + 16)
        }
        return sha256.hash(input.span.bytes.extracting(0..<start + 32)).truncated
    }

    /// The root that a leaf and its path lead to; the index gives the turns. `path` holds whole nodes of 16 bytes.
    public mutating func root(_ binding: HashBinding, from leaf: Digest16, index: Int, path: RawSpan) -> Digest16 {
        var digest = leaf
        var position = index
        var offset = 0
        while offset + 16 <= path.byteCount {
            let sibling = Digest16(loading: path, at: offset)
            digest =
                position & 1 == 0
                ? node(binding, left: digest, right: sibling) : node(binding, left: sibling, right: digest)
            position >>= 1
            offset += 16
        }
        return digest
    }

    /// content = H16(05 ‖ leaf(0) ‖ … ‖ leaf(K−1)), in version 2 H16(05 ‖ salt ‖ leaf(0) ‖ …): each byte of a block is hashed once on
    /// either side.
    public mutating func contentHash(_ binding: HashBinding, sourceLeaves: Span<Digest16>) -> ContentHash {
        // Sixteen leaves go into libcrypto at a time: the way there costs more than to hash one.
        var group = InlineArray<256, UInt8>(repeating: 0)
        do {
            var span = group.mutableSpan
            var bytes = span.mutableBytes
            bytes.store(bigEndian: Domain.content.rawValue, at: 0)
            if case .salt(let salt) = binding { salt.value.store(into: &bytes, at: 1) }
        }
        let prefixBytes = if case .salt = binding { 17 } else { 1 }
        sha256.update(group.span.bytes.extracting(0..<prefixBytes))
        var first = 0
        while first < sourceLeaves.count {
            let count = min(16, sourceLeaves.count - first)
            do {
                var span = group.mutableSpan
                var bytes = span.mutableBytes
                for index in 0..<count { sourceLeaves[first + index].store(into: &bytes, at: index * 16) }
            }
            sha256.update(group.span.bytes.extracting(0..<count * 16))
            first += count
        }
        return sha256.finish().truncated
    }

    /// A topic's place in the carousel (WIRE §6.2).
    public mutating func topicHash(_ topic: RawSpan) -> TopicHash { TopicHash(rawValue: sha256.hash(topic).first) }

    /// Names a payload, so that it can be compared with what a broker retains. Never on the wire.
    public mutating func value(_ payload: RawSpan) -> UInt64 { sha256.hash(payload).first }

    /// The hash of five pieces as one input.
    mutating func hash(_ a: RawSpan, _ b: RawSpan, _ c: RawSpan, _ d: RawSpan, _ e: RawSpan) -> Digest32 {
        sha256.update(a)
        sha256.update(b)
        sha256.update(c)
        sha256.update(d)
        sha256.update(e)
        return sha256.finish()
    }
}

/// signed = 02 ‖ header ‖ root: what Ed25519 signs, 113 bytes in version 1 and 130 in version 2.
public struct SignedMessage: Sendable {
    private var storage = InlineArray<130, UInt8>(repeating: 0)
    private let count: Int

    /// - Parameter headerBytes: a whole header of either version.
    public init(headerBytes: RawSpan, root: Digest16) {
        precondition(headerBytes.byteCount <= TransmissionHeader.longestBytes, "no header is longer")
        count = headerBytes.byteCount + 17
        var span = storage.mutableSpan
        var bytes = span.mutableBytes
        bytes.store(bigEndian: SymbolHasher.Domain.root.rawValue, at: 0)
        bytes.store(headerBytes, at: 1)
        root.store(into: &bytes, at: headerBytes.byteCount + 1)
    }

    public var bytes: RawSpan {
        @_lifetime(borrow self)
        borrowing get { storage.span.bytes.extracting(0..<count) }
    }
}
