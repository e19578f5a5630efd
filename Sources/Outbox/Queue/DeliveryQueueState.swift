import Account
import Deliveries
import DiodeProtocol
import Time

/// The queue behind the lock: what the publisher's side changes. `DeliveryQueueStorage.swift` has the store thread's side.
///
/// ```text
///  position   settled ≤ cursor ≤ loaded ≤ visible ≤ ending
///             │ taken │ waiting │ disk or  │ staged: not committed yet
///             │       │ (memory)│ unstored │
/// ```
///
/// Positions ascend; where something was shed they leave holes. `waiting` holds every delivery of `cursor ..< loaded`.
struct DeliveryQueueState {
    struct Taken {
        let queued: QueuedDelivery
        var answer: Disposition?
    }

    /// The answer to `take`.
    enum Offer: Sendable {
        case window([QueuedDelivery])
        /// The next ones are on disk: read them, `load` them, and ask again.
        case onDisk(ReadOrder)
    }

    /// What is to be read.
    struct ReadOrder: Sendable {
        let from, boundary, to: UInt64
        /// Void once this has changed.
        let round: UInt64
        /// Where to stop.
        let bytes: Int
    }

    /// Deliveries that may be taken between two transactions, and so the most that a killed receiver repeats.
    static let permitRecords: UInt64 = 16_384

    let limits: DeliveryQueue.Limits
    let link: Int
    /// Whether there is a database at all.
    let isStored: Bool

    var waiting = RingBuffer<QueuedDelivery>()
    var waitingBytes = 0
    var taken = RingBuffer<Taken>()
    var takenBytes = 0

    var settled: UInt64 = 1
    var loaded: UInt64 = 1
    var visible: UInt64 = 1
    var ending: UInt64 = 1
    /// Rows exist for what lies before it.
    var stored: UInt64 = 1
    var boundary: UInt64 = 1
    /// The publisher takes none from here on; `.max` while there is no disk to ask.
    var permitted: UInt64 = .max

    /// Visible, and no row holds them: commits fail. In order.
    var unstored = RingBuffer<PlacedUnit>()
    /// In memory, and what they would be on disk.
    var unstoredBytes = 0
    var unstoredDiskBytes = 0
    /// Handed over for the next transaction.
    var staged: [PlacedUnit] = []
    var orphans: [QueuedDelivery] = []
    var unitBytes = 0
    var knownBytes = 0

    var totals = OutboxTotals()
    var losses = LossList()
    var lossesInFlight = LossList()
    var outcome: OutboxOutcome?
    var isEvicting = false
    var isFailing = false
    /// What the last transaction stored.
    var storedTotals: OutboxTotals?
    var storedSettled: UInt64 = 0
    /// The last that was staged: names what a damaged file lost.
    var newest: (stamp: Stamp, sourceTime: UnixMilliseconds)?
    /// Grows when rows are taken apart: what was read before is void.
    var round: UInt64 = 0

    init(link: Int, limits: DeliveryQueue.Limits, isStored: Bool) {
        self.link = link
        self.limits = limits
        self.isStored = isStored
        // Nothing before the first transaction: it counts what a later process would repeat.
        permitted = isStored ? 0 : .max
    }

    /// The first delivery that is not taken.
    var cursor: UInt64 { waiting.first?.position.rawValue ?? loaded }

    /// Deliveries that wait, refreshes among them.
    var waitingRecords: UInt64 {
        totals.appended - totals.left + totals.refreshesLeft - UInt64(taken.count)
    }

    var load: OutboxLoad {
        OutboxLoad(
            waiting: Int(waitingRecords), taken: taken.count, takenBytes: takenBytes,
            bytes: unitBytes + knownBytes + unstoredDiskBytes, limitBytes: limits.bytes,
            memoryBytes: waitingBytes + takenBytes + unstoredBytes, memoryLimitBytes: limits.memoryBytes,
            isFailing: isFailing)
    }

    // MARK: The publisher's side

    mutating func take(records: Int, bytes: Int) -> Offer {
        guard !isEvicting else { return .window([]) }
        if waiting.isEmpty, loaded < visible {
            let chunk = max(65_536, min(limits.memoryBytes / 4, 1 << 20))
            if loaded < stored {
                guard loaded < permitted else { return .window([]) }
                return .onDisk(
                    ReadOrder(from: loaded, boundary: boundary, to: stored, round: round, bytes: chunk))
            }
            loadUnstored(bytes: chunk)
        }
        return .window(window(records: records, bytes: bytes))
    }

    private mutating func window(records: Int, bytes: Int) -> [QueuedDelivery] {
        var window: [QueuedDelivery] = []
        window.reserveCapacity(min(records, waiting.count))
        var cost = 0
        while window.count < records, let next = waiting.first, next.position.rawValue < permitted {
            cost += next.delivery.cost
            if !window.isEmpty, cost > bytes { break }
            window.append(next)
            takenBytes += next.delivery.cost
            waitingBytes -= next.delivery.cost
            taken.append(Taken(queued: next, answer: nil))
            _ = waiting.popFirst()
            // With nothing waiting, `cursor` is where the next reading begins.
        }
        return window
    }

    /// Takes what was read from disk.
    /// - Parameter end: every delivery before it was read.
    mutating func load(_ read: [QueuedDelivery], upTo end: UInt64, _ order: ReadOrder) {
        guard !isEvicting, order.round == round, loaded == order.from, waiting.isEmpty else { return }
        for queued in read where queued.position.rawValue >= loaded { wait(queued) }
        loaded = max(loaded, end)
    }

    private mutating func loadUnstored(bytes: Int) {
        for index in 0..<unstored.count where unstored[index].end > loaded {
            guard waitingBytes < bytes else { return }
            let placed = unstored[index]
            for queued in placed.deliveries(from: loaded) { wait(queued) }
            loaded = placed.end
        }
        loaded = visible
    }

    mutating func wait(_ queued: QueuedDelivery) {
        waiting.append(queued)
        waitingBytes += queued.delivery.cost
    }

    mutating func settle(_ settlements: [OutboxSettlement]) {
        for settlement in settlements {
            guard let index = indexOfTaken(settlement.position), taken[index].answer == nil else { continue }
            taken[index].answer = settlement.disposition
        }
        while let first = taken.first, let answer = first.answer {
            totals.count(answer, of: first.queued.delivery)
            if let cause = LossCause(answer), !first.queued.delivery.isRefresh {
                losses.note(cause, first.queued.delivery)
            }
            takenBytes -= first.queued.delivery.cost
            settled = first.queued.position.rawValue + 1
            _ = taken.popFirst()
        }
        // Without a transaction that would store them, settled units are let go here.
        if isFailing || !isStored { forgetSettled() }
    }

    /// Lets go of unstored units that have left. They stand in order.
    private mutating func forgetSettled() {
        while let first = unstored.first, first.end <= settled { dropUnstored() }
    }

    /// Lets go of the oldest unstored unit.
    @discardableResult
    mutating func dropUnstored() -> PlacedUnit? {
        guard let placed = unstored.popFirst() else { return nil }
        unstoredBytes -= placed.unit.memoryBytes
        unstoredDiskBytes -= placed.unit.storedBytes
        return placed
    }

    mutating func rewind() {
        totals.repeatedInDoubt += UInt64(taken.count)
        while let last = taken.popLast() {
            waiting.prepend(last.queued)
            waitingBytes += last.queued.delivery.cost
        }
        takenBytes = 0
    }

    private func indexOfTaken(_ position: OutboxPosition) -> Int? {
        var low = 0
        var high = taken.count
        while low < high {
            let middle = (low + high) / 2
            if taken[middle].queued.position < position { low = middle + 1 } else { high = middle }
        }
        return low < taken.count && taken[low].queued.position == position ? low : nil
    }
}
