public import Account

/// A gap as an operator reads of it: what the receiver has of it, which topics it concerns, and whether somebody has accepted its loss.
@dynamicMemberLookup
public struct AuditGap: Hashable, Sendable {
    public var gap: Gap
    public var topics: [TopicCount]
    /// Somebody has acknowledged that it is lost. Not a member of the gap in JSON: the `ack` is one of the actions.
    public var isAcknowledged: Bool

    public init(_ gap: Gap, topics: [TopicCount] = [], isAcknowledged: Bool = false) {
        self.gap = gap
        self.topics = topics
        self.isAcknowledged = isAcknowledged
    }

    /// What the gap itself says: `span`, `cause`, …
    public subscript<Value>(dynamicMember path: KeyPath<Gap, Value>) -> Value { gap[keyPath: path] }
}
