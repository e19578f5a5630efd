import DiodeProtocol
import MQTT
import Outbox
import Threading
import Time
import Deliveries
import MQTTProtocol

/// A delivery as a test writes it.
func testDelivery(
    _ topic: String, _ payload: [UInt8] = [], sequence: UInt64 = 1, qos: QualityOfService = .atLeastOnce,
    retain: Bool = false, properties: [UInt8] = [], lateness: Delivery.Lateness = .none,
    releasedAt: MonotonicInstant = MonotonicClock.now()
) -> Delivery {
    let name = Array(topic.utf8)
    let bytes = name + properties + payload
    return Delivery(
        bytes: bytes, topic: 0..<name.count, properties: name.count..<name.count + properties.count,
        payload: name.count + properties.count..<bytes.count, qos: qos, retain: retain, lateness: lateness,
        stamp: Stamp(epoch: Epoch(rawValue: 7), sequence: SequenceNumber(rawValue: sequence)),
        version: TopicVersion(rawValue: sequence), sourceTime: UnixMilliseconds(rawValue: 1_763_716_000_000 + sequence),
        releasedAt: releasedAt)
}

/// What a property list says: identifiers with numbers or text, in order.
func described(_ properties: [UInt8]) throws -> [String] {
    var reader = PropertyReader(properties.span.bytes)
    var texts: [String] = []
    while !reader.isAtEnd {
        let property = try reader.next()
        let bytes = property.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let value = property.value.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        switch property.id.encoding {
        case .stringPair: texts.append("\(bytes)=\(value)")
        case .string, .binary: texts.append("\(property.id):\(bytes)")
        default: texts.append("\(property.id):\(property.number)")
        }
    }
    return texts
}
