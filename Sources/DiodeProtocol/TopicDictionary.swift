/// The topics of one block in the order of first use (W-28): found by their bytes, without an allocation per record.
///
/// Open addressing over an arena; cleared by counting a generation up, so that a new block costs nothing.
struct TopicDictionary: ~Copyable {
    private struct Slot {
        var generation: UInt32 = 0
        var index: UInt32 = 0
        var hash: UInt64 = 0
    }

    private var slots = [Slot](repeating: Slot(), count: 256)
    private var generation: UInt32 = 1
    private var ranges: [Range<Int>] = []
    private(set) var arena: [UInt8] = []

    var count: Int { ranges.count }
    /// What the dictionary takes in a content, without its count: each topic's length and bytes.
    private(set) var encodedBytes = 0

    func range(_ index: Int) -> Range<Int> { ranges[index] }

    mutating func removeAll() {
        ranges.removeAll(keepingCapacity: true)
        arena.removeAll(keepingCapacity: true)
        encodedBytes = 0
        if generation == .max {
            for index in slots.indices { slots[index] = Slot() }
            generation = 0
        }
        generation += 1
    }

    /// The topic's index, or nil if it is not yet here.
    func index(of topic: RawSpan) -> Int? {
        let hash = Self.hash(topic)
        var position = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[position].generation == generation {
            if slots[position].hash == hash, isEqual(Int(slots[position].index), topic) {
                return Int(slots[position].index)
            }
            position = (position + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The topic's index, added as the next one if it is new.
    mutating func insert(_ topic: RawSpan) -> (index: Int, isNew: Bool) {
        if let index = index(of: topic) { return (index, false) }
        if (ranges.count + 1) * 2 > slots.count { grow() }
        let start = arena.count
        // The pointer is used during the call only.
        topic.withUnsafeBytes { arena.append(contentsOf: $0) }
        ranges.append(start..<arena.count)
        encodedBytes += ContentWriter.varintBytes(UInt64(topic.byteCount)) + topic.byteCount
        place(ranges.count - 1, Self.hash(topic))
        return (ranges.count - 1, true)
    }

    private func isEqual(_ index: Int, _ topic: RawSpan) -> Bool {
        arena.span.bytes.extracting(ranges[index]).isEqual(to: topic)
    }

    private mutating func place(_ index: Int, _ hash: UInt64) {
        var position = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[position].generation == generation { position = (position + 1) & (slots.count - 1) }
        slots[position] = Slot(generation: generation, index: UInt32(index), hash: hash)
    }

    private mutating func grow() {
        slots = [Slot](repeating: Slot(), count: slots.count * 2)
        for index in ranges.indices { place(index, Self.hash(arena.span.bytes.extracting(ranges[index]))) }
    }

    /// FNV-1a over words: only for this table, whose size the content's limit bounds.
    private static func hash(_ bytes: RawSpan) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var offset = 0
        while offset + 8 <= bytes.byteCount {
            hash = (hash ^ bytes.bigEndian(at: offset, as: UInt64.self)) &* 0x0000_0100_0000_01B3
            hash ^= hash >> 29
            offset += 8
        }
        while offset < bytes.byteCount {
            hash = (hash ^ UInt64(bytes.byte(at: offset))) &* 0x0000_0100_0000_01B3
            offset += 1
        }
        return hash ^ (hash >> 32)
    }
}
