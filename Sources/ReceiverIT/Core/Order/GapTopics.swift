internal import Account
internal import DiodeProtocol

/// Which topics' records are missing, as far as later records of them have told (ADR 0013, ADR 0026).
///
/// ```text
/// a topic's records     v7 │ gap │ v10          two of them are missing: version 10 comes where 8 was due
/// ```
///
/// What is kept is the jump, once, however many gaps lie in it: an audit works out what each of them may have swallowed. A jump is found by the
/// first gap in it, its *home*; once nothing can come out of that gap any more the next one is its home, and where there is none it goes. What
/// no later record or slot of its topic tells of stays without a name. Bounded: 256 topics for each home, 4,096 jumps of each topic, 65,536 in
/// all; further ones are not named.
struct GapTopics: Sendable {
    static let topicLimit = 256
    private static let topicJumpLimit = 4_096
    private static let jumpLimit = 65_536

    private struct Noted: Sendable {
        var jump: VersionJump
        var home: UInt64
        /// Some of its gaps are forgotten, and may have swallowed what is left of it.
        var reachesForgotten: Bool
    }

    private var byTopic: [[UInt8]: [Noted]] = [:]
    private var topicsByHome: [UInt64: Set<[UInt8]>] = [:]
    private var count = 0
    private var changed: [VersionJump.Key: VersionJump?] = [:]

    /// Gaps that are the home of a jump.
    var homeCount: Int { topicsByHome.count }

    var all: [VersionJump] { byTopic.values.flatMap { $0.map(\.jump) } }

    /// Goes on with a jump as it was stored.
    mutating func restore(_ jump: VersionJump, home: UInt64, reachesForgotten: Bool) {
        insert(Noted(jump: jump, home: home, reachesForgotten: reachesForgotten))
    }

    /// Records of a topic are missing.
    /// - Parameter home: the first gap in the jump.
    mutating func note(_ jump: VersionJump, home: UInt64) {
        let isKnown = topicsByHome[home]?.contains(jump.topic) ?? false
        guard isKnown || topicsByHome[home]?.count ?? 0 < Self.topicLimit, count < Self.jumpLimit,
            byTopic[jump.topic]?.count ?? 0 < Self.topicJumpLimit
        else { return }
        insert(Noted(jump: jump, home: home, reachesForgotten: false))
        changed[jump.key] = .some(jump)
    }

    /// Records that may be among the missing ones came: what is left of their jump lies on either side of them.
    mutating func noteFound(_ found: FoundRecords) {
        func isMeant(_ noted: Noted) -> Bool {
            noted.jump.includes(found.versions, from: found.from, through: found.through)
        }
        guard let noted = byTopic[found.topic], let index = noted.firstIndex(where: isMeant) else { return }
        let old = remove(found.topic, at: index)
        changed[old.jump.key] = .some(nil)
        for jump in old.jump.without(found.versions, from: found.from, through: found.through) {
            insert(Noted(jump: jump, home: old.home, reachesForgotten: old.reachesForgotten))
            changed[jump.key] = .some(jump)
        }
    }

    /// Nothing can come out of a gap any more: its jumps move to the next gap that is known.
    /// - Parameters:
    ///   - isForgotten: it has not healed, so that it keeps what it swallowed; what is stored of its jumps stays.
    ///   - home: the first gap between two stamps that is known; nil: none is.
    mutating func leave(_ gap: UInt64, isForgotten: Bool, home: (VersionJump) -> UInt64?) {
        for topic in topicsByHome[gap] ?? [] {
            while let index = byTopic[topic]?.firstIndex(where: { $0.home == gap }) {
                var noted = remove(topic, at: index)
                if isForgotten { noted.reachesForgotten = true }
                if let home = home(noted.jump), home != gap {
                    noted.home = home
                    insert(noted)
                } else if !noted.reachesForgotten {
                    changed[noted.jump.key] = .some(nil)
                }
            }
        }
    }

    /// The homes that a condition does not hold of.
    func homes(except isKept: (UInt64) -> Bool) -> [UInt64] { topicsByHome.keys.filter { !isKept($0) } }

    /// Moves out the jumps that are not as they were; nil: it is gone.
    mutating func takeChanges() -> [VersionJump.Key: VersionJump?] {
        guard !changed.isEmpty else { return [:] }
        defer { changed = [:] }
        return changed
    }

    private mutating func insert(_ noted: Noted) {
        byTopic[noted.jump.topic, default: []].append(noted)
        topicsByHome[noted.home, default: []].insert(noted.jump.topic)
        count += 1
    }

    private mutating func remove(_ topic: [UInt8], at index: Int) -> Noted {
        let noted = byTopic[topic, default: []].remove(at: index)
        if byTopic[topic]?.isEmpty ?? false { byTopic[topic] = nil }
        count -= 1
        guard !(byTopic[topic]?.contains { $0.home == noted.home } ?? false) else { return noted }
        topicsByHome[noted.home]?.remove(topic)
        if topicsByHome[noted.home]?.isEmpty ?? false { topicsByHome[noted.home] = nil }
        return noted
    }
}

/// Records of one topic that came late, and that may have been missed by name.
struct FoundRecords {
    var topic: [UInt8]
    var versions: ClosedRange<UInt64>
    /// The stamps between which they lie, both included.
    var from, through: Stamp
}
