public import Account
internal import DiodeProtocol
public import Time

/// A loss as an operator reads of it: what was lost, under which number, and whether somebody has accepted it.
@dynamicMemberLookup
public struct AuditLoss: Hashable, Sendable {
    /// Counts from 1 for each receiver; nil where none was given. `ack` takes it as `loss-3`.
    public let id: UInt64?
    public let loss: Loss
    /// The topics, the one that lost most first, and last of all the records of those that nobody names.
    public let topics: [TopicCount]
    public var isAcknowledged: Bool

    public init(id: UInt64? = nil, _ loss: Loss, isAcknowledged: Bool) {
        let named = loss.topics.map { TopicCount(topic: $0.key, records: $0.value) }
        self.init(id: id, loss, named: named, isAcknowledged: isAcknowledged)
    }

    /// - Parameter named: the topics as they are stored: names that differ only in their Unicode form are two, as they are in the plant.
    public init(id: UInt64?, _ loss: Loss, named: [TopicCount], isAcknowledged: Bool) {
        self.id = id
        self.loss = loss
        var topics = named.sorted { a, b in
            a.records == b.records ? a.topic.utf8.lexicographicallyPrecedes(b.topic.utf8) : a.records > b.records
        }
        if loss.others > 0 { topics.append(TopicCount(topic: TopicCount.unnamed, records: loss.others)) }
        self.topics = topics
        self.isAcknowledged = isAcknowledged
    }

    /// What `ack` takes.
    public var name: String? { id.map { "loss-\($0)" } }

    /// What the loss itself says: `records`, `from`, …
    public subscript<Value>(dynamicMember path: KeyPath<Loss, Value>) -> Value { loss[keyPath: path] }
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
