import Account
import Deliveries
import DiodeProtocol
import ReceiverITCore

/// What both senders said, what the IT side shows, and who has the lease: all of it naive.
struct SenderModel {
    struct Violation: Error, CustomStringConvertible { let description: String }

    private(set) var said: [Stamp: PublishedRecord] = [:]
    private(set) var delivered: Set<Stamp> = []
    /// What the IT broker retains, and the newest record of each topic that was shown as such: retained ones, and all.
    private var retained: [String: [UInt8]] = [:]
    private var shownRetained: [String: Stamp] = [:]
    private var shown: [String: Stamp] = [:]
    private(set) var contests: [LeaseContest] = []
    private(set) var late = 0

    mutating func say(_ record: PublishedRecord) { said[record.stamp] = record }

    mutating func take(_ commit: Commit) throws(Violation) {
        for delivery in commit.deliveries { try take(delivery) }
        for event in commit.events {
            switch event {
            case .contested(let contest, _): contests.append(contest)
            // Who has the lease fell silent, and the other had not stepped back.
            case .refused(.olderLease): break
            case .refused(let statement): throw Violation(description: "refused: \(statement.description)")
            case .equivocation(let block, _, _): throw Violation(description: "equivocation: \(block)")
            case .superseded(let epoch, let by):
                throw Violation(description: "\(epoch) is unknown to its sender, by \(by)")
            case .unsaid(let ending): throw Violation(description: "unsaid: \(ending)")
            default: break
            }
        }
    }

    private mutating func take(_ delivery: Delivery) throws(Violation) {
        let stamp = delivery.stamp
        let payload = delivery.payload.withUnsafeBytes { Array($0) }
        let topic = String(decoding: delivery.topic.withUnsafeBytes { Array($0) }, as: UTF8.self)
        guard let record = said[stamp], record.topic == topic else {
            throw Violation(description: "nobody said \(stamp) of \(topic)")
        }
        if delivery.isRefresh {
            retained[topic] = payload.isEmpty ? nil : payload
            return
        }
        guard record.payload == payload, delivered.insert(stamp).inserted else {
            throw Violation(description: "\(stamp) is another one, or came twice")
        }
        if delivery.lateness == .superseded {
            late += 1
            return
        }
        // P3: whoever said it, nothing older replaces anything newer; an event is no value that could be replaced.
        if let newest = record.retain ? shownRetained[topic] : shown[topic], newest > stamp {
            throw Violation(description: "\(stamp) of \(topic) was shown behind \(newest)")
        }
        shown[topic] = max(shown[topic] ?? stamp, stamp)
        guard record.retain else { return }
        shownRetained[topic] = stamp
        retained[topic] = payload.isEmpty ? nil : payload
    }

    /// When all is quiet: every record that a sender's journal holds is in the account, under its own epoch, and the IT side holds what the
    /// plant does.
    func check(_ core: borrowing ReceiverCore, plant: [String: [UInt8]], owners: [Epoch: Int]) throws(Violation) {
        let reports = core.epochs
        for report in reports {
            guard owners[report.epoch] == report.sender else {
                throw Violation(description: "epoch \(report.epoch.rawValue) is not that of card \(report.sender + 1)")
            }
            guard report.account.sent == report.lastSequence.rawValue + 1 - report.firstSequence.rawValue else {
                throw Violation(description: "epoch \(report.epoch.rawValue) does not add up: \(report)")
            }
        }
        for stamp in said.keys.sorted() where !delivered.contains(stamp) {
            guard let report = reports.first(where: { $0.epoch == stamp.epoch }),
                report.account.missing + report.account.lost > 0,
                report.firstSequence <= stamp.sequence && stamp.sequence <= report.lastSequence
            else { throw Violation(description: "\(stamp) is nowhere: \(reports)") }
        }
        guard core.account.missing > 0 || retained == plant else {
            throw Violation(description: "the IT side holds \(retained), the plant \(plant): \(core.replica)")
        }
    }
}
