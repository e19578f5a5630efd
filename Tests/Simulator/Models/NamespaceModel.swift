import Account
import DiodeProtocol
import Outbox
import ReceiverIT
import SenderOT
import Deliveries
import ReceiverITCore
import SenderOTCore

/// What was published, what the sender's state is, and what a consumer on the IT side sees: all of it naive.
struct NamespaceModel {
    /// A broken promise, with what shows it.
    struct Violation: Error, CustomStringConvertible {
        var promise: String
        var detail: String
        var description: String { "\(promise): \(detail)" }
    }

    private(set) var published: [Stamp: PublishedRecord] = [:]
    private(set) var shed: Set<Stamp> = []
    private(set) var delivered: Set<Stamp> = []
    /// What a loss of power at the sender took back.
    private(set) var void: Set<Stamp> = []
    private(set) var refreshed = 0
    /// What the receiver said that the sender shed.
    private var toldShed: Set<Stamp> = []
    var arrivals = ArrivalModel()
    private var gapLives = GapModel()
    /// A second sender with the same key speaks.
    var hasTwin = false
    /// The newest record of each epoch that left the core in a block, and where the journal says that an epoch ended.
    private var claimed: [Epoch: UInt64] = [:]
    private var ends: [Epoch: UInt64] = [:]
    private var newestInOrder: Stamp?
    /// What the IT broker would retain, and the newest message of any kind, by topic.
    private var retained: [String: PublishedRecord] = [:]
    private var shown: [String: Stamp] = [:]

    // MARK: The sender's side

    mutating func publish(_ record: PublishedRecord, isShed: Bool) {
        published[record.stamp] = record
        if isShed { shed.insert(record.stamp) }
    }

    mutating func claim(upTo last: SequenceNumber, of epoch: Epoch) {
        claimed[epoch] = max(claimed[epoch] ?? 0, last.rawValue)
    }

    mutating func end(_ epoch: Epoch, at last: SequenceNumber, void stamps: [Stamp]) {
        ends[epoch] = last.rawValue
        void.formUnion(stamps)
        for stamp in stamps { shed.remove(stamp) }
    }

    /// The newest record of each slot of each topic, deletions included.
    var state: [String: (retained: PublishedRecord?, event: PublishedRecord?)] { state(upTo: nil) }

    private func state(
        upTo newest: Stamp?
    ) -> [String: (retained: PublishedRecord?, event: PublishedRecord?)] {
        var state: [String: (retained: PublishedRecord?, event: PublishedRecord?)] = [:]
        for record in published.values where !void.contains(record.stamp) && !shed.contains(record.stamp) {
            if let newest, record.stamp > newest { continue }
            var slots = state[record.topic] ?? (nil, nil)
            if record.retain {
                if slots.retained.map({ $0.stamp < record.stamp }) ?? true { slots.retained = record }
            } else if slots.event.map({ $0.stamp < record.stamp }) ?? true {
                slots.event = record
            }
            state[record.topic] = slots
        }
        return state
    }

    // MARK: At every commit

    mutating func take(_ commit: Commit) throws(Violation) {
        for delivery in commit.deliveries { try take(delivery) }
        for event in commit.events {
            switch event {
            case .equivocation(let id, _, _) where !hasTwin:
                throw Violation(promise: "P4", detail: "equivocation reported in a healthy history: \(id)")
            case .diverged(let slots, let at):
                throw Violation(promise: "P2", detail: "\(slots) slots diverged at \(at)")
            case .digest(false, let at):
                throw Violation(promise: "P2", detail: "the digest differs at \(at)")
            case .shed(let run, let first):
                for offset in 0..<run.records {
                    let stamp = Stamp(
                        epoch: first.epoch, sequence: SequenceNumber(rawValue: first.sequence.rawValue + offset))
                    guard shed.contains(stamp) || void.contains(stamp) else {
                        throw Violation(promise: "P9", detail: "\(stamp) was not shed")
                    }
                    toldShed.insert(stamp)
                }
            case .gapOpened(let gap): try gapLives.open(gap)
            case .gapGrew(let gap): try gapLives.grow(gap)
            case .gapClosed(let gap): try gapLives.close(gap)
            case .checkpoint(let checkpoint, let at): try check(checkpoint, at)
            default: break
            }
        }
    }

    /// Versions count every record that took a sequence, whatever epoch it was in and whether its topic is still known.
    package func check(_ checkpoint: Checkpoint, _ at: Stamp) throws(Violation) {
        let numbered = published.keys.count { stamp in
            stamp.epoch == at.epoch ? stamp <= at : stamp < at && !void.contains(stamp)
        }
        guard checkpoint.versions + checkpoint.forgotten == UInt64(numbered) else {
            throw Violation(
                promise: "P9",
                detail: "versions sum up to \(checkpoint.versions) + \(checkpoint.forgotten) at \(at) of \(numbered)")
        }
    }

    /// A kill of the receiver: what came and is not stored has to come again.
    mutating func killReceiver() { arrivals.kill(stored: delivered.union(toldShed)) }

    private mutating func take(_ delivery: Delivery) throws(Violation) {
        let stamp = delivery.stamp
        let arrived = PublishedRecord(
            stamp: stamp, topic: String(decoding: copy(delivery.topic), as: UTF8.self), payload: copy(delivery.payload),
            properties: copy(delivery.properties), qos: delivery.qos, retain: delivery.retain)
        guard let record = published[stamp] else {
            throw Violation(promise: "P4", detail: "a record that nobody published was delivered: \(stamp)")
        }
        guard !delivery.isRefresh else { return try refresh(arrived, of: record) }
        guard arrived == record else {
            throw Violation(promise: "P7", detail: "delivered \(arrived), published \(record)")
        }
        guard delivered.insert(stamp).inserted else {
            throw Violation(promise: "P4", detail: "delivered twice: \(stamp)")
        }
        try checkOrder(of: record, delivery.lateness)
    }

    /// A refresh repeats a retained value or takes one back, and goes back only behind what is void.
    private mutating func refresh(_ arrived: PublishedRecord, of record: PublishedRecord) throws(Violation) {
        guard arrived.retain, arrived.topic == record.topic, arrived == record || arrived.isDeletion else {
            throw Violation(promise: "P7", detail: "refreshed \(arrived), published \(record)")
        }
        if let known = retained[record.topic], known.stamp > record.stamp, !void.contains(known.stamp) {
            throw Violation(promise: "P3", detail: "\(known.stamp) was refreshed back to \(record.stamp)")
        }
        refreshed += 1
        retained[record.topic] = arrived
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
        let newer = [retained[record.topic]?.stamp, record.retain ? nil : shown[record.topic]].compactMap { $0 }
            .filter { $0 > stamp }
        let isOutdated = newer.contains { !void.contains($0) }
        if lateness == .superseded {
            guard !newer.isEmpty else {
                throw Violation(promise: "P3", detail: "\(stamp) is the newest of its topic and was marked superseded")
            }
            return
        }
        guard !isOutdated else {
            throw Violation(promise: "P3", detail: "\(stamp) of \(record.topic) is older than what is shown")
        }
        if record.retain { retained[record.topic] = record }
        shown[record.topic] = max(shown[record.topic] ?? stamp, stamp)
    }

    /// P1, while it runs: the books balance at every instant, and nothing is booked that was not delivered.
    func check(_ account: EpochAccount) throws(Violation) {
        guard account.delivered + account.late + account.repeated == UInt64(delivered.count) else {
            throw Violation(promise: "P1", detail: "the account says \(account), delivered were \(delivered.count)")
        }
    }

    // MARK: At the end

    /// P1, when all is quiet: of each epoch, what is not delivered is missing or lost, in a gap, and what came was delivered.
    /// - Parameters:
    ///   - current: the epoch that lives; the account of every other ends where its journal ends.
    ///   - droppedWaiting: what had come was dropped before it was verified, and nobody but the sender's echo can bring it.
    func checkEnd(
        _ epochs: [EpochReport], gaps: [Gap], current: Epoch, isExact: Bool, droppedWaiting: Bool
    ) throws(Violation) {
        let must = arrivals.mustHave
        guard Set(epochs.map(\.epoch)) == arrivals.epochs else {
            throw Violation(promise: "P9", detail: "\(arrivals.epochs) were told of: \(epochs)")
        }
        try gapLives.check(gaps, floor: arrivals.floor)
        for report in epochs {
            let last = report.epoch == current ? claimed[current] ?? 0 : ends[report.epoch] ?? 0
            let owed = (report.firstSequence.rawValue..<last + 1).map {
                Stamp(epoch: report.epoch, sequence: SequenceNumber(rawValue: $0))
            }
            let account = report.account
            guard report.lastSequence.rawValue == last, account.sent == UInt64(owed.count) else {
                throw Violation(promise: "P1", detail: "\(owed.count) records up to \(last) are owed: \(report)")
            }
            if !droppedWaiting,
                let wrong = owed.first(where: { !shed.contains($0) && must.contains($0) && !delivered.contains($0) })
            {
                throw Violation(promise: "P1", detail: "\(wrong) came and was not delivered")
            }
            let strange = owed.first { delivered.contains($0) && !arrivals.mayHave.contains($0) }
            if let strange { throw Violation(promise: "P4", detail: "\(strange) was delivered and never came") }
            if isExact, let wrong = owed.first(where: { delivered.contains($0) && !must.contains($0) }) {
                throw Violation(promise: "P1", detail: "\(wrong) was delivered, and what came of it was not enough")
            }
            try checkLate(owed.filter(delivered.contains), account, isLiving: report.epoch == epochs.last?.epoch)
            try checkAbsent(owed.filter { !delivered.contains($0) }, account, gaps.filter { $0.epoch == report.epoch })
        }
    }

    /// What came out of a gap is late; what did not, and belongs to the newest epoch, is not.
    private func checkLate(_ came: [Stamp], _ account: EpochAccount, isLiving: Bool) throws(Violation) {
        let late = came.count(where: gapLives.wasMissing.contains)
        // A loss of power, and a newer epoch, blur the line.
        guard account.repeated == 0, account.late >= UInt64(late), !isLiving || account.late == UInt64(late) else {
            if account.repeated > 0 { return }
            throw Violation(promise: "P1", detail: "\(late) records came out of gaps: \(account)")
        }
    }

    private func checkAbsent(_ absent: [Stamp], _ account: EpochAccount, _ gaps: [Gap]) throws(Violation) {
        let shedHere = absent.filter { shed.contains($0) && arrivals.mustHave.contains($0) }
        let inGaps = absent.filter { stamp in !shedHere.contains(stamp) }
        guard UInt64(absent.count) == account.missing + account.lost else {
            throw Violation(promise: "P1", detail: "\(absent.count) records are absent: \(account)")
        }
        guard gaps.reduce(0, { $0 + $1.missing + $1.lost }) == UInt64(inGaps.count),
            gaps.reduce(0, { $0 + $1.missing }) == account.missing
        else {
            throw Violation(promise: "P9", detail: "the gaps do not add up to \(inGaps.count): \(gaps)")
        }
        for stamp in inGaps
        where !gaps.contains(where: { $0.firstSequence...$0.lastSequence ~= stamp.sequence }) {
            throw Violation(promise: "P9", detail: "\(stamp) is absent and in no gap")
        }
        // What the journal still holds can come; what it does not hold is lost once a whole hole lies below its floor.
        let floor = arrivals.floor
        let gone = inGaps.filter { stamp in floor.map { stamp < $0 } ?? false }
        guard account.lost <= UInt64(gone.count + shedHere.count), account.lost >= UInt64(shedHere.count) else {
            throw Violation(promise: "P9", detail: "\(gone.count) records are below the floor: \(account)")
        }
    }

    /// P2, while it runs: a link that is settled misses nothing, has heard a round, and shows the sender's state as of the newest record
    /// that is decided. That, only in a first epoch can be said at every instant: where it ended, a receiver hears later.
    func checkSettled(_ replica: ReplicaReport, _ account: EpochAccount, decided: Stamp?) throws(Violation) {
        guard replica.isSettled else { return }
        guard account.missing == 0, arrivals.hasRound else {
            throw Violation(promise: "P2", detail: "settled, a round came: \(arrivals.hasRound), \(account)")
        }
        guard let decided, ends.isEmpty else { return }
        let wanted = state(upTo: decided).compactMapValues { slots in
            slots.retained.flatMap { $0.isDeletion ? nil : $0 }
        }
        let shownNow = retained.filter { !$0.value.isDeletion }
        guard wanted == shownNow else {
            let topics = Set(wanted.keys).union(shownNow.keys).filter { wanted[$0] != shownNow[$0] }
            throw Violation(promise: "P2", detail: "settled at \(decided), but these differ: \(topics.sorted())")
        }
    }

    /// Whether all records of a block came with it, so that its content was accepted.
    func cameInOrder(_ block: ClosedBlock) -> Bool {
        guard block.partCount == 1, block.firstSequence <= block.lastSequence else { return false }
        return (block.firstSequence.rawValue...block.lastSequence.rawValue).allSatisfy {
            let stamp = Stamp(epoch: block.id.epoch, sequence: SequenceNumber(rawValue: $0))
            return delivered.contains(stamp) && !gapLives.wasMissing.contains(stamp)
        }
    }

    /// P2: what the IT broker retains is what the sender knows, deletions included.
    func checkRetained() throws(Violation) {
        let wanted = state.compactMapValues { slots in slots.retained.flatMap { $0.isDeletion ? nil : $0 } }
        let shownNow = retained.filter { !$0.value.isDeletion }
        guard wanted == shownNow else {
            let topics = Set(wanted.keys).union(shownNow.keys).filter { wanted[$0] != shownNow[$0] }
            let lines = topics.sorted().map {
                "\($0): sender \(String(describing: wanted[$0]?.stamp)), IT \(String(describing: shownNow[$0]?.stamp))"
            }
            throw Violation(promise: "P2", detail: "the retained values differ: \(lines)")
        }
    }

    private func copy(_ span: RawSpan) -> [UInt8] { span.withUnsafeBytes { Array($0) } }
}
