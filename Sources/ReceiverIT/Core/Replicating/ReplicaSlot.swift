package import Crypto
internal import Deliveries
package import DiodeProtocol

/// What one slot of a topic holds, without the value itself: enough to say what is newer, and whether a value is the same.
package struct ReplicaSlot: Sendable, Equatable {
    package enum State: Sendable {
        case empty
        /// The topic's retained value was deleted by the record with this stamp.
        case tombstone
        case held
    }

    package var state = State.empty
    /// Of the record that it holds, or that deleted it.
    package var stamp = Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0))
    /// What it adds to the digest (W-37); zero until that is worked out, and unless it holds something.
    package var hash = Digest32(first: 0, second: 0, third: 0, fourth: 0)

    package init() {}

    /// Its stamp, if it has one.
    package var known: Stamp? { state == .empty ? nil : stamp }

    /// Whether it is this one or a newer one.
    func isAtLeast(_ other: Stamp) -> Bool { state != .empty && stamp >= other }
}

/// A value on its way into a slot: ranges of the content that it came in.
struct SlotContent: Sendable {
    let bytes: [UInt8]
    let topicRange, propertiesRange, payloadRange: Range<Int>
    let qos: QualityOfService
    let retain: Bool

    /// - Parameter bytes: what the record was read from.
    init(_ record: borrowing RecordView, in bytes: [UInt8]) {
        let span = bytes.span.bytes
        self.bytes = bytes
        topicRange = span.byteOffsets(of: record.topic) ?? 0..<0
        propertiesRange = span.byteOffsets(of: record.properties) ?? 0..<0
        payloadRange = span.byteOffsets(of: record.payload) ?? 0..<0
        qos = record.flags.qos
        retain = record.flags.retain
    }

    init(_ delivery: Delivery) {
        bytes = delivery.bytes
        topicRange = delivery.topicRange
        propertiesRange = delivery.propertiesRange
        payloadRange = delivery.payloadRange
        qos = delivery.qos
        retain = delivery.retain
    }

    /// A retained publish without payload deletes (MQTT-3.3.1-6).
    var isDeletion: Bool { retain && payloadRange.isEmpty }

    var topic: RawSpan {
        @_lifetime(borrow self) get { bytes.span.bytes.extracting(topicRange) }
    }
    var payload: RawSpan {
        @_lifetime(borrow self) get { bytes.span.bytes.extracting(payloadRange) }
    }

    /// What the slot adds to a checkpoint's digest.
    func hash(stamp: Stamp, with hasher: inout SymbolHasher) -> Digest32 {
        let span = bytes.span.bytes
        return hasher.slot(
            retain ? .retained : .lastEvent, topic: span.extracting(topicRange), stamp: stamp, qos: qos,
            properties: span.extracting(propertiesRange), payload: span.extracting(payloadRange))
    }
}
