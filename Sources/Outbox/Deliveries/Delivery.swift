public import DiodeProtocol
public import Time

/// One record on its way to the IT broker: the message as it was published in the plant, and where it stands in the link's
/// stream.
///
/// Topic, properties and payload are ranges of `bytes`, which all deliveries of one block share: a delivery costs a
/// reference, not a copy.
///
/// ```text
/// bytes   │ … │ topic │ … │ properties │ payload │ … │     (the plain content of one block)
/// ```
public struct Delivery: Sendable {
    /// Why a delivery is not simply the next one.
    public enum Lateness: Sendable, Equatable {
        /// In order.
        case none
        /// It filled a gap and is still the newest of its topic.
        case newest
        /// It filled a gap, and its topic has moved on since.
        case superseded
        /// No record of the stream: it makes what the IT broker retains equal to the replica, and stands outside of every
        /// balance.
        case refresh
    }

    /// The bytes that the ranges point into.
    public let bytes: [UInt8]
    /// UTF-8 of the topic, 1…65,535 bytes.
    public let topicRange: Range<Int>
    /// End-to-end properties of the MQTT 5 PUBLISH, encoded, without length prefix; may be empty.
    public let propertiesRange: Range<Int>
    /// The payload; empty with `retain` is a deletion.
    public let payloadRange: Range<Int>
    /// As published.
    public let qos: QualityOfService
    /// The RETAIN flag, as published.
    public let retain: Bool
    public let lateness: Lateness
    /// Epoch and sequence: its place in the link's stream.
    public let stamp: Stamp
    /// How many records its topic has had, this one included.
    public let version: TopicVersion
    /// When the sender got it.
    public let sourceTime: UnixMilliseconds
    /// When the receiver released it, or read it back: from here on the message expiry interval runs down.
    public let releasedAt: MonotonicInstant
    /// How long ago, at `releasedAt`, the sender had got it: what it waited in the sender's journal, in a gap, and in this receiver's outbox,
    /// perhaps in an earlier process.
    public let waitedBefore: Duration

    /// Every range lies within `bytes`.
    public init(
        bytes: [UInt8], topic: Range<Int>, properties: Range<Int>, payload: Range<Int>, qos: QualityOfService,
        retain: Bool,
        lateness: Lateness, stamp: Stamp, version: TopicVersion, sourceTime: UnixMilliseconds,
        releasedAt: MonotonicInstant, waitedBefore: Duration = .zero
    ) {
        precondition(
            topic.upperBound <= bytes.count && properties.upperBound <= bytes.count
                && payload.upperBound <= bytes.count,
            "a delivery lies within its block")
        self.bytes = bytes
        topicRange = topic
        propertiesRange = properties
        payloadRange = payload
        self.qos = qos
        self.retain = retain
        self.lateness = lateness
        self.stamp = stamp
        self.version = version
        self.sourceTime = sourceTime
        self.releasedAt = releasedAt
        self.waitedBefore = waitedBefore
    }

    /// UTF-8 of the topic.
    public var topic: RawSpan {
        @_lifetime(borrow self) get { bytes.span.bytes.extracting(topicRange) }
    }

    /// Encoded end-to-end properties; may be empty.
    public var properties: RawSpan {
        @_lifetime(borrow self) get { bytes.span.bytes.extracting(propertiesRange) }
    }

    /// The payload.
    public var payload: RawSpan {
        @_lifetime(borrow self) get { bytes.span.bytes.extracting(payloadRange) }
    }

    /// Whether it repairs the IT broker instead of delivering a record.
    public var isRefresh: Bool { lateness == .refresh }

    /// Whether it deletes the retained value of its topic.
    public var isDeletion: Bool { retain && payloadRange.isEmpty && lateness != .superseded }

    /// What it counts against the outbox's limit: its own bytes and a fixed share for the bookkeeping.
    public var cost: Int { topicRange.count + propertiesRange.count + payloadRange.count + Self.overheadBytes }

    /// Bytes of memory that a queued delivery takes beside its content, rounded up.
    public static let overheadBytes = 192
}
