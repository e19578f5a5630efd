import Deliveries
import DiodeProtocol
import Outbox
import Threading
import Time

/// Units as the receiver's core releases them: records of one epoch with consecutive sequences.
struct StoredUnits {
    static let epoch = Epoch(rawValue: 7)

    /// Records take turns in so many topics.
    var topics: UInt64
    var payloadBytes = 60

    /// The unit of records with these sequences, encoded as a sender would.
    func unit(from first: UInt64, to end: UInt64) throws -> DeliveryUnit {
        let payload = [UInt8](repeating: UInt8(ascii: "x"), count: payloadBytes)
        let nothing: [UInt8] = []
        var encoder = LiveContentEncoder()
        for sequence in first..<end {
            let topic = Array("acme/site/area/line/cell/\(sequence &* 7_919 % topics)".utf8)
            encoder.append(
                topic: topic.span.bytes,
                flags: RecordFlags(qos: .atLeastOnce, retain: false, hasProperties: false),
                version: TopicVersion(rawValue: sequence),
                time: UnixMilliseconds(rawValue: 1_763_716_000_000 + sequence), properties: nothing.span.bytes,
                payload: payload.span.bytes)
        }
        var content: [UInt8] = []
        encoder.finish(into: &content)
        let now = MonotonicClock.now()
        let span = content.span.bytes
        var deliveries: [Delivery] = []
        try LiveContent(decoding: span, sequenceCount: end - first).forEachItem { item, offset in
            guard case .record(let view) = item else { return }
            deliveries.append(
                Delivery(
                    bytes: content, topic: span.byteOffsets(of: view.topic) ?? 0..<0, properties: 0..<0,
                    payload: span.byteOffsets(of: view.payload) ?? 0..<0, qos: view.flags.qos,
                    retain: view.flags.retain, lateness: .none,
                    stamp: Stamp(epoch: Self.epoch, sequence: SequenceNumber(rawValue: first + offset)),
                    version: view.version, sourceTime: view.time, releasedAt: now))
        }
        return DeliveryUnit(
            content: content, epoch: Self.epoch, firstSequence: SequenceNumber(rawValue: first), sequences: end - first,
            deliveries: deliveries)
    }
}
