internal import Account
internal import Collections
internal import Deliveries
internal import DiodeProtocol
internal import Time

/// One output's place in the stream: what it has settled, taken, and in memory, and its own account of all of it.
///
/// ```text
///  position   settled ≤ cursor ≤ loaded ≤ the stream's visible
///             │ taken │ waiting │ on disk, or unstored
///             └ of it, after a rewind: again, to be offered once more
/// ```
///
/// Positions ascend; where something was shed they leave holes. `waiting` holds every delivery of `cursor ..< loaded`, `taken` every one
/// of `settled ..< cursor`.
struct OutputWindow {
    private struct Taken {
        let queued: QueuedDelivery
        var answer: Disposition?
        /// It is in `again`.
        var isAgain = false
    }

    /// Deliveries that may be taken between two transactions, and so the most that a killed receiver repeats.
    static let permitRecords: UInt64 = 16_384

    let name: OutputName
    /// What it may hold in memory.
    private let memoryLimit: Int
    private var waiting = Ring<QueuedDelivery>()
    private var waitingBytes = 0
    private var taken = Ring<Taken>()
    private(set) var takenBytes = 0
    /// Of `taken`, those that a `rewind` has put back, in order. They are offered before what waits.
    private var again = Ring<OutboxPosition>()
    private var againBytes = 0
    /// Of what is taken, how many have an answer, and what they cost.
    private(set) var answeredRecords = 0
    private(set) var answeredBytes = 0
    /// Every delivery before it has left.
    private(set) var settled: UInt64 = 1
    /// Every delivery before it was taken into memory.
    private(set) var loaded: UInt64 = 1
    /// The output takes none from here on; `.max` while there is no disk to ask. Nothing before the first transaction: it counts what a
    /// later process would repeat.
    private var permitted: UInt64 = 0
    /// Deliveries before it may have been taken by an earlier process; those that are not settled count as in doubt; how many of
    /// these were not taken yet.
    private var doubtedBefore: UInt64 = 0, untakenDoubts: UInt64 = 0
    /// The output takes nothing any more.
    private(set) var isFinished = false
    private var isFinishStored = false, finishesWithWrite = false
    /// Values that it waits for are being moved: until the transaction ends it takes nothing.
    private var isHeld = false
    /// Grows when rows were taken apart: what was read before is void.
    private var round: UInt64 = 0

    private(set) var totals = OutboxTotals()
    private var losses = LossList()
    /// Handed over for the transaction under way.
    private var lossesInFlight = LossList()
    /// What the output keeps over a restart.
    var notes = OutputNotes()
    /// What the last transaction stored.
    private var storedTotals: OutboxTotals?
    private var storedSettled: UInt64 = 0

    init(name: OutputName, memoryLimit: Int) {
        self.name = name
        self.memoryLimit = memoryLimit
    }

    /// Every delivery that may have been taken, by an earlier process too, lies before it.
    var takenBefore: UInt64 { max(cursor, doubtedBefore) }

    /// The first delivery that is not taken.
    var cursor: UInt64 { waiting.first?.position.rawValue ?? loaded }

    /// Deliveries that wait, refreshes and those that are offered again among them.
    var waitingRecords: UInt64 { untakenRecords.plus(UInt64(again.count)) }
    private var untakenRecords: UInt64 {
        totals.appended.minus(totals.left).plus(totals.refreshesLeft).minus(UInt64(taken.count))
    }

    /// What it has been given and has not put back.
    var givenRecords: Int { taken.count - again.count }
    var givenBytes: Int { takenBytes - againBytes }

    /// What it holds in memory.
    var memoryBytes: Int { waitingBytes + takenBytes }

    /// What was lost and no transaction has named yet.
    var unnamedLosses: [Loss] { losses.all }

    // MARK: The output's side

    /// Moves out what waits, in order, as many as both limits allow, and at least one.
    /// - Parameter isSure: whether no doubt is left about a delivery that was, or may have been, taken before.
    mutating func take(
        records: Int, bytes: Int, from stream: borrowing UnitStream, isSure: (QueuedDelivery) -> Bool
    ) -> Offer {
        guard !isHeld, !isFinished else { return .window([]) }
        if !again.isEmpty {
            let (window, cost) = windowAgain(records: records, bytes: bytes, isSure: isSure)
            guard again.isEmpty, window.count < records, cost < bytes else { return .window(window) }
            return .window(
                window + self.window(records: records - window.count, bytes: bytes - cost, isSure: isSure))
        }
        if waiting.isEmpty, loaded < stream.visible {
            let chunk = max(65_536, min(memoryLimit / 4, 1 << 20))
            if loaded < stream.stored {
                guard loaded < permitted else { return .window([]) }
                return .onDisk(
                    ReadOrder(from: loaded, boundary: stream.boundary, to: stream.stored, round: round, bytes: chunk))
            }
            loadUnstored(of: stream, bytes: chunk)
        }
        return .window(window(records: records, bytes: bytes, isSure: isSure))
    }

    private mutating func windowAgain(
        records: Int, bytes: Int, isSure: (QueuedDelivery) -> Bool
    ) -> (window: [QueuedDelivery], cost: Int) {
        var window: [QueuedDelivery] = []
        var cost = 0
        while window.count < records, let position = again.first {
            guard let index = indexOfTaken(position) else { preconditionFailure("what is put back stays taken") }
            let queued = taken[index].queued
            if !window.isEmpty, cost + queued.delivery.cost > bytes { break }
            cost += queued.delivery.cost
            window.append(queued)
            taken[index].isAgain = false
            if isSure(queued) { totals.noteSure() }
            againBytes -= queued.delivery.cost
            again.popFirst()
        }
        return (window, cost)
    }

    private mutating func window(
        records: Int, bytes: Int, isSure: (QueuedDelivery) -> Bool
    ) -> [QueuedDelivery] {
        var window: [QueuedDelivery] = []
        window.reserveCapacity(min(records, waiting.count))
        var cost = 0
        while window.count < records, let next = waiting.first, next.position.rawValue < permitted {
            cost += next.delivery.cost
            if !window.isEmpty, cost > bytes { break }
            window.append(next)
            if next.position.rawValue < doubtedBefore {
                untakenDoubts = untakenDoubts.minus(1)
                if isSure(next) { totals.noteSure() }
            }
            takenBytes += next.delivery.cost
            waitingBytes -= next.delivery.cost
            taken.append(Taken(queued: next, answer: nil))
            waiting.popFirst()
            // With nothing waiting, `cursor` is where the next reading begins.
        }
        return window
    }

    /// Takes in what was read from disk.
    /// - Parameter end: every delivery before it was read.
    mutating func load(_ read: [QueuedDelivery], upTo end: UInt64, _ order: ReadOrder) {
        guard !isHeld, order.round == round, loaded == order.from, waiting.isEmpty else { return }
        for queued in read where queued.position.rawValue >= loaded { wait(queued) }
        loaded = max(loaded, end)
    }

    private mutating func loadUnstored(of stream: borrowing UnitStream, bytes: Int) {
        for index in 0..<stream.unstored.count where stream.unstored[index].end > loaded {
            guard waitingBytes < bytes else { return }
            load(stream.unstored[index])
        }
        loaded = stream.visible
    }

    private mutating func load(_ placed: PlacedUnit) {
        for queued in placed.deliveries(from: loaded) { wait(queued) }
        loaded = placed.end
    }

    private mutating func wait(_ queued: QueuedDelivery) {
        waiting.append(queued)
        waitingBytes += queued.delivery.cost
    }

    /// Notes answers; what has an answer leaves once all before it has one.
    mutating func settle(_ settlements: [OutboxSettlement]) {
        for settlement in settlements {
            guard let index = indexOfTaken(settlement.position), taken[index].answer == nil, !taken[index].isAgain
            else { continue }
            taken[index].answer = settlement.disposition
            answeredRecords += 1
            answeredBytes += taken[index].queued.delivery.cost
        }
        while let first = taken.first, let answer = first.answer {
            totals.count(answer, of: first.queued.delivery)
            if let cause = LossCause(answer), !first.queued.delivery.isRefresh {
                losses.note(cause, first.queued.delivery)
            }
            takenBytes -= first.queued.delivery.cost
            answeredRecords -= 1
            answeredBytes -= first.queued.delivery.cost
            settled = first.queued.position.rawValue + 1
            taken.popFirst()
        }
    }

    mutating func noteDoubts(_ records: Int) { totals.repeatedInDoubt = totals.repeatedInDoubt.plus(UInt64(records)) }

    /// Takes nothing from here on, so that the next process need not take for repeated what this one might have taken.
    /// What it did not take is in doubt as before, for the next process to count.
    mutating func finish() {
        isFinished = true
        totals.repeatedInDoubt = totals.repeatedInDoubt.minus(untakenDoubts)
        untakenDoubts = 0
    }

    /// Puts back everything that is taken, in order. An answer stands if nothing older of its topic is without one: no older value may land
    /// behind a newer one.
    mutating func rewind() {
        var open: Set<[UInt8]> = []
        again = Ring()
        againBytes = 0
        for index in 0..<taken.count {
            let queued = taken[index].queued
            let topic = [UInt8](copying: queued.delivery.topic)
            guard taken[index].answer == nil || (taken[index].answer == .published && open.contains(topic)) else {
                continue
            }
            open.insert(topic)
            if !taken[index].isAgain { totals.repeatedInDoubt += 1 }
            takeBackAnswer(at: index)
            taken[index].isAgain = true
            again.append(queued.position)
            againBytes += queued.delivery.cost
        }
    }

    private mutating func takeBackAnswer(at index: Int) {
        guard taken[index].answer != nil else { return }
        taken[index].answer = nil
        answeredRecords -= 1
        answeredBytes -= taken[index].queued.delivery.cost
    }

    /// What was taken at a position and has not left.
    func taken(at position: OutboxPosition) -> QueuedDelivery? { indexOfTaken(position).map { taken[$0].queued } }

    /// Offers some of what is taken once more, and behind each what was published of its topic since: no older value may land behind a newer
    /// one.
    mutating func repeatTaken(_ positions: [OutboxPosition]) -> [QueuedDelivery] {
        var firsts: [[UInt8]: OutboxPosition] = [:]
        var indexes: [Int] = []
        for position in positions {
            guard let index = indexOfTaken(position), taken[index].answer == nil, !taken[index].isAgain
            else { continue }
            indexes.append(index)
            let delivery = taken[index].queued.delivery
            let topic = [UInt8](copying: delivery.topic)
            firsts[topic] = min(firsts[topic] ?? position, position)
        }
        guard let oldest = indexes.min() else { return [] }
        for index in oldest..<taken.count where taken[index].answer == .published {
            let (position, delivery) = (taken[index].queued.position, taken[index].queued.delivery)
            guard let first = firsts[[UInt8](copying: delivery.topic)], first < position else { continue }
            takeBackAnswer(at: index)
            totals.repeatedInDoubt += 1
            indexes.append(index)
        }
        return indexes.sorted().map { taken[$0].queued }
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

    // MARK: The store thread's side

    /// What the next transaction is to store of it, as of now.
    /// - Parameters:
    ///   - staged: what comes into sight with this transaction.
    ///   - movesBefore: values before this position may be moved meanwhile; nil: none.
    mutating func beginWrite(staged: [PlacedUnit], movesBefore: UInt64?) -> OutputStep {
        precondition(lossesInFlight.isEmpty, "a transaction ends before the next begins")
        lossesInFlight = losses
        losses = LossList()
        isHeld = movesBefore.map { cursor < $0 } ?? false
        finishesWithWrite = isFinished
        var totals = totals
        totals.countAppended(staged)
        return OutputStep(
            name: name, settled: settled, cursor: cursor,
            permitted: isFinished ? takenBefore : cursor + Self.permitRecords, totals: totals,
            losses: lossesInFlight, notes: notes.beginWrite())
    }

    /// The transaction that began with `beginWrite` is committed.
    /// - Parameter movedBefore: values before this position were moved; 0: none.
    /// - Returns: whether what waited in memory is void; then all of it is on disk.
    mutating func committed(_ outcome: OutputOutcome, movedBefore: UInt64) -> Bool {
        let isVoid = cursor < movedBefore
        if isVoid {
            loaded = cursor
            waiting = Ring()
            waitingBytes = 0
            round += 1
        }
        outcome.shed.count(in: &totals)
        permitted = outcome.permitted
        isFinishStored = finishesWithWrite
        storedTotals = outcome.totals
        storedSettled = outcome.settled
        lossesInFlight = LossList()
        notes.committed()
        isHeld = false
        return isVoid
    }

    /// The transaction failed: no disk says from where on the output takes none.
    mutating func failed() {
        losses.add(lossesInFlight)
        lossesInFlight = LossList()
        notes.failed()
        permitted = .max
        isHeld = false
    }

    /// Deliveries came into sight.
    mutating func countAppended(_ units: [PlacedUnit]) { totals.countAppended(units) }

    /// Keeps what was stored just now in memory, as far as there is room, if everything before it is there too.
    mutating func remember(_ units: [PlacedUnit], storedBefore: UInt64) {
        guard loaded >= storedBefore else { return }
        var room = memoryLimit - waitingBytes - takenBytes
        for placed in units where placed.end > loaded {
            room -= placed.unit.memoryBytes
            guard room >= 0 else { return }
            load(placed)
        }
    }

    /// Whether it holds a delivery of this unit in memory.
    func holds(_ placed: PlacedUnit) -> Bool { placed.first < loaded && placed.end > settled }

    /// A unit that it does not hold is gone, and no disk has it.
    mutating func shed(_ placed: PlacedUnit) {
        for queued in placed.deliveries(from: loaded) {
            totals.count(.shed(.outboxFull), of: queued.delivery)
            if !queued.delivery.isRefresh { losses.note(.shed(.outboxFull), queued.delivery) }
        }
    }

    /// Everything that no disk holds is shed: the process ends.
    mutating func close(_ stream: borrowing UnitStream) -> Loss? {
        rewind()
        let first = stream.firstUnstored
        var shed = LossList()
        for placed in stream.unstored.all {
            for queued in placed.deliveries(from: max(settled, placed.first)) {
                if let index = indexOfTaken(queued.position), let answer = taken[index].answer {
                    totals.count(answer, of: queued.delivery)
                } else {
                    shed.note(.shed(.stopped), queued.delivery)
                }
            }
        }
        // What rows hold waits for the next process.
        (taken, takenBytes, again, againBytes) = (Ring(), 0, Ring(), 0)
        (answeredRecords, answeredBytes) = (0, 0)
        while let last = waiting.popLast() {
            guard last.position.rawValue >= first else {
                waiting.append(last)
                break
            }
            waitingBytes -= last.delivery.cost
        }
        loaded = stream.visible
        shed.count(in: &totals)
        losses.add(shed)
        return shed.all.first
    }

    // MARK: Restart

    /// Goes on where an earlier process ended.
    mutating func restore(_ saved: SavedOutput) {
        precondition(totals.appended == 0, "an output is restored before it is used")
        settled = saved.settled
        loaded = saved.settled
        totals = saved.totals
        totals.repeatedInDoubt += saved.inDoubt
        doubtedBefore = saved.inDoubt > 0 ? saved.permitted : 0
        untakenDoubts = saved.inDoubt
        notes.restored = saved.notes
        permitted = 0
    }

    /// Begins behind what is stored: an output that no earlier process had hears what comes from now on.
    mutating func begin(at position: UInt64, before: UInt64) {
        settled = position
        loaded = position
        totals.before = before
        permitted = 0
    }

    /// What it has in memory that lies before a position, in order.
    func held(before end: UInt64) -> [QueuedDelivery] {
        var held = taken.all.map(\.queued)
        held.removeAll { $0.position.rawValue >= end }
        return held + waiting.all.filter { $0.position.rawValue < end }
    }

    /// The file is gone. What only it held is lost.
    /// - Parameter rescued: deliveries from before the unstored ones that some output has in memory, in order; they will be stored again.
    mutating func replaced(_ stream: borrowing UnitStream, rescued: [QueuedDelivery]) {
        for queued in rescued where queued.position.rawValue >= loaded { wait(queued) }
        loaded = max(loaded, stream.stored)
        let unloaded = stream.unstored.all.flatMap { $0.deliveries(from: max(loaded, $0.first)) }
        let refreshes =
            (waiting.all + unloaded).count { $0.delivery.isRefresh }
            + taken.all.count { $0.queued.delivery.isRefresh }
        let lostRefreshes = totals.refreshesLeft.minus(UInt64(refreshes))
        let lost = untakenRecords.minus(UInt64(waiting.count + unloaded.count)).minus(lostRefreshes)
        totals.unrefreshed += lostRefreshes
        if lost > 0 {
            totals.count(.shed(.damaged), lost)
            losses.add(stream.lossOfUnknown(lost))
        }
        storedTotals = nil
        round += 1
    }

    /// Whether a transaction would store something new of it.
    func needsWrite(_ stream: borrowing UnitStream) -> Bool {
        let permitIsShort =
            !isFinished && permitted != .max && cursor < stream.visible && cursor + Self.permitRecords / 2 > permitted
        if isFinished, !isFinishStored { return true }
        return settled != storedSettled || storedTotals != totals || !losses.isEmpty || !notes.isEmpty || permitIsShort
    }
}
