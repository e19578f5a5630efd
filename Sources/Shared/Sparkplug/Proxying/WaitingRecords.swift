/// A record of an edge node, or a state of the sender, kept until it can be told what becomes of it.
struct EdgeRecord: Sendable {
    let place: EdgePlace
    let payload: [UInt8]
    let order: RecordOrder
    /// When the plant's sender got it, in Unix milliseconds.
    let sourceTime: UInt64
    /// nil for a repetition that nobody waits for.
    let token: UInt64?
    /// It is a folded state of the sender.
    var isState = false
}

/// What has no answer yet, of all nodes: records that wait for the birth of their node or device, and those whose content a table has and
/// hosts have not heard. In order within each node.
///
/// Each of them is a delivery that the outbox still has: the owner bounds them, and says whose are given up (`takeOut`).
struct WaitingRecords: Sendable {
    private enum Entry {
        /// Nothing has happened with it.
        case record(EdgeRecord)
        /// The table of its node or device has taken it up.
        case folded(token: UInt64, device: [UInt8]?)

        var token: UInt64? {
            switch self {
            case .record(let record): record.token
            case .folded(let token, _): token
            }
        }

        var device: [UInt8]? {
            switch self {
            case .record(let record): record.place.device
            case .folded(_, let device): device
            }
        }

        func isOf(_ releases: ProxyEffects.Releases) -> Bool {
            guard case .device(let wanted) = releases else { return true }
            return device == wanted
        }
    }

    /// What is asked of whoever knows the node.
    enum Question {
        /// Whether the record's fate is decided now, and if not what became of it.
        case record(EdgeRecord)
        /// Whether hosts have heard it, or never will.
        case folded(token: UInt64, device: [UInt8]?)
    }

    private struct Waiting {
        var entry: Entry
        var since: Duration
    }

    private var byNode: [EdgeNodeID: [Waiting]] = [:]
    private(set) var count = 0
    /// No record waits since before.
    private(set) var oldest: Duration?

    func holds(_ node: EdgeNodeID) -> Bool { byNode[node] != nil }

    mutating func add(_ record: EdgeRecord, now: Duration) { add(.record(record), of: record.place.id, now: now) }

    /// Notes a record whose content a table has.
    mutating func addFolded(_ record: EdgeRecord, now: Duration) {
        guard let token = record.token else { return }
        add(.folded(token: token, device: record.place.device), of: record.place.id, now: now)
    }

    private mutating func add(_ entry: Entry, of node: EdgeNodeID, now: Duration) {
        byNode[node, default: []].append(Waiting(entry: entry, since: now))
        count += 1
        oldest = min(oldest ?? now, now)
    }

    /// Takes out the records of one node that no longer wait, in order.
    mutating func release(
        _ node: EdgeNodeID, _ releases: ProxyEffects.Releases, _ settle: (Question) -> EdgeNodeSession.Taken
    ) {
        guard let all = byNode[node], all.contains(where: { $0.entry.isOf(releases) }) else { return }
        var kept: [Waiting] = []
        for var waiting in all {
            guard waiting.entry.isOf(releases) else {
                kept.append(waiting)
                continue
            }
            let taken: EdgeNodeSession.Taken
            switch waiting.entry {
            case .record(let record): taken = settle(.record(record))
            case .folded(let token, let device): taken = settle(.folded(token: token, device: device))
            }
            switch (taken, waiting.entry) {
            case (.done, _): continue
            case (.folded, .record(let record)):
                guard let token = record.token else { continue }
                waiting.entry = .folded(token: token, device: record.place.device)
            case (.folded, .folded), (.waits, _): break
            }
            kept.append(waiting)
        }
        put(kept, of: node, insteadOf: all.count)
    }

    /// What was given up: a record as it came, or the token of one that was folded.
    enum GivenUp {
        case record(EdgeRecord)
        case folded(token: UInt64)
    }

    /// Takes out what has waited since `start` or longer, of nodes and devices for which nothing can be hoped; the others wait anew.
    mutating func takeOld(
        since start: Duration, now: Duration, isHopeless: (EdgeNodeID, _ device: [UInt8]?) -> Bool
    ) -> [GivenUp] {
        guard let oldest, oldest <= start else { return [] }
        var givenUp: [GivenUp] = []
        var next: Duration?
        for (node, all) in byNode {
            guard all.contains(where: { $0.since <= start }) else {
                next = all.reduce(next) { min($0 ?? $1.since, $1.since) }
                continue
            }
            var kept: [Waiting] = []
            for var waiting in all {
                if waiting.since <= start {
                    if isHopeless(node, waiting.entry.device) {
                        givenUp.append(Self.givenUp(waiting))
                        continue
                    }
                    waiting.since = now
                }
                next = min(next ?? waiting.since, waiting.since)
                kept.append(waiting)
            }
            put(kept, of: node, insteadOf: all.count)
        }
        self.oldest = next
        return givenUp
    }

    /// The smallest token of all that waits.
    var oldestToken: UInt64? { byNode.values.lazy.joined().compactMap(\.entry.token).min() }

    /// Takes out everything with a token before this one.
    mutating func takeOut(before token: UInt64) -> [GivenUp] {
        var givenUp: [GivenUp] = []
        for (node, all) in byNode {
            let kept = all.filter { $0.entry.token.map { $0 >= token } ?? true }
            guard kept.count < all.count else { continue }
            givenUp += all.filter { $0.entry.token.map { $0 < token } ?? false }.map(Self.givenUp)
            put(kept, of: node, insteadOf: all.count)
        }
        return givenUp
    }

    /// Everything comes again.
    mutating func removeAll() {
        byNode = [:]
        count = 0
        oldest = nil
    }

    private static func givenUp(_ waiting: Waiting) -> GivenUp {
        switch waiting.entry {
        case .record(let record): .record(record)
        case .folded(let token, _): .folded(token: token)
        }
    }

    private mutating func put(_ kept: [Waiting], of node: EdgeNodeID, insteadOf former: Int) {
        count -= former - kept.count
        byNode[node] = kept.isEmpty ? nil : kept
        if count == 0 { oldest = nil }
    }
}
