import Crypto
import DiodeProtocol

@testable import ReceiverIT
import Time

/// A sender that knows its state: it numbers what it publishes, tells slices of what it holds, and says checkpoints.
final class StatePlant {
    struct Value: Equatable {
        var payload: [UInt8]
        var stamp: Stamp
        var version: UInt64
    }

    struct Topic {
        var version: UInt64 = 0
        /// An empty payload is a tombstone.
        var retained: Value?
        var event: Value?
    }

    let sender: TestSender
    private(set) var topics: [String: Topic] = [:]
    /// Versions of topics that it has forgotten, and what it counts wrong.
    var forgotten: UInt64 = 0
    private var hasher = SymbolHasher()
    private var nextSlice: UInt64 = 1
    private(set) var round: UInt64 = 0

    init(_ sender: TestSender) { self.sender = sender }

    var capture: Stamp {
        Stamp(epoch: sender.epoch, sequence: SequenceNumber(rawValue: sender.nextSequence - 1))
    }

    /// What the OT broker retains.
    var retained: [String: [UInt8]] {
        topics.compactMapValues { $0.retained?.payload }.filter { !$0.value.isEmpty }
    }

    /// The next live block.
    func publish(_ messages: [(topic: String, payload: [UInt8], retain: Bool)]) -> TestBlock {
        var records: [TestRecord] = []
        for (offset, message) in messages.enumerated() {
            let stamp = Stamp(
                epoch: sender.epoch, sequence: SequenceNumber(rawValue: sender.nextSequence + UInt64(offset)))
            topics[message.topic, default: Topic()].version += 1
            let version = topics[message.topic]?.version ?? 1
            let value = Value(payload: message.payload, stamp: stamp, version: version)
            if message.retain { topics[message.topic]?.retained = value } else { topics[message.topic]?.event = value }
            records.append(
                TestRecord(topic: message.topic, payload: message.payload, retain: message.retain, version: version))
        }
        return sender.live(records)
    }

    func publish(_ topic: String, _ payload: String, retain: Bool = true) -> TestBlock {
        publish([(topic, Array(payload.utf8), retain)])
    }

    /// Forgets a tombstone, or a topic altogether.
    func forget(_ topic: String) { forgotten += topics.removeValue(forKey: topic)?.version ?? 0 }

    /// One round of the carousel in so many slices, as of now.
    func slices(_ count: Int = 1) -> [TestBlock] {
        round += 1
        let step = UInt64.max / UInt64(count)
        return (0..<UInt64(count)).map { index in
            let isLast = index + 1 == UInt64(count)
            return slice(
                from: TopicHash(rawValue: index * step + (index == 0 ? 0 : 1)),
                to: TopicHash(rawValue: isLast ? .max : (index + 1) * step), number: index, isLast: isLast)
        }
    }

    private func slice(from: TopicHash, to: TopicHash, number: UInt64, isLast: Bool) -> TestBlock {
        var encoder = SliceEncoder()
        let listed = topics.map { (hash: hasher.topicHash($0.key.utf8.span.bytes), name: $0.key, topic: $0.value) }
            .filter { from <= $0.hash && $0.hash <= to }.sorted { $0.hash < $1.hash }
        for (hash, name, topic) in listed {
            if let value = topic.retained, !value.payload.isEmpty { append(.retained, name, hash, value, to: &encoder) }
            if let value = topic.event { append(.lastEvent, name, hash, value, to: &encoder) }
            if let value = topic.retained, value.payload.isEmpty { append(.tombstone, name, hash, value, to: &encoder) }
        }
        var plain: [UInt8] = []
        encoder.finish(
            SliceHeading(capture: capture, round: round, slice: number, isLast: isLast, from: from, to: to),
            into: &plain)
        defer { nextSlice += 1 }
        return sender.block(.snapshot, number: nextSlice, first: 0, last: 0, plain: plain)
    }

    private func append(
        _ kind: SlotKind, _ name: String, _ hash: TopicHash, _ value: Value, to encoder: inout SliceEncoder
    ) {
        encoder.append(
            kind, topic: name.utf8.span.bytes, hash: hash, stamp: value.stamp,
            flags: RecordFlags(qos: .atLeastOnce, retain: kind != .lastEvent, hasProperties: false),
            version: TopicVersion(rawValue: value.version), time: UnixMilliseconds(rawValue: 1_763_716_000_000),
            properties: RawSpan(), payload: value.payload.span.bytes)
    }

    /// A live block with a checkpoint.
    func checkpoint() -> TestBlock {
        var digest = StateDigest()
        var slots: UInt64 = 0
        for (name, topic) in topics {
            for (kind, value) in [(SlotKind.retained, topic.retained), (.lastEvent, topic.event)] {
                guard let value, kind == .lastEvent || !value.payload.isEmpty else { continue }
                slots += 1
                digest.add(
                    hasher.slot(
                        kind, topic: name.utf8.span.bytes, stamp: value.stamp, qos: .atLeastOnce,
                        properties: RawSpan(), payload: value.payload.span.bytes))
            }
        }
        var content = LiveContentEncoder()
        content.append(
            Checkpoint(
                digest: digest.sum, versions: topics.values.reduce(0) { $0 + $1.version }, forgotten: forgotten,
                topics: UInt64(topics.count), slots: slots))
        return sender.live(&content)
    }

    func beginEpoch(_ epoch: UInt64, incarnation: UInt64) {
        sender.beginEpoch(epoch, incarnation: incarnation)
        nextSlice = 1
        round = 0
    }
}
