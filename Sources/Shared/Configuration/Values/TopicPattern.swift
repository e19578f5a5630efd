internal import JSON

/// A topic filter as a configuration names it: its syntax (MQTT 5 §4.7) and whether two of them can meet.
///
/// Matching topics is the business of the rooms that speak MQTT; the receiver's core, which only has to be configured,
/// does not reach them.
public struct TopicPattern: Hashable, Sendable, CustomStringConvertible {
    /// The longest filter that a configuration may hold.
    public static let maximumBytes = 4_096

    /// The filter as it was written.
    public let description: String
    private let levels: [Substring]

    /// - Returns: nil if a wildcard is no whole level, `#` is not the last one, or the text is empty or too long.
    public init?(_ text: String) {
        let levels = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...Self.maximumBytes).contains(text.utf8.count), !text.utf8.contains(0),
            levels.allSatisfy({ $0 == "+" || $0 == "#" || !$0.utf8.contains(where: "+#".utf8.contains) }),
            !levels.dropLast().contains("#")
        else { return nil }
        description = text
        self.levels = levels
    }

    /// Whether some topic matches both.
    public func overlaps(_ other: TopicPattern) -> Bool {
        // A wildcard at the start hides the topics that begin with `$` [MQTT-4.7.2-1].
        if hidesDollar && other.description.hasPrefix("$") || other.hidesDollar && description.hasPrefix("$") {
            return false
        }
        for (mine, theirs) in zip(levels, other.levels) {
            if mine == "#" || theirs == "#" { return true }
            guard mine == theirs || mine == "+" || theirs == "+" else { return false }
        }
        // `a/#` matches `a` too: what is left of the longer one may be a lone `#`.
        let rest = levels.count > other.levels.count ? levels[other.levels.count...] : other.levels[levels.count...]
        return rest.isEmpty || rest.first == "#"
    }

    private var hidesDollar: Bool { levels[0] == "+" || levels[0] == "#" }
}

extension ConfigKind where Value == TopicPattern {
    /// A topic filter.
    public static var topicPattern: ConfigKind {
        .init(
            allowed: "an MQTT topic filter of at most \(TopicPattern.maximumBytes) bytes, for example \"acme/#\"",
            text: { text throws(ConfigFault) in
                guard let pattern = TopicPattern(text) else {
                    throw ConfigFault("\(shown(.text(text))) is no topic filter")
                }
                return pattern
            }, render: { $0.description })
    }
}
