internal import Collections
internal import Crypto
internal import DiodeProtocol

/// The sum that a checkpoint says of all slots (WIRE W-37). It remembers what each topic added to the sum, so that only topics that
/// changed are hashed, and only when a checkpoint is near.
///
/// ```text
/// change ─▶ note ─▶ waiting ─▶ next ─▶ update: the topic's old part out of the sum, its new one in
/// ```
///
/// Memory: 32 bytes for each place, and 8 for each topic that waits.
struct SlotDigest: ~Copyable {
    private var hasher = SymbolHasher()
    /// What the topics added to the sum, by place.
    private var parts: [StateDigest] = []
    private var total = StateDigest()
    private var waiting = Ring<Int>()
    private var isWaiting = PlaceSet()

    /// The sum as of the last `update` of each topic.
    var sum: Digest32 { total.sum }
    /// Topics that have to be hashed before the sum is right; an upper bound.
    var waitingCount: Int { waiting.count }

    /// Notes that the slots of a place have changed.
    mutating func note(_ place: Int) {
        if isWaiting.insert(place) { waiting.append(place) }
    }

    /// Moves out the place that waits longest. It has to be updated next.
    mutating func next() -> Int? {
        guard let place = waiting.popFirst() else { return nil }
        isWaiting.remove(place)
        return place
    }

    /// Hashes the slots of a place as they are now.
    mutating func update(_ place: Int, _ topic: [UInt8], _ slots: borrowing TopicSlots) {
        while parts.count <= place { parts.append(StateDigest()) }
        total.subtract(parts[place])
        var part = StateDigest()
        if slots.retained.state == .held { part.add(hash(.retained, topic, slots.retained)) }
        if slots.event.state == .held { part.add(hash(.lastEvent, topic, slots.event)) }
        parts[place] = part
        total.add(part)
    }

    private mutating func hash(_ kind: SlotKind, _ topic: [UInt8], _ value: NamespaceSlots.Value) -> Digest32 {
        let content = value.content.span.bytes
        return hasher.slot(
            kind, topic: topic.span.bytes, stamp: value.stamp, qos: value.qos,
            properties: content.extracting(0..<value.propertiesBytes),
            payload: content.extracting(value.propertiesBytes..<content.byteCount))
    }
}
