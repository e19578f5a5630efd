/// A topic filter level by level, as it is divided: the first wildcard gives way to the names seen in its place.
///
/// ```text
///  acme/#   with acme, acme/a/x, acme/b/y seen ─▶ acme · acme/a/# · acme/b/#
///  +/state  with a/state, b/state seen         ─▶ a/state · b/state
/// ```
struct SlicePattern: Sendable, Hashable {
    private let levels: [[UInt8]]

    init(_ filter: TopicFilter) { levels = filter.levels.map(Array.init) }

    private init(levels: [[UInt8]]) { self.levels = levels }

    var filter: String { String(decoding: Array(levels.joined(separator: [TopicFilter.slash])), as: UTF8.self) }

    var filterBytes: Int { levels.reduce(levels.count - 1) { $0 + $1.count } }

    /// The level that a division replaces; nil if there is no wildcard left.
    private var wildcard: Int? { levels.firstIndex { $0 == [TopicFilter.plus] || $0 == [TopicFilter.hash] } }

    var isDivisible: Bool { wildcard != nil }

    /// The part of this pattern that `topic`, which it matches, falls into; nil if the pattern is not divisible.
    func part(of topic: RawSpan) -> SlicePart? {
        guard let wildcard else { return nil }
        var level = 0
        var start = 0
        for position in 0...topic.byteCount {
            // The end of the topic ends its last level. The load is within bounds: the first condition.
            let isEnd = position == topic.byteCount
            guard isEnd || topic.unsafeLoad(fromByteOffset: position, as: UInt8.self) == TopicFilter.slash else {
                continue
            }
            if level == wildcard {
                var name: [UInt8] = []
                name.append(span: topic.extracting(start..<position))
                return .child(name)
            }
            level += 1
            start = position + 1
        }
        return .parent
    }

    /// This pattern, narrowed to one part.
    func narrowed(to part: SlicePart) -> SlicePattern {
        guard let wildcard else { preconditionFailure("nothing to divide") }
        switch part {
        case .parent: return SlicePattern(levels: Array(levels[..<wildcard]))
        case .child(let name):
            var narrowed = levels
            narrowed[wildcard] = name
            if levels[wildcard] == [TopicFilter.hash] { narrowed.append([TopicFilter.hash]) }
            return SlicePattern(levels: narrowed)
        }
    }
}

/// One part of a divided pattern.
enum SlicePart: Sendable, Hashable {
    /// The topic before `/#` itself.
    case parent
    /// A name in place of the wildcard.
    case child([UInt8])
}
