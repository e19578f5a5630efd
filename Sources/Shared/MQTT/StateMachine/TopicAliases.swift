/// The topics that the server has given numbers to on this connection (§3.3.2.3.4): at most `maximum`, 1…`maximum`.
struct TopicAliases: Sendable {
    private let maximum: UInt16
    private var topics: [UInt16: [UInt8]] = [:]

    init(maximum: UInt16) { self.maximum = maximum }

    mutating func removeAll() { topics.removeAll() }

    /// Notes or looks up the alias of a message.
    /// - Returns: the topic, if the message itself has none.
    mutating func resolve(_ message: PublishView) throws(SessionError) -> [UInt8]? {
        let alias = message.topicAlias
        guard alias > 0 else { return nil }
        guard alias <= maximum else { throw .violation(.topicAlias(alias)) }
        guard message.topic.byteCount == 0 else {
            var topic: [UInt8] = []
            topic.append(span: message.topic)
            topics[alias] = topic
            return nil
        }
        guard let topic = topics[alias] else { throw .violation(.topicAlias(alias)) }
        return topic
    }
}
