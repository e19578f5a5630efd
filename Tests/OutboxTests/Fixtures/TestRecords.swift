import Account
import DiodeProtocol
import Outbox
import Threading
import Time
import Deliveries

/// A record as a test writes it; its payload begins with its sequence in decimal and a colon.
struct TestRecord: Hashable {
    var topic: String
    var retain = false
    var isSuperseded = false
    var payloadBytes = 0
    let sequence: UInt64

    var payload: [UInt8] {
        let text = Array("\(sequence):".utf8)
        return text + [UInt8](repeating: 0x78, count: max(0, payloadBytes - text.count))
    }

    /// What one value at most is kept of.
    var slot: String { "\(retain ? "r" : "e")/\(topic)" }
}

extension DeliveryUnit {
    /// The unit of records with consecutive sequences, encoded as a sender would.
    init(_ records: [TestRecord], epoch: UInt64 = 7) throws {
        var encoder = LiveContentEncoder()
        for record in records {
            let topic = Array(record.topic.utf8)
            let payload = record.payload
            let nothing: [UInt8] = []
            encoder.append(
                topic: topic.span.bytes,
                flags: RecordFlags(qos: .atLeastOnce, retain: record.retain, hasProperties: false),
                version: TopicVersion(rawValue: record.sequence),
                time: UnixMilliseconds(rawValue: 1_763_716_000_000 + record.sequence), properties: nothing.span.bytes,
                payload: payload.span.bytes)
        }
        var content: [UInt8] = []
        encoder.finish(into: &content)
        let first = records[0].sequence
        var deliveries: [Delivery] = []
        let now = MonotonicClock.now()
        let span = content.span.bytes
        let live = try LiveContent(decoding: span, sequenceCount: UInt64(records.count))
        live.forEachItem { item, offset in
            guard case .record(let view) = item else { return }
            deliveries.append(
                Delivery(
                    bytes: content, topic: span.byteOffsets(of: view.topic) ?? 0..<0, properties: 0..<0,
                    payload: span.byteOffsets(of: view.payload) ?? 0..<0, qos: view.flags.qos,
                    retain: view.flags.retain,
                    lateness: records[Int(offset)].isSuperseded ? .superseded : .none,
                    stamp: Stamp(epoch: Epoch(rawValue: epoch), sequence: SequenceNumber(rawValue: first + offset)),
                    version: view.version, sourceTime: view.time, releasedAt: now))
        }
        self.init(
            content: content, epoch: Epoch(rawValue: epoch), firstSequence: SequenceNumber(rawValue: first),
            sequences: UInt64(records.count), deliveries: deliveries)
    }
}

extension QueuedDelivery {
    var sequence: UInt64 { delivery.stamp.sequence.rawValue }
}
