/// How many missing records a topic has.
public struct TopicCount: Hashable, Sendable {
    public var topic: String
    public var records: UInt64

    public init(topic: String, records: UInt64) {
        self.topic = topic
        self.records = records
    }

    /// Stands for the records whose topics nobody can name any more (ADR 0013).
    public static let unnamed = "topics no longer held"
}
