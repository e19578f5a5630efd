import Account
import Deliveries
import DiodeProtocol
import Time

/// The store thread's side of the queue: what goes into a transaction, and what follows from its end.
///
/// ```text
///  stage ─▶ staged ─ beginWrite ─▶ rows ─ committed ─▶ visible; memory keeps what it has room for
///                                       └ failed ────▶ visible, unstored: kept in memory, bounded, stored by the next
/// ```
extension DeliveryQueueState {
    /// - Returns: the position after the last.
    mutating func stage(_ units: [DeliveryUnit]) -> UInt64 {
        for unit in units where !unit.deliveries.isEmpty {
            let placed = PlacedUnit(first: ending, unit: unit)
            staged.append(placed)
            ending = placed.end
            if let last = unit.deliveries.last { newest = (last.stamp, last.sourceTime) }
        }
        return ending
    }

    mutating func beginWrite() -> OutboxStep {
        precondition(outcome == nil && lossesInFlight.isEmpty, "a transaction ends before the next begins")
        lossesInFlight = losses
        losses = LossList()
        let units = (unstored.all + staged).filter { $0.end > settled }
        let bytes = units.reduce(unitBytes + knownBytes) { $0 + $1.unit.storedBytes }
        // What the publisher has taken stays, bounded by its window, and is not held against the others.
        let limit = limits.bytes + takenBytes
        isEvicting = bytes > limit
        var totals = totals
        totals.countAppended(staged)
        return OutboxStep(
            link: link, limitBytes: limit, units: units, orphans: orphans.filter { isLeft($0) },
            settled: settled,
            cursor: cursor, boundary: boundary, ending: ending, permitted: cursor + Self.permitRecords,
            unitBytes: unitBytes, knownBytes: knownBytes, totals: totals, losses: lossesInFlight, mayEvict: isEvicting)
    }

    /// The transaction holds all of it now, if it commits.
    mutating func endWrite(_ outcome: OutboxOutcome) { self.outcome = outcome }

    mutating func committed() {
        guard let outcome = outcome.take() else { preconditionFailure("what was committed was written before") }
        if outcome.hasEvicted {
            // What waited in memory may have moved or be gone; all of it is on disk.
            loaded = cursor
            waiting = RingBuffer()
            waitingBytes = 0
            round += 1
        }
        outcome.shed.count(in: &totals)
        let fresh = staged
        showStaged()
        if !outcome.hasEvicted { remember(fresh) }
        stored = visible
        forgetUnstored()
        orphans = []
        boundary = outcome.boundary
        unitBytes = outcome.unitBytes
        knownBytes = outcome.knownBytes
        permitted = outcome.permitted
        storedTotals = outcome.totals
        storedSettled = outcome.settled
        lossesInFlight = LossList()
        isEvicting = false
        isFailing = false
    }

    mutating func failed() {
        outcome = nil
        losses.add(lossesInFlight)
        lossesInFlight = LossList()
        isEvicting = false
        isFailing = isStored
        permitted = .max
        for placed in staged {
            unstored.append(placed)
            unstoredBytes += placed.unit.memoryBytes
            unstoredDiskBytes += placed.unit.storedBytes
        }
        showStaged()
        shedUnstored()
    }

    /// Keeps what was stored just now in memory, as far as there is room, if everything before it is there too.
    private mutating func remember(_ fresh: [PlacedUnit]) {
        guard loaded >= stored else { return }
        var room = limits.memoryBytes - waitingBytes - takenBytes
        for placed in unstored.all + fresh where placed.end > loaded {
            room -= placed.unit.memoryBytes
            guard room >= 0 else { return }
            for queued in placed.deliveries(from: loaded) { wait(queued) }
            loaded = placed.end
        }
    }

    private mutating func showStaged() {
        totals.countAppended(staged)
        staged = []
        visible = ending
    }

    /// No disk holds them and memory has its limit: the oldest that nobody has loaded are shed.
    private mutating func shedUnstored() {
        guard unstoredBytes > limits.memoryBytes else { return }
        var inUse: [PlacedUnit] = []
        while let first = unstored.first, first.first < loaded, let placed = unstored.popFirst() {
            inUse.append(placed)
        }
        // Some more than must be, so that not each round has to.
        let aim = limits.memoryBytes - limits.memoryBytes / 16
        while unstoredBytes > aim, let placed = dropUnstored() {
            for delivery in placed.unit.deliveries {
                totals.count(.shed(.outboxFull), of: delivery)
                if !delivery.isRefresh { losses.note(.shed(.outboxFull), delivery) }
            }
        }
        for placed in inUse.reversed() { unstored.prepend(placed) }
    }

    private mutating func forgetUnstored() {
        unstored = RingBuffer()
        unstoredBytes = 0
        unstoredDiskBytes = 0
    }

    /// Everything that no disk holds is shed: the process ends.
    mutating func close() -> Loss? {
        rewind()
        var shed = LossList()
        let first = unstored.first?.first ?? .max
        for placed in unstored.all {
            for queued in placed.deliveries(from: max(settled, placed.first)) {
                shed.note(.shed(.stopped), queued.delivery)
            }
        }
        while let last = waiting.popLast() {
            guard last.position.rawValue >= first else {
                waiting.append(last)
                break
            }
        }
        forgetUnstored()
        waitingBytes = 0
        for index in 0..<waiting.count { waitingBytes += waiting[index].delivery.cost }
        loaded = visible
        shed.count(in: &totals)
        losses.add(shed)
        return shed.all.first
    }

    // MARK: Restart

    mutating func restore(_ saved: SavedOutbox) {
        precondition(ending == 1 && totals.appended == 0, "a queue is restored before it is used")
        settled = saved.settled
        loaded = saved.settled
        visible = saved.ending
        ending = saved.ending
        stored = saved.ending
        boundary = saved.boundary
        unitBytes = saved.unitBytes
        knownBytes = saved.knownBytes
        totals = saved.totals
        totals.repeatedInDoubt += saved.inDoubt
        permitted = 0
    }

    /// The file is gone: what only it held is lost, what memory holds is stored again.
    mutating func replaced() {
        precondition(outcome == nil, "a file is replaced between transactions")
        let unloaded = unstored.all.flatMap { $0.deliveries(from: max(loaded, $0.first)) }
        let refreshes =
            ((0..<waiting.count).map { waiting[$0] } + unloaded).count { $0.delivery.isRefresh }
            + (0..<taken.count).count { taken[$0].queued.delivery.isRefresh }
        let lostRefreshes = totals.refreshesLeft - UInt64(refreshes)
        let lost = waitingRecords - UInt64(waiting.count + unloaded.count) - lostRefreshes
        totals.unrefreshed += lostRefreshes
        orphans = (0..<taken.count).map { taken[$0].queued }
        let firstUnstored = unstored.first?.first ?? .max
        orphans.removeAll { $0.position.rawValue >= firstUnstored }
        for index in 0..<waiting.count where waiting[index].position.rawValue < firstUnstored {
            orphans.append(waiting[index])
        }
        if lost > 0 {
            totals.count(.shed(.damaged), lost)
            losses.add(lossOfUnknown(lost))
        }
        if loaded < stored { loaded = stored }
        boundary = stored
        unitBytes = 0
        knownBytes = 0
        storedTotals = nil
        round += 1
    }

    /// A loss whose topics nobody can read any more.
    private func lossOfUnknown(_ records: UInt64) -> Loss {
        let nothing = Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0))
        let never = UnixMilliseconds(rawValue: 0)
        return Loss(
            .shed(.damaged), records: records, first: nothing, last: newest?.stamp ?? nothing, from: never,
            to: newest?.sourceTime ?? never, others: records)
    }

    private func isLeft(_ queued: QueuedDelivery) -> Bool { queued.position.rawValue >= settled }

    /// Whether a transaction would store something new.
    var needsWrite: Bool {
        guard isStored else { return false }
        let permitIsShort = permitted != .max && cursor < visible && cursor + Self.permitRecords / 2 > permitted
        return !staged.isEmpty || !unstored.isEmpty || settled != storedSettled || storedTotals != totals
            || !losses.isEmpty || permitIsShort
    }
}
