/// A topic filter (MQTT 5 §4.7): levels between slashes, of which `+` stands for any one and a last `#` for any number,
/// its parent included. A filter that begins with a wildcard matches no topic that begins with `$` [MQTT-4.7.2-1].
public struct TopicFilter: Sendable, Hashable, CustomStringConvertible {
    /// Why a text is not a filter.
    public enum Fault: Error, Sendable, Equatable {
        case empty
        /// More than 65,535 bytes of UTF-8.
        case tooLong
        /// U+0000.
        case containsNull
        /// `+` or `#` that is not a whole level, by its byte offset.
        case wildcardNotWholeLevel(offset: Int)
        /// `#` that is not the last level, by its byte offset.
        case multiLevelWildcardNotLast(offset: Int)
    }

    private let bytes: [UInt8]

    public init(_ text: String) throws(Fault) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= 65_535 else { throw .tooLong }
        guard !bytes.contains(0) else { throw .containsNull }
        for (index, byte) in bytes.enumerated() where byte == Self.plus || byte == Self.hash {
            let startsLevel = index == 0 || bytes[index - 1] == Self.slash
            let endsLevel = index == bytes.count - 1 || bytes[index + 1] == Self.slash
            guard startsLevel, endsLevel else { throw .wildcardNotWholeLevel(offset: index) }
            guard byte == Self.plus || index == bytes.count - 1 else {
                throw .multiLevelWildcardNotLast(offset: index)
            }
        }
        self.bytes = bytes
    }

    public var description: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether a message with this topic name is one that a subscription to this filter gets.
    /// - Parameter topic: a valid topic name.
    public func matches(_ topic: RawSpan) -> Bool {
        if topic.byteCount > 0, topic[topic: 0] == Self.dollar, bytes[0] == Self.plus || bytes[0] == Self.hash {
            return false
        }
        var position = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == Self.hash { return true }
            if byte == Self.plus {
                while position < topic.byteCount, topic[topic: position] != Self.slash { position += 1 }
                index += 1
            } else if position < topic.byteCount, topic[topic: position] == byte {
                position += 1
                index += 1
            } else {
                // `a/#` matches its parent `a`: the topic ends where `/#` begins.
                return position == topic.byteCount && byte == Self.slash && index == bytes.count - 2
                    && bytes[index + 1] == Self.hash
            }
        }
        return position == topic.byteCount
    }

    public func matches(_ topic: String) -> Bool { matches(topic.utf8.span.bytes) }

    /// Whether every topic that `other` matches is matched by this filter too.
    public func covers(_ other: TopicFilter) -> Bool {
        if other.startsWithDollar && startsWithWildcard { return false }
        let mine = levels
        let theirs = other.levels
        for (index, level) in mine.enumerated() {
            if level.first == Self.hash {
                // The `$` rule hides from `#` and `+/…` the same topics, so a wildcard covers a wildcard.
                return true
            }
            guard index < theirs.count else { return false }
            let their = theirs[index]
            if their.first == Self.hash { return false }
            if level.first == Self.plus { continue }
            guard level == their else { return false }
        }
        guard theirs.count > mine.count else { return true }
        return false
    }

    /// Whether some topic is matched by both.
    public func overlaps(_ other: TopicFilter) -> Bool {
        if (other.startsWithDollar && startsWithWildcard) || (startsWithDollar && other.startsWithWildcard) {
            return false
        }
        let mine = levels
        let theirs = other.levels
        var index = 0
        while true {
            let a = index < mine.count ? mine[index] : nil
            let b = index < theirs.count ? theirs[index] : nil
            if a?.first == Self.hash || b?.first == Self.hash { return true }
            guard let a, let b else { return a == nil && b == nil }
            guard a.first == Self.plus || b.first == Self.plus || a == b else { return false }
            index += 1
        }
    }

    /// The narrowest filter that matches every topic that one of the two matches.
    public func joined(with other: TopicFilter) -> TopicFilter {
        if covers(other) { return self }
        if other.covers(self) { return other }
        let (mine, theirs) = (levels, other.levels)
        var joined: [ArraySlice<UInt8>] = []
        for index in 0..<max(mine.count, theirs.count) {
            guard index < mine.count, index < theirs.count, mine[index].first != Self.hash,
                theirs[index].first != Self.hash
            else {
                joined.append([Self.hash])
                break
            }
            joined.append(mine[index] == theirs[index] ? mine[index] : [Self.plus])
        }
        // Both match every topic but those that begin with `$`.
        if joined == [[Self.plus], [Self.hash]] { joined.removeFirst() }
        return TopicFilter(levels: joined)
    }

    private init(levels: [ArraySlice<UInt8>]) { bytes = Array(levels.joined(separator: [Self.slash])) }

    /// The levels as bytes; an empty level is one too (`/a` has two).
    package var levels: [ArraySlice<UInt8>] { bytes.split(separator: Self.slash, omittingEmptySubsequences: false) }

    private var startsWithDollar: Bool { bytes[0] == Self.dollar }
    private var startsWithWildcard: Bool { bytes[0] == Self.plus || bytes[0] == Self.hash }

    package static let slash = UInt8(ascii: "/")
    package static let plus = UInt8(ascii: "+")
    package static let hash = UInt8(ascii: "#")
    static let dollar = UInt8(ascii: "$")
}

extension RawSpan {
    /// One byte of a topic. The index is checked by the span.
    fileprivate subscript(topic index: Int) -> UInt8 { unsafeLoad(fromByteOffset: index, as: UInt8.self) }
}
