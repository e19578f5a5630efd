internal import Crypto
internal import DiodeProtocol

/// What a checkpoint says of all slots (WIRE W-37). Each topic notes what its slots added to the sum, so only topics that changed
/// are hashed, and only when a checkpoint is near.
extension NamespaceSlots {
    /// Topics that have to be hashed before `checkpoint` says the truth; an upper bound.
    var undigestedCount: Int { undigested.count }

    /// Hashes topics that changed, the one that waits longest first.
    /// - Parameters:
    ///   - topics: how many at most.
    ///   - bytes: after so many bytes of values no further topic is begun.
    mutating func digestChanged(topics: Int = .max, bytes: Int = .max) {
        var (topicsLeft, bytesLeft) = (topics, bytes)
        while topicsLeft > 0, bytesLeft > 0, let place = undigested.popFirst() {
            topicsLeft -= 1
            bytesLeft -= entries[place].contentBytes
            entries[place].isUndigested = false
            digest.subtract(entries[place].digest)
            entries[place].digest = digestOfSlots(place)
            digest.add(entries[place].digest)
        }
    }

    /// The statement about all slots, as of now.
    mutating func checkpoint() -> Checkpoint {
        digestChanged()
        return Checkpoint(
            digest: digest.sum, versions: versions, forgotten: forgotten, topics: UInt64(topicCount),
            slots: UInt64(slotCount))
    }

    private mutating func digestOfSlots(_ place: Int) -> StateDigest {
        var sum = StateDigest()
        let entry = entries[place]
        if entry.retained.state == .held { sum.add(hash(.retained, entry.topic, entry.retained)) }
        if entry.event.state == .held { sum.add(hash(.lastEvent, entry.topic, entry.event)) }
        return sum
    }

    private mutating func hash(_ kind: SlotKind, _ topic: [UInt8], _ value: Value) -> Digest32 {
        let content = value.content.span.bytes
        return hasher.slot(
            kind, topic: topic.span.bytes, stamp: value.stamp, qos: value.qos,
            properties: content.extracting(0..<value.propertiesBytes),
            payload: content.extracting(value.propertiesBytes..<content.byteCount))
    }
}
