internal import Account
internal import DiodeProtocol

/// Which topics' records a gap swallowed, as far as later records of them have told (ADR 0013).
///
/// ```text
/// a topic's records     v7 │ gap │ v10          two of them are missing: version 10 comes where 8 was due
/// ```
///
/// A jump that lies over several gaps is named in all of them. What no later record or slot of its topic tells of stays without
/// a name. Bounded: 256 topics for each gap, 65,536 names in all; further ones are not named.
struct GapTopics: Sendable {
    static let topicLimit = 256
    private static let nameLimit = 65_536

    private(set) var named: [UInt64: [[UInt8]: UInt64]] = [:]
    private var count = 0
    private var changed: Set<UInt64> = []

    init() {}

    /// As it was stored.
    init(restoring named: [UInt64: [[UInt8]: UInt64]]) {
        self.named = named
        count = named.values.reduce(0) { $0 + $1.count }
    }

    /// Records of a topic are missing in one of these gaps.
    mutating func note(_ topic: [UInt8], records: UInt64, in gaps: [UInt64]) {
        for gap in gaps {
            let isKnown = named[gap]?[topic] != nil
            guard isKnown || named[gap]?.count ?? 0 < Self.topicLimit && count < Self.nameLimit else { continue }
            if !isKnown { count += 1 }
            named[gap, default: [:]][topic, default: 0].add(records: records)
            changed.insert(gap)
        }
    }

    /// Gaps that name topics.
    var gapCount: Int { named.count }

    /// A record of a topic that may be named came late out of a gap.
    mutating func noteFound(_ topic: [UInt8], in gap: UInt64) {
        guard let records = named[gap]?[topic] else { return }
        changed.insert(gap)
        guard records <= 1 else {
            named[gap]?[topic] = records - 1
            return
        }
        named[gap]?[topic] = nil
        count -= 1
    }

    /// A gap healed, or is forgotten.
    mutating func remove(_ gap: UInt64) {
        guard let names = named.removeValue(forKey: gap) else { return }
        count -= names.count
        changed.insert(gap)
    }

    /// Lets go of gaps that nothing can come out of any more; what is stored of them stays.
    mutating func keep(_ isKept: (UInt64) -> Bool) {
        for (gap, names) in named where !isKept(gap) {
            named[gap] = nil
            count -= names.count
        }
    }

    /// Moves out what each gap names now, for those that are not as they were.
    mutating func takeChanges() -> [UInt64: [[UInt8]: UInt64]] {
        guard !changed.isEmpty else { return [:] }
        defer { changed = [] }
        var changes: [UInt64: [[UInt8]: UInt64]] = [:]
        for gap in changed { changes[gap] = named[gap] ?? [:] }
        return changes
    }
}
