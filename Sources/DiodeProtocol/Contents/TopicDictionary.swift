/// The topics of one block in the order of first use (W-28): found by their bytes, without an allocation per record.
///
/// Open addressing over an arena; cleared by counting a generation up, so that a new block costs nothing. The hash is seeded,
/// because topics come from the plant: nobody can choose some that share a slot.
struct TopicDictionary: ~Copyable {
    private struct Slot {
        var generation: UInt32 = 0
        var index: UInt32 = 0
        var hash = 0
    }

    /// A power of two, at least twice the topics; none before the first topic.
    private var slots: [Slot] = []
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
    func index(of topic: RawSpan) -> Int? { index(of: topic, hash: topic.seededHash) }

    /// The topic's index, added as the next one if it is new.
    mutating func insert(_ topic: RawSpan) -> (index: Int, isNew: Bool) {
        let hash = topic.seededHash
        if let index = index(of: topic, hash: hash) { return (index, false) }
        if (ranges.count + 1) * 2 > slots.count { grow() }
        let start = arena.count
        arena.append(topic)
        ranges.append(start..<arena.count)
        encodedBytes += ContentWriter.varintBytes(UInt64(topic.byteCount)) + topic.byteCount
        place(Slot(generation: generation, index: UInt32(ranges.count - 1), hash: hash))
        return (ranges.count - 1, true)
    }

    private func index(of topic: RawSpan, hash: Int) -> Int? {
        guard !slots.isEmpty else { return nil }
        var position = hash & (slots.count - 1)
        while slots[position].generation == generation {
            if slots[position].hash == hash, isEqual(Int(slots[position].index), topic) {
                return Int(slots[position].index)
            }
            position = (position + 1) & (slots.count - 1)
        }
        return nil
    }

    private func isEqual(_ index: Int, _ topic: RawSpan) -> Bool {
        arena.span.bytes.extracting(ranges[index]).isEqual(to: topic)
    }

    private mutating func place(_ slot: Slot) {
        var position = slot.hash & (slots.count - 1)
        while slots[position].generation == generation { position = (position + 1) & (slots.count - 1) }
        slots[position] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: max(old.count * 2, 16))
        for slot in old where slot.generation == generation { place(slot) }
    }
}
