internal import DiodeProtocol

/// Joins the parts of contents that are larger than a block. A content is accepted with all of its parts or not at all: until
/// then its blocks count as not received, and what is shed here comes again with an echo.
///
/// Bounded by contents and bytes; the one that was begun first is shed.
struct PartJoiner: Sendable {
    private struct Key: Hashable {
        let channel: Channel
        let epoch: Epoch
        let incarnation: Incarnation
        let firstBlock: UInt64
        let parts: Int
    }

    private struct Group: Sendable {
        var pieces: [[UInt8]?]
        var hashes: [ContentHash?]
        let firstSequence, lastSequence: SequenceNumber
        var newest: TransmissionNumber
        var missing: Int
        var bytes = 0
    }

    private let limitBytes: Int
    private let limitGroups: Int
    private var groups: [Key: Group] = [:]
    private var order: [Key] = []
    private(set) var byteCount = 0

    init(limitBytes: Int, limitGroups: Int) {
        self.limitBytes = limitBytes
        self.limitGroups = limitGroups
    }

    var count: Int { groups.count }

    /// Whether this part is in already.
    func holds(_ header: TransmissionHeader) -> Bool {
        guard let key = Self.key(header) else { return false }
        return groups[key]?.pieces[header.partIndex] != nil
    }

    /// Adds the plain bytes of one part.
    mutating func insert(
        _ plain: [UInt8], header: TransmissionHeader, transmission: TransmissionNumber
    ) -> BlockAssembler.Outcome {
        guard let key = Self.key(header) else { return .refused(.inconsistent) }
        if groups[key] == nil { begin(key, header) }
        guard var group = groups[key], group.firstSequence == header.firstSequence,
            group.lastSequence == header.lastSequence, group.pieces[header.partIndex] == nil
        else { return .refused(.inconsistent) }
        // W-26: the contents of all parts together are bounded too.
        guard group.bytes + plain.count <= WireLimits.maximumContentBytes else {
            remove(key)
            return .refused(.corrupt)
        }
        group.bytes += plain.count
        byteCount += plain.count
        group.pieces[header.partIndex] = plain
        group.hashes[header.partIndex] = header.contentHash
        group.newest = max(group.newest, transmission)
        group.missing -= 1
        groups[key] = group
        guard group.missing == 0 else {
            while byteCount > limitBytes, let oldest = order.first { remove(oldest) }
            return .part
        }
        remove(key)
        var content: [UInt8] = []
        content.reserveCapacity(group.bytes)
        for piece in group.pieces { content.append(contentsOf: piece ?? []) }
        return .unit(
            DecodedUnit(
                channel: key.channel, epoch: key.epoch, incarnation: key.incarnation, firstBlock: key.firstBlock,
                lastBlock: key.firstBlock + UInt64(key.parts) - 1, firstSequence: header.firstSequence.rawValue,
                lastSequence: header.lastSequence.rawValue, contentHashes: group.hashes.compactMap { $0 },
                transmission: group.newest, content: content, form: header.form))
    }

    private mutating func begin(_ key: Key, _ header: TransmissionHeader) {
        while groups.count >= limitGroups, let oldest = order.first { remove(oldest) }
        groups[key] = Group(
            pieces: Array(repeating: nil, count: key.parts), hashes: Array(repeating: nil, count: key.parts),
            firstSequence: header.firstSequence, lastSequence: header.lastSequence, newest: header.transmission,
            missing: key.parts)
        order.append(key)
    }

    private mutating func remove(_ key: Key) {
        guard let group = groups.removeValue(forKey: key) else { return }
        byteCount -= group.bytes
        order.removeAll { $0 == key }
    }

    /// Parts lie in consecutive blocks, so the first one's number names the content. Nil if there is no room below.
    private static func key(_ header: TransmissionHeader) -> Key? {
        let block = header.id.block.rawValue
        guard block > UInt64(header.partIndex) else { return nil }
        return Key(
            channel: header.id.channel, epoch: header.id.epoch, incarnation: header.id.incarnation,
            firstBlock: block - UInt64(header.partIndex), parts: header.partCount)
    }
}
