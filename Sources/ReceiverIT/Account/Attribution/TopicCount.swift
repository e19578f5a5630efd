/// How many missing records a topic has.
public struct TopicCount: Hashable, Sendable {
    public var topic: String
    public var records: UInt64
    /// There may be fewer: the records lie in this gap or in its neighbours, and nobody knows in which.
    public var isAtMost: Bool

    public init(topic: String, records: UInt64, isAtMost: Bool = false) {
        self.topic = topic
        self.records = records
        self.isAtMost = isAtMost
    }

    /// Stands for the records whose topics nobody can name any more (ADR 0013).
    public static let unnamed = "topics no longer held"
}
