internal import Sparkplug
internal import Time

/// How fast connections of edge nodes are made: each costs a thread, and the IT broker a client.
///
/// Nodes that were connected before come back at once, by and large; new ones come at a pace, and of all that wait each group has its turn, so
/// that a group that names a thousand does not keep another's one waiting.
struct DialBudget {
    private struct Bucket {
        let perSecond: Double
        let most: Double
        var level: Double
        var asOf: MonotonicInstant

        mutating func fill(now: MonotonicInstant) {
            level = min(most, level + max(0, asOf.duration(to: now) / .seconds(1)) * perSecond)
            asOf = now
        }

        /// When there is one.
        var readyAt: MonotonicInstant {
            level >= 1 ? asOf : asOf.advanced(by: .seconds((1 - level) / perSecond))
        }
    }

    private var fresh: Bucket
    private var known: Bucket

    init(now: MonotonicInstant) {
        fresh = Bucket(perSecond: 50, most: 50, level: 50, asOf: now)
        known = Bucket(perSecond: 500, most: 500, level: 500, asOf: now)
    }

    /// - Returns: whether one may be dialled now.
    mutating func take(isNew: Bool, now: MonotonicInstant) -> Bool {
        var bucket = isNew ? fresh : known
        bucket.fill(now: now)
        let mayDial = bucket.level >= 1
        if mayDial { bucket.level -= 1 }
        if isNew { fresh = bucket } else { known = bucket }
        return mayDial
    }

    /// When the next may be dialled.
    func readyAt(isNew: Bool) -> MonotonicInstant { isNew ? fresh.readyAt : known.readyAt }

    /// In which order nodes are dialled: of each group the first, then of each group the second, and so on.
    static func inTurn(_ nodes: [EdgeNodeID]) -> [EdgeNodeID] {
        var turns: [[UInt8]: Int] = [:]
        let numbered = nodes.map { node in
            let turn = turns[node.group, default: 0]
            turns[node.group] = turn + 1
            return (turn: turn, node: node)
        }
        return numbered.sorted { $0.turn < $1.turn }.map(\.node)
    }
}
