internal import Collections
internal import DiodeProtocol
package import Time

/// A value that waits for the rate of its rule.
package struct HeldValue: Sendable {
    /// Properties, then the payload.
    let content: [UInt8]
    let propertiesBytes: Int
    let qos: QualityOfService
    let retain: Bool
    /// The newest fetch that had begun when it came.
    let fetch: UInt32
    /// It is, or will be before it is acknowledged, in the database.
    let isStored: Bool
    /// When it came.
    package let time: UnixMilliseconds

    var byteCount: Int { content.count + 64 }

    init(_ content: borrowing NamespaceSlots.Content, fetch: UInt32, isStored: Bool, time: UnixMilliseconds) {
        self.content = [UInt8](copying: content.properties) + [UInt8](copying: content.payload)
        propertiesBytes = content.properties.byteCount
        qos = content.qos
        retain = content.retain
        self.fetch = fetch
        self.isStored = isStored
        self.time = time
    }

    /// Takes back what was stored.
    package init(_ value: NamespaceSlots.Value, retain: Bool) {
        content = value.content
        propertiesBytes = value.propertiesBytes
        qos = value.qos
        self.retain = retain
        fetch = 0
        isStored = true
        time = value.time
    }

    /// As the table holds it.
    var encoded: [UInt8] {
        var value = NamespaceSlots.Value()
        value.set(
            state: .held, qos: qos, propertiesBytes: propertiesBytes,
            stamp: Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0)),
            version: TopicVersion(rawValue: 0), time: time, content: content)
        return value.encoded
    }
}

/// A value that waited when an earlier lifetime ended.
package struct RestoredHeldValue: Sendable {
    /// In the plant.
    let topic: [UInt8]
    package let value: HeldValue

    package init(topic: [UInt8], value: HeldValue) {
        self.topic = topic
        self.value = value
    }
}

/// A row of the table of values that wait: a topic of the plant, and which of its two.
package struct HeldKey: Hashable, Sendable {
    package let topic: [UInt8]
    package let retain: Bool
}

/// What is to become of a row.
package struct HeldChange: Sendable {
    package let key: HeldKey
    /// The value as the table holds it; nil removes the row.
    package let row: [UInt8]?

    /// What it counts while it waits to be written.
    package var byteCount: Int { key.topic.count + (row?.count ?? 0) }
}

/// Which rows have to be written and removed. A removal waits for the block that holds the value: until that is on disk, the row is
/// all there is of it.
struct HeldChanges: Sendable {
    private var puts: [HeldKey: [UInt8]] = [:]
    /// By the block that has to be closed before.
    private var removals: [HeldKey: BlockNumber] = [:]

    mutating func put(_ value: HeldValue, of topic: [UInt8]) {
        let key = HeldKey(topic: topic, retain: value.retain)
        puts[key] = value.encoded
        // The new row stands in the place of the old one; what that said is superseded.
        removals[key] = nil
    }

    mutating func remove(_ retain: Bool, of topic: [UInt8], behind block: BlockNumber) {
        let key = HeldKey(topic: topic, retain: retain)
        // One that was not taken yet is written all the same: its delivery may be acknowledged before the block is safe.
        removals[key] = block
    }

    mutating func takePuts() -> [HeldChange] {
        guard !puts.isEmpty else { return [] }
        defer { puts = [:] }
        return puts.map { HeldChange(key: $0.key, row: $0.value) }
    }

    mutating func takeRemovals(through block: BlockNumber) -> [HeldChange] {
        guard !removals.isEmpty else { return [] }
        let ripe = removals.filter { $0.value <= block }
        for key in ripe.keys { removals[key] = nil }
        return ripe.map { HeldChange(key: $0.key, row: nil) }
    }
}
