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

    fileprivate struct Noted: Sendable {
        var jump: VersionJump
        var home: UInt64
        /// Some of its gaps are forgotten, and may have swallowed what is left of it.
        var reachesForgotten: Bool
    }

    private var byTopic: [[UInt8]: TopicJumps] = [:]
    /// Of each home the topics that have jumps there, and the keys of those.
    private var byHome: [UInt64: [[UInt8]: Set<Stamp>]] = [:]
    private var count = 0
    private var changed: [VersionJump.Key: VersionJump?] = [:]

    /// Gaps that are the home of a jump.
    var homeCount: Int { byHome.count }

    var all: [VersionJump] { byTopic.values.flatMap { $0.all.map(\.jump) } }

    /// Goes on with a jump as it was stored.
    mutating func restore(_ jump: VersionJump, home: UInt64, reachesForgotten: Bool) {
        insert(Noted(jump: jump, home: home, reachesForgotten: reachesForgotten))
    }

    /// Records of a topic are missing.
    /// - Parameter home: the first gap in the jump.
    mutating func note(_ jump: VersionJump, home: UInt64) {
        let isKnown = byHome[home]?[jump.topic] != nil
        guard isKnown || byHome[home]?.count ?? 0 < Self.topicLimit, count < Self.jumpLimit,
            byTopic[jump.topic]?.count ?? 0 < Self.topicJumpLimit
        else { return }
        insert(Noted(jump: jump, home: home, reachesForgotten: false))
        changed[jump.key] = .some(jump)
    }

    /// Records that may be among the missing ones came: what is left of their jump lies on either side of them.
    mutating func noteFound(_ found: FoundRecords) {
        guard let key = byTopic[found.topic]?.jump(of: found), let old = remove(found.topic, key) else { return }
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
        for (topic, keys) in byHome[gap] ?? [:] {
            for key in keys {
                guard var noted = remove(topic, key) else { continue }
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
    func homes(except isKept: (UInt64) -> Bool) -> [UInt64] { byHome.keys.filter { !isKept($0) } }

    /// Moves out the jumps that are not as they were; nil: it is gone.
    mutating func takeChanges() -> [VersionJump.Key: VersionJump?] {
        guard !changed.isEmpty else { return [:] }
        defer { changed = [:] }
        return changed
    }

    private mutating func insert(_ noted: Noted) {
        let topic = noted.jump.topic
        // A second jump that ends at one record says the same of it as the first.
        _ = remove(topic, noted.jump.before)
        byTopic[topic, default: TopicJumps()].insert(noted)
        byHome[noted.home, default: [:]][topic, default: []].insert(noted.jump.before)
        count += 1
    }

    private mutating func remove(_ topic: [UInt8], _ key: Stamp) -> Noted? {
        guard let noted = byTopic[topic]?.remove(key) else { return nil }
        if byTopic[topic]?.count == 0 { byTopic[topic] = nil }
        count -= 1
        byHome[noted.home]?[topic]?.remove(key)
        if byHome[noted.home]?[topic]?.isEmpty ?? false { byHome[noted.home]?[topic] = nil }
        if byHome[noted.home]?.isEmpty ?? false { byHome[noted.home] = nil }
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

/// The jumps of one topic in the order of the records that showed them, so that late records find theirs in logarithmic time: a sender may repeat a
/// million records of a topic that has thousands of jumps.
private struct TopicJumps: Sendable {
    /// Of each jump the record behind it, which is its key; the oldest first.
    private var order: [Stamp] = []
    private var byKey: [Stamp: GapTopics.Noted] = [:]

    var count: Int { order.count }
    var all: some Sequence<GapTopics.Noted> { byKey.values }

    mutating func insert(_ noted: GapTopics.Noted) {
        let key = noted.jump.before
        byKey[key] = noted
        order.insert(key, at: place(behind: key))
    }

    mutating func remove(_ key: Stamp) -> GapTopics.Noted? {
        guard let noted = byKey.removeValue(forKey: key) else { return nil }
        order.remove(at: place(behind: key) - 1)
        return noted
    }

    /// The jump that records may lie in: the first that ends behind them, as jumps of one topic do not overlap. Of those without versions, which an
    /// earlier release stored, it is the first that begins before them, too.
    func jump(of found: FoundRecords) -> Stamp? {
        for key in order[place(behind: found.through)...] {
            guard let jump = byKey[key]?.jump, jump.after < found.from else { return nil }
            if jump.includes(found.versions, from: found.from, through: found.through) { return key }
        }
        return nil
    }

    /// How many jumps end at this stamp or before it.
    private func place(behind stamp: Stamp) -> Int {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = low + (high - low) / 2
            if order[middle] <= stamp { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
