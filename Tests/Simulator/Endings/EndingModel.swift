import Account
import Deliveries
import DiodeProtocol
import ReceiverITCore
import Time

/// What the OT broker was told to be safe, and what the receiver says of it.
///
/// A record is accounted for if it was delivered, if it lies between the first and the last record of its epoch's account (missing or lost there),
/// or if its time lies in an interval of which the receiver says that nobody can tell.
struct EndingModel {
    struct Violation: Error, CustomStringConvertible { let description: String }

    private var acknowledged: [Stamp: UnixMilliseconds] = [:]
    private var delivered: Set<Stamp> = []
    private(set) var unsaid: [UnsaidEnding] = []
    /// Whether any database was deleted or replaced by an older copy.
    private var hasCause = false
    /// By epoch: what came of it, and up to which record the sender was heard to say that its journal holds it.
    private var heard: [UInt64: UInt64] = [:]
    /// Before anything was heard nothing is promised but what a beat lists.
    private var heardSince: UnixMilliseconds?

    /// What was acknowledged.
    var count: Int { acknowledged.count }

    mutating func acknowledge(_ sequences: ClosedRange<UInt64>, of epoch: UInt64, at time: UnixMilliseconds) {
        for sequence in sequences {
            acknowledged[Stamp(epoch: Epoch(rawValue: epoch), sequence: SequenceNumber(rawValue: sequence))] = time
        }
    }

    /// A frame of an epoch came.
    /// - Parameter journalled: what its beat says of the journal; 0 for a block.
    mutating func hear(_ epoch: UInt64, journalled: UInt64 = 0, at time: UnixMilliseconds) {
        heard[epoch] = max(heard[epoch] ?? 0, journalled)
        heardSince = heardSince ?? time
    }

    mutating func take(_ commit: Commit) {
        for delivery in commit.deliveries { delivered.insert(delivery.stamp) }
        for case .unsaid(let ending) in commit.events { unsaid.append(ending) }
    }

    /// The database is deleted.
    mutating func forgetAll() { hasCause = true }

    /// An older copy of the database is put back: it ends with this record of this epoch.
    mutating func forget(behind copied: UInt64, of epoch: UInt64) {
        hasCause = true
        // Nothing shows that the copy is old: what it forgot was never heard of.
        let shows = heard.contains { $0.key > epoch } || (heard[epoch] ?? 0) > copied
        guard !shows else { return }
        acknowledged = acknowledged.filter {
            $0.key.epoch.rawValue < epoch || $0.key.epoch.rawValue == epoch && $0.key.sequence.rawValue <= copied
        }
    }

    /// - Throws: the first record that was acknowledged and is nowhere, or an interval without a cause.
    func check(_ epochs: [EpochReport], beginsAt: Stamp?) throws(Violation) {
        guard hasCause || unsaid.isEmpty else { throw Violation(description: "no database was lost: \(unsaid)") }
        guard let beginsAt, let heardSince else { return }
        for (stamp, time) in acknowledged.sorted(by: { $0.key < $1.key }) where stamp >= beginsAt && time >= heardSince
        {
            let isInAccount = epochs.contains {
                $0.epoch == stamp.epoch && $0.firstSequence <= stamp.sequence && stamp.sequence <= $0.lastSequence
            }
            let isUnsaid = unsaid.contains { $0.from <= time && time <= $0.to }
            guard delivered.contains(stamp) || isInAccount || isUnsaid else {
                throw Violation(description: "\(stamp), acknowledged at \(time), is nowhere: \(epochs) \(unsaid)")
            }
        }
        for report in epochs
        where report.account.sent != report.lastSequence.rawValue + 1 - report.firstSequence.rawValue {
            throw Violation(description: "epoch \(report.epoch.rawValue) does not add up: \(report)")
        }
    }
}
