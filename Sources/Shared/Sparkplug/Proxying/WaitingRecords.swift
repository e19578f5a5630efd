/// A record of an edge node, kept until it can be told what becomes of it.
struct EdgeRecord: Sendable {
    let place: EdgePlace
    let payload: [UInt8]
    let order: RecordOrder
    /// When the plant's sender got it, in Unix milliseconds.
    let sourceTime: UInt64
    /// nil for a repetition that nobody waits for.
    let token: UInt64?
}

/// Data that waits for a birth, of all nodes, oldest first.
struct WaitingRecords: Sendable {
    private struct Waiting {
        let record: EdgeRecord
        let since: Duration
    }

    private let perNode: Int
    private let most: Int
    private let mostBytes: Int
    private var records: [Waiting] = []
    private var counts: [EdgeNodeID: Int] = [:]
    private var bytes = 0

    init(perNode: Int, most: Int, bytes: Int) {
        self.perNode = perNode
        self.most = most
        mostBytes = bytes
    }

    var count: Int { records.count }
    /// Since when the one that came first waits.
    var oldest: Duration? { records.first?.since }

    /// - Returns: those that it displaces, oldest first.
    mutating func add(_ record: EdgeRecord, now: Duration) -> [EdgeRecord] {
        records.append(Waiting(record: record, since: now))
        bytes += record.payload.count
        let node = record.place.id
        counts[node, default: 0] += 1
        var displaced: [EdgeRecord] = []
        if counts[node, default: 0] > perNode, let place = records.firstIndex(where: { $0.record.place.id == node }) {
            displaced.append(remove(at: place))
        }
        while records.count > most || bytes > mostBytes { displaced.append(remove(at: 0)) }
        return displaced
    }

    /// Takes out the records of one node that no longer wait, in order.
    /// - Parameter settles: whether the record's fate is decided now.
    mutating func release(_ node: EdgeNodeID, _ settles: (EdgeRecord) -> Bool) {
        guard counts[node] != nil else { return }
        var kept: [Waiting] = []
        for waiting in records {
            if waiting.record.place.id == node, settles(waiting.record) {
                forget(waiting.record)
            } else {
                kept.append(waiting)
            }
        }
        records = kept
    }

    /// Takes out those that have waited since `start` or longer.
    mutating func takeOld(since start: Duration) -> [EdgeRecord] {
        var old: [EdgeRecord] = []
        while let first = records.first, first.since <= start { old.append(remove(at: 0)) }
        return old
    }

    func holds(_ node: EdgeNodeID) -> Bool { counts[node] != nil }

    private mutating func remove(at place: Int) -> EdgeRecord {
        let record = records.remove(at: place).record
        forget(record)
        return record
    }

    private mutating func forget(_ record: EdgeRecord) {
        bytes -= record.payload.count
        let left = counts[record.place.id, default: 1] - 1
        counts[record.place.id] = left > 0 ? left : nil
    }
}
