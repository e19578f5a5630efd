internal import Account
internal import Collections
internal import Deliveries
internal import Threading

/// The queue behind the lock: one stream of units, and each output's window on it.
///
/// ```text
///  stage ─▶ staged ─ beginWrite ─▶ rows ─ committed ─▶ visible; each output's memory keeps what it has room for
///                                       └ failed ────▶ visible, unstored: kept in memory, bounded, stored by the next
/// ```
///
/// At the limit values are moved (``OutboxWriter``). Where an output lags behind another, first those that the foremost does not need any
/// more; that one goes on taking meanwhile. Only if these did not suffice, the next transaction holds all of them and moves what it must.
struct DeliveryQueueState {
    private let link: Int
    private let limits: DeliveryQueue.Limits
    private var stream = UnitStream()
    /// In a fixed order; the first is the IT broker's.
    private var outputs: [OutputWindow]
    /// What was written, until its transaction ends.
    private var outcome: OutboxOutcome?
    private var isWriting = false
    private var isFailing = false
    /// What the foremost output does not need did not suffice.
    private var movesEverything = false
    /// Outputs that an earlier process had and this one has not, until their rows are gone.
    private var forgotten: [OutputName] = []
    /// Wakes whoever makes transactions, when one is waited for.
    var storeWakeup: Wakeup?

    init(link: Int, limits: DeliveryQueue.Limits, outputs: [OutputName]) {
        self.link = link
        self.limits = limits
        self.outputs = outputs.map {
            OutputWindow(name: $0, memoryLimit: max(65_536, limits.memoryBytes / outputs.count))
        }
    }

    /// Every delivery before it has left all outputs.
    private var settledByAll: UInt64 { outputs.reduce(.max) { min($0, $1.settled) } }

    // MARK: The outputs' side

    mutating func take(
        records: Int, bytes: Int, output: Int, isSure: (QueuedDelivery) -> Bool
    ) -> OutputWindow.Offer {
        outputs[output].take(records: records, bytes: bytes, from: stream, isSure: isSure)
    }

    mutating func load(
        _ read: [QueuedDelivery], upTo end: UInt64, _ order: OutputWindow.ReadOrder, output: Int
    ) {
        outputs[output].load(read, upTo: end, order)
    }

    mutating func settle(_ settlements: [OutboxSettlement], output: Int) {
        outputs[output].settle(settlements)
        // Without a transaction that would store them, settled units are let go here.
        if isFailing { stream.forgetSettled(before: settledByAll) }
    }

    func taken(at position: OutboxPosition, output: Int) -> QueuedDelivery? { outputs[output].taken(at: position) }

    mutating func repeatTaken(_ positions: [OutboxPosition], output: Int) -> [QueuedDelivery] {
        outputs[output].repeatTaken(positions)
    }

    mutating func rewind(output: Int) { outputs[output].rewind() }

    mutating func keep(_ notes: [(name: [UInt8], value: [UInt8]?)], output: Int) -> UInt64 {
        for note in notes { outputs[output].notes.keep(note.name, note.value) }
        return outputs[output].notes.newest
    }

    func keptThrough(output: Int) -> UInt64 { isFailing ? .max : outputs[output].notes.stored }

    mutating func takeNotes(output: Int, _ isWanted: (OutputNote) -> Bool) -> [OutputNote] {
        outputs[output].notes.takeRestored(isWanted)
    }

    mutating func noteDoubts(_ records: Int, output: Int) { outputs[output].noteDoubts(records) }

    mutating func finish(output: Int) { outputs[output].finish() }

    func takenBefore(output: Int) -> UInt64 { outputs[output].takenBefore }
    func settled(output: Int) -> UInt64 { outputs[output].settled }
    func totals(output: Int) -> OutboxTotals { outputs[output].totals }
    func losses(output: Int) -> [Loss] { outputs[output].unnamedLosses }

    func load(output: Int) -> OutboxLoad {
        let output = outputs[output]
        return OutboxLoad(
            waiting: Int(clamping: output.waitingRecords), taken: output.givenRecords, takenBytes: output.givenBytes,
            answered: output.answeredRecords, answeredBytes: output.answeredBytes, bytes: stream.diskBytes,
            limitBytes: limits.bytes,
            memoryBytes: output.memoryBytes + stream.unstoredBytes, memoryLimitBytes: limits.memoryBytes,
            isFailing: isFailing)
    }

    // MARK: The store thread's side

    /// - Returns: the position after the last.
    mutating func stage(_ units: [DeliveryUnit]) -> UInt64 { stream.stage(units) }

    /// Whether a transaction would store something new.
    var needsWrite: Bool { stream.needsWrite || !forgotten.isEmpty || outputs.contains { $0.needsWrite(stream) } }

    mutating func beginWrite() -> OutboxStep {
        precondition(!isWriting && outcome == nil, "a transaction ends before the next begins")
        isWriting = true
        let settled = settledByAll
        let units = (stream.unstored.all + stream.staged).filter { $0.end > settled }
        let bytes = units.reduce(stream.unitBytes + stream.knownBytes) { $0 + $1.unit.storedBytes }
        // What an output has taken stays, bounded by its window, and is not held against the others.
        let limit = limits.bytes + outputs.reduce(0) { $0 + $1.takenBytes }
        let cursors = outputs.map(\.cursor)
        let (hindmost, foremost) = (cursors.min() ?? 0, cursors.max() ?? 0)
        let isLagging = hindmost < foremost
        var movesBefore: [UInt64] = []
        if bytes > limit {
            if isLagging { movesBefore.append(foremost) }
            if !isLagging || movesEverything { movesBefore.append(.max) }
        } else {
            movesEverything = false
        }
        return OutboxStep(
            link: link, limitBytes: limit, units: units,
            orphans: stream.orphans.filter { $0.position.rawValue >= settled },
            boundary: stream.boundary, ending: stream.ending, unitBytes: stream.unitBytes,
            knownBytes: stream.knownBytes,
            outputs: outputs.indices.map {
                outputs[$0].beginWrite(staged: stream.staged, movesBefore: movesBefore.last)
            },
            movesBefore: movesBefore, forgotten: forgotten)
    }

    /// The transaction holds all of it now, if it commits.
    mutating func endWrite(_ outcome: OutboxOutcome) { self.outcome = outcome }

    mutating func committed() {
        guard let outcome = outcome.take() else { preconditionFailure("what was committed was written before") }
        isWriting = false
        let (fresh, storedBefore) = (stream.unstored.all + stream.staged, stream.stored)
        for index in outputs.indices { outputs[index].countAppended(stream.staged) }
        stream.committed(outcome)
        for index in outputs.indices {
            let isVoid = outputs[index].committed(outcome.outputs[index], movedBefore: outcome.movedBefore)
            if !isVoid { outputs[index].remember(fresh, storedBefore: storedBefore) }
        }
        movesEverything = outcome.needsEverything
        forgotten = []
        isFailing = false
    }

    mutating func failed() {
        isWriting = false
        outcome = nil
        for index in outputs.indices {
            outputs[index].countAppended(stream.staged)
            outputs[index].failed()
        }
        stream.failed()
        isFailing = true
        guard stream.unstoredBytes > limits.memoryBytes else { return }
        let windows = outputs
        // Some more than must be, so that not each round has to.
        let shed = stream.shedUnstored(to: limits.memoryBytes - limits.memoryBytes / 16) { placed in
            windows.contains { $0.holds(placed) }
        }
        for placed in shed { for index in outputs.indices { outputs[index].shed(placed) } }
    }

    /// Everything that no disk holds is shed: the process ends.
    mutating func close() -> [OutputLosses] {
        var losses: [OutputLosses] = []
        for index in outputs.indices {
            if let loss = outputs[index].close(stream) {
                losses.append(OutputLosses(output: outputs[index].name, losses: [loss]))
            }
        }
        stream.forgetUnstored()
        return losses
    }

    // MARK: Restart

    /// - Returns: the outputs that ``saved`` has and the queue has not.
    mutating func restore(_ saved: SavedOutbox) -> [ForgottenOutput] {
        stream.restore(saved)
        for index in outputs.indices {
            if let output = saved.outputs[outputs[index].name] {
                outputs[index].restore(output)
            } else {
                outputs[index].begin(at: saved.ending, before: saved.appended)
            }
        }
        let names = outputs.map(\.name)
        let gone = saved.outputs.filter { !names.contains($0.key) }
        forgotten = gone.keys.sorted { $0.rawValue < $1.rawValue }
        return gone.map { ForgottenOutput(output: $0.key, waiting: $0.value.waiting) }
    }

    /// The file is gone: what only it held is lost, what memory holds is stored again.
    mutating func replaced() {
        precondition(!isWriting, "a file is replaced between transactions")
        var rescued: [UInt64: QueuedDelivery] = [:]
        for output in outputs {
            for queued in output.held(before: stream.firstUnstored) { rescued[queued.position.rawValue] = queued }
        }
        let inOrder = rescued.values.sorted { $0.position < $1.position }
        for index in outputs.indices { outputs[index].replaced(stream, rescued: inOrder) }
        stream.replaced(rescued: inOrder)
    }
}
