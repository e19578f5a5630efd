import Account
import DiodeProtocol
import Outbox
import Storage
package import Time

/// Records that never will be published, for one reason.
package struct LossNote: Sendable, Equatable {
    /// `ot-broker`, `sender`, `outbox`, `it-broker`, `policy` (C4); `gap`: of gaps that are not listed one by one any more.
    var layer: String
    /// One word.
    var reason: String
    var records: UInt64
    /// Source times and stamps of the first and the last.
    var from, to: UnixMilliseconds
    var first, last: Stamp
    var topics: [String: UInt64]
    /// Records of topics that are not named.
    var others: UInt64
}

extension LossNote {
    /// A database was found damaged: nobody knows how many records it held that the IT broker had not got.
    package init(unknownSince time: UnixMilliseconds) {
        let nothing = Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0))
        self.init(
            layer: "outbox", reason: ShedReason.damaged.rawValue, records: 0, from: time, to: time, first: nothing,
            last: nothing, topics: [:], others: 0)
    }

    init(_ loss: OutboxLoss) {
        self.init(
            layer: loss.cause.layer, reason: loss.cause.reason, records: loss.records, from: loss.from, to: loss.to,
            first: loss.first, last: loss.last, topics: loss.topics, others: loss.others)
    }

    /// What never reached the sender: it has no stamps, and no topics that anybody knows.
    /// - Parameter stamp: of the last record before the statement.
    init(_ drop: BrokerDrop, at stamp: Stamp) {
        // The count is the broker's word, and sums of such counts must stay numbers.
        let records = min(drop.records ?? 0, 1 << 40)
        self.init(
            layer: LossLayer.otBroker.rawValue, reason: drop.reason.word, records: records, from: drop.from,
            to: drop.to,
            first: stamp, last: stamp, topics: [:], others: records)
    }

    /// - Parameter stamp: of the first record that was shed.
    init(_ run: ShedRun, at stamp: Stamp) {
        var topics: [String: UInt64] = [:]
        for entry in run.entries { topics[entry.topic, default: 0] += entry.records }
        var last = stamp
        last.sequence = SequenceNumber(rawValue: stamp.sequence.rawValue + run.records - 1)
        self.init(
            layer: "sender", reason: "\(run.reason)", records: run.records, from: run.from, to: run.to, first: stamp,
            last: last, topics: topics, others: 0)
    }
}

extension BrokerDrop.Reason {
    /// For the audit.
    fileprivate var word: String {
        switch self {
        case .queueLimit: "queue-limit"
        case .sessionLost: "session-lost"
        case .restarted: "restarted"
        }
    }
}

extension LossNote {
    /// Takes a later loss for the same reason in.
    mutating func merge(_ other: LossNote) {
        records += other.records
        from = min(from, other.from)
        to = max(to, other.to)
        first = min(first, other.first)
        last = max(last, other.last)
        others += other.others
        for (topic, records) in other.topics {
            if topics[topic] != nil || topics.count < LossTable.topicLimit {
                topics[topic, default: 0] += records
            } else {
                others += records
            }
        }
    }
}
