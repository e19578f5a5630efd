/// Other names for topics of a link on the IT broker: whole branches, or single topics.
///
/// ```text
/// from "acme/old/#" to "x/#"     acme/old/a ─▶ x/a     acme/old ─▶ x          from "acme/a" to "b"     acme/a ─▶ b
/// ```
///
/// The first entry that matches decides. Targets do not meet each other (the configuration sees to it), and a topic that no entry moves may
/// not lie in a target; so each name comes from one topic, and can be led back to it.
public struct TopicMap: Sendable {
    /// One entry of `map`.
    public struct Entry: Sendable {
        /// Levels of the topic, or of the branch without its `#`; empty: everything.
        let from: [UInt8]
        let to: [UInt8]
        let isBranch: Bool

        /// - Parameters: both a topic, or both ending in `#`; without `+`.
        public init(from: String, to: String) {
            isBranch = from.hasSuffix("#")
            self.from = Self.levels(from)
            self.to = Self.levels(to)
        }

        private static func levels(_ pattern: String) -> [UInt8] {
            Array((pattern.hasSuffix("/#") ? pattern.dropLast(2) : pattern == "#" ? "" : pattern[...]).utf8)
        }

        /// What follows `base`, with its slash; nil if the topic is not in the branch, or not the topic.
        private func rest(of topic: [UInt8], behind base: [UInt8]) -> ArraySlice<UInt8>? {
            guard isBranch else { return topic == base ? [] : nil }
            if base.isEmpty { return topic[...] }
            guard topic.starts(with: base) else { return nil }
            let rest = topic.dropFirst(base.count)
            return rest.isEmpty || rest.first == UInt8(ascii: "/") ? rest : nil
        }

        private func move(_ topic: [UInt8], from base: [UInt8], to target: [UInt8]) -> [UInt8]? {
            guard let rest = rest(of: topic, behind: base) else { return nil }
            guard isBranch else { return target }
            if base.isEmpty { return target.isEmpty ? topic : target + [UInt8(ascii: "/")] + rest }
            return target.isEmpty ? Array(rest.dropFirst()) : target + rest
        }

        func moved(_ topic: [UInt8]) -> [UInt8]? { move(topic, from: from, to: to) }
        func movedBack(_ topic: [UInt8]) -> [UInt8]? { move(topic, from: to, to: from) }
        func holds(_ topic: [UInt8]) -> Bool { rest(of: topic, behind: to) != nil }
    }

    /// What becomes of a topic.
    enum Answer: Equatable {
        case stays
        case moved([UInt8])
        /// Its name belongs to a topic that is moved there, or to Sparkplug, or nothing would be left of it.
        case taken
    }

    private let entries: [Entry]
    private let namespaces: [[UInt8]]

    /// - Parameter namespaces: first levels of topics that are never moved: Sparkplug names its nodes by them.
    public init(_ entries: [Entry] = [], except namespaces: [String] = []) {
        self.entries = entries
        self.namespaces = namespaces.map { Array("\($0)/".utf8) }
    }

    var isEmpty: Bool { entries.isEmpty }

    func answer(for topic: [UInt8]) -> Answer {
        for namespace in namespaces where topic.starts(with: namespace) { return .stays }
        for entry in entries {
            guard let moved = entry.moved(topic) else { continue }
            let isSparkplug = namespaces.contains { moved.starts(with: $0) }
            return moved.isEmpty || isSparkplug ? .taken : .moved(moved)
        }
        return entries.contains { $0.holds(topic) } ? .taken : .stays
    }

    /// The topic that has this name; nil if none has.
    func source(of topic: [UInt8]) -> [UInt8]? {
        if answer(for: topic) == .stays { return topic }
        for entry in entries {
            guard let source = entry.movedBack(topic), answer(for: source) == .moved(topic) else { continue }
            return source
        }
        return nil
    }
}
