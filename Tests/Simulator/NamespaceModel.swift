import DiodeProtocol
import Outbox
import ReceiverIT

/// What the receiver must have, worked out naively from what was published, and what a consumer on the IT side sees.
struct NamespaceModel {
    /// A broken promise, with what shows it.
    struct Violation: Error, CustomStringConvertible {
        var promise: String
        var detail: String
        var description: String { "\(promise): \(detail)" }
    }

    private(set) var published: [Stamp: PublishedRecord] = [:]
    private(set) var delivered: Set<Stamp> = []
    private(set) var newestPerEpoch: [Epoch: UInt64] = [:]
    /// Records that left the sender's process in a block: from there on they are claimed.
    private(set) var claimed: [Epoch: UInt64] = [:]
    private(set) var gapEvents: [UInt64: Gap] = [:]
    private var newestInOrder: Stamp?
    /// What the IT broker would retain, and the newest message of any kind, by topic.
    private var retained: [String: Stamp] = [:]
    private var shown: [String: Stamp] = [:]

    mutating func publish(_ record: PublishedRecord) {
        published[record.stamp] = record
        newestPerEpoch[record.stamp.epoch] = record.stamp.sequence.rawValue
    }

    mutating func claim(upTo last: SequenceNumber, of epoch: Epoch) {
        claimed[epoch] = max(claimed[epoch] ?? 0, last.rawValue)
    }

    // MARK: At every commit

    mutating func take(_ commit: Commit) throws(Violation) {
        for delivery in commit.deliveries { try take(delivery) }
        for event in commit.events {
            switch event {
            case .gapOpened(let gap), .gapClosed(let gap): gapEvents[gap.id] = gap
            case .equivocation(let id, _, _):
                throw Violation(promise: "P4", detail: "equivocation reported in a healthy history: \(id)")
            default: break
            }
        }
    }

    private mutating func take(_ delivery: Delivery) throws(Violation) {
        let stamp = delivery.stamp
        guard let record = published[stamp] else {
            throw Violation(promise: "P4", detail: "a record that nobody published was delivered: \(stamp)")
        }
        let arrived = PublishedRecord(
            stamp: stamp, topic: String(decoding: copy(delivery.topic), as: UTF8.self), payload: copy(delivery.payload),
            properties: copy(delivery.properties), qos: delivery.qos, retain: delivery.retain)
        guard arrived == record else {
            throw Violation(promise: "P7", detail: "delivered \(arrived), published \(record)")
        }
        guard delivered.insert(stamp).inserted else {
            throw Violation(promise: "P4", detail: "delivered twice: \(stamp)")
        }
        try checkOrder(of: record, delivery.lateness)
    }

    /// P3: what is shown as current never goes back, and what is marked superseded really is.
    private mutating func checkOrder(of record: PublishedRecord, _ lateness: Delivery.Lateness) throws(Violation) {
        let stamp = record.stamp
        if lateness == .none {
            if let newest = newestInOrder, newest >= stamp {
                throw Violation(promise: "P3", detail: "\(stamp) was delivered in order behind \(newest)")
            }
            newestInOrder = stamp
        }
        let isOutdated =
            (retained[record.topic].map { $0 > stamp } ?? false)
            || (!record.retain && (shown[record.topic].map { $0 > stamp } ?? false))
        switch lateness {
        // The simulated sender tells no slices.
        case .refresh: break
        case .superseded:
            guard isOutdated else {
                throw Violation(promise: "P3", detail: "\(stamp) is the newest of its topic and was marked superseded")
            }
        case .none, .newest:
            guard !isOutdated else {
                throw Violation(promise: "P3", detail: "\(stamp) of \(record.topic) is older than what is shown")
            }
            if record.retain {
                retained[record.topic] = stamp
            }
            shown[record.topic] = max(shown[record.topic] ?? stamp, stamp)
        }
    }

    /// P1, while it runs: the books balance at every instant, and nothing is booked that was not delivered.
    func check(_ account: EpochAccount) throws(Violation) {
        guard account.delivered + account.late == UInt64(delivered.count) else {
            throw Violation(
                promise: "P1",
                detail: "the account says \(account.delivered) + \(account.late), delivered were \(delivered.count)")
        }
    }

    // MARK: At the end

    /// P1, when all is quiet: of each epoch that the receiver heard of to its end, what is not delivered is missing.
    func checkEnd(_ epochs: [EpochReport], gaps: [Gap], complete: Epoch) throws(Violation) {
        for report in epochs {
            let newest = claimed[report.epoch] ?? 0
            guard report.account.sent == report.lastSequence.rawValue, report.lastSequence.rawValue <= newest else {
                throw Violation(promise: "P1", detail: "the books of \(report) do not add up to \(newest)")
            }
            if report.epoch == complete, report.lastSequence.rawValue != newest {
                throw Violation(
                    promise: "P1", detail: "\(newest) records left, \(report.lastSequence.rawValue) are accounted for")
            }
            let absent = (1...max(newest, 1)).filter {
                $0 <= report.lastSequence.rawValue
                    && !delivered.contains(Stamp(epoch: report.epoch, sequence: SequenceNumber(rawValue: $0)))
            }
            guard UInt64(absent.count) == report.account.missing + report.account.lost else {
                throw Violation(
                    promise: "P1", detail: "\(absent.count) records are absent, booked as missing: \(report.account)")
            }
            let open = gaps.filter { $0.epoch == report.epoch }
            for sequence in absent
            where !open.contains(where: { $0.firstSequence.rawValue...$0.lastSequence.rawValue ~= sequence }) {
                throw Violation(promise: "P9", detail: "sequence \(sequence) is absent and in no gap")
            }
            guard open.reduce(0, { $0 + $1.missing + $1.lost }) == UInt64(absent.count) else {
                throw Violation(promise: "P9", detail: "the gaps do not add up to \(absent.count): \(open)")
            }
        }
    }

    private func copy(_ span: RawSpan) -> [UInt8] { span.withUnsafeBytes { Array($0) } }
}
