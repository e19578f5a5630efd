public import Account
internal import DiodeProtocol
public import Time

/// Records that are gone for good, other than by a gap of their own.
public struct AuditLoss: Hashable, Sendable {
    /// The layer before the sender: these records were never numbered, so that no account has them.
    public static let otBroker = LossLayer.otBroker.rawValue

    /// Counts from 1 for each receiver; nil where none was given. `ack` takes it as `loss-3`.
    public var id: UInt64?
    /// Where it happened (P9): `outbox`, `sender`, `it-broker`, `ot-broker`, …
    public var layer: String
    public var reason: String
    /// When its first and its last record were lost; the receiver's clock.
    public var from, to: UnixMilliseconds
    public var records: UInt64
    public var isAcknowledged: Bool
    public var topics: [TopicCount]

    public init(
        id: UInt64? = nil, layer: String, reason: String, from: UnixMilliseconds, to: UnixMilliseconds, records: UInt64,
        isAcknowledged: Bool, topics: [TopicCount]
    ) {
        self.id = id
        self.layer = layer
        self.reason = reason
        self.from = from
        self.to = to
        self.records = records
        self.isAcknowledged = isAcknowledged
        self.topics = topics
    }
}

extension AuditLoss {
    /// What `ack` takes.
    public var name: String? { id.map { "loss-\($0)" } }
}

/// An interval in which the sender was not subscribed, by its own signed word.
public struct UnobservedInterval: Hashable, Sendable {
    public var from, to: UnixMilliseconds
    /// Whether the OT broker kept the session meanwhile.
    public var sessionResumed: Bool
    public var reason: String

    public init(from: UnixMilliseconds, to: UnixMilliseconds, sessionResumed: Bool, reason: String) {
        self.from = from
        self.to = to
        self.sessionResumed = sessionResumed
        self.reason = reason
    }
}

/// Something that somebody did: resend, ack, pair, start, stop, configuration, …
public struct AuditAction: Hashable, Sendable {
    public var at: UnixMilliseconds
    public var what, detail: String

    public init(at: UnixMilliseconds, what: String, detail: String) {
        self.at = at
        self.what = what
        self.detail = detail
    }
}
