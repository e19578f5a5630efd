internal import Deliveries
internal import DiodeProtocol
internal import MQTTProtocol
internal import Threading
internal import Time

/// What the IT broker has refused, where the publisher and whoever reads the broker back both look: a refused value is not missing there.
final class RefusedValues: Sendable {
    private let memory = Lock(RefusalMemory())

    /// A delivery is refused for good.
    func note(_ delivery: borrowing Delivery, qos: UInt8, isWord: Bool, now: MonotonicInstant) {
        let record = Self.record(delivery, qos)
        memory.withLock { $0.note(record, isWord: isWord, now: now) }
    }

    /// The broker took a delivery that was doubted.
    func forget(_ delivery: borrowing Delivery, qos: UInt8) {
        let record = Self.record(delivery, qos)
        memory.withLock { $0.forget(record) }
    }

    func forgetAll() { memory.withLock { $0.removeAll() } }

    /// Whether a delivery would be refused. Costs nothing while nothing was.
    func verdict(_ delivery: borrowing Delivery, qos: UInt8, now: MonotonicInstant) -> RefusalMemory.Verdict {
        guard !memory.withLock({ $0.isEmpty }) else { return .unknown }
        var hasher = SymbolHasher()
        let topic = hasher.topicHash(delivery.topic)
        let retain = delivery.retain
        guard memory.withLock({ $0.knows(topic, qos: qos, retain: retain) }) else { return .unknown }
        let record = Self.record(delivery, qos)
        return memory.withLock { $0.verdict(record, now: now) }
    }

    /// Whether a retained value of a topic of the plant was refused.
    func refuses(_ topic: [UInt8], value: UInt64) -> Bool {
        guard !memory.withLock({ $0.isEmpty }) else { return false }
        var hasher = SymbolHasher()
        let topic = hasher.topicHash(topic.span.bytes)
        return memory.withLock { $0.refuses(topic, value: value) }
    }

    private static func record(_ delivery: borrowing Delivery, _ qos: UInt8) -> RefusalMemory.Record {
        var hasher = SymbolHasher()
        return RefusalMemory.Record(
            topic: hasher.topicHash(delivery.topic), value: hasher.value(delivery.payload),
            bytes: delivery.payload.byteCount, qos: qos, retain: delivery.retain, isRefresh: delivery.isRefresh)
    }
}

extension ServerGrant {
    /// Whether a broker that grants this may be the one that granted that: it has the same address and takes the same.
    func isSameBroker(as other: ServerGrant) -> Bool {
        server == other.server && version == other.version && maximumQoS == other.maximumQoS
            && retainAvailable == other.retainAvailable
            && maximumPacketBytes == other.maximumPacketBytes
    }
}
