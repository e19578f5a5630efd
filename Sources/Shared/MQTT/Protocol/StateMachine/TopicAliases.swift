/// The topics that the server has given numbers to on this connection (§3.3.2.3.4): at most `maximum`, 1…`maximum`.
struct TopicAliases: Sendable {
    private let maximum: UInt16
    private var topics: [UInt16: [UInt8]] = [:]

    init(maximum: UInt16) { self.maximum = maximum }

    mutating func removeAll() { topics.removeAll() }

    /// Notes or looks up an alias.
    /// - Parameters:
    ///   - alias: 0 for none.
    ///   - topic: that of the message; empty if the alias stands for it.
    /// - Returns: the topic that the alias stands for, where the message itself has none; and whether the server was not allowed to set
    ///   this alias, or never did.
    mutating func resolve(_ alias: UInt16, topic: RawSpan) -> (topic: [UInt8]?, isFaulty: Bool) {
        guard alias > 0 else { return (nil, false) }
        guard topic.byteCount == 0 else {
            guard alias <= maximum else { return (nil, true) }
            var copy: [UInt8] = []
            copy.append(span: topic)
            topics[alias] = copy
            return (nil, false)
        }
        let known = topics[alias]
        return (known, known == nil)
    }
}
