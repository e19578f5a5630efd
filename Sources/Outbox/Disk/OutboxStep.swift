internal import Account
internal import Deliveries
internal import DiodeProtocol
internal import Time

/// What one transaction is to store of a queue, as of its beginning.
struct OutboxStep: Sendable {
    let link: Int
    let limitBytes: Int
    /// Units that no row holds yet.
    var units: [PlacedUnit]
    /// Deliveries whose rows were lost with a damaged file; they are stored one by one.
    var orphans: [QueuedDelivery]
    /// Units before it have left every output, or were taken apart.
    var boundary: UInt64
    /// The position after the last.
    var ending: UInt64
    var unitBytes, knownBytes: Int
    /// In the queue's order.
    var outputs: [OutputStep]
    /// Empty: the limit is not passed. Otherwise values before the first of these positions are moved, and if that does not suffice those before
    /// the next. Outputs that have not taken all before the last of them take nothing meanwhile.
    var movesBefore: [UInt64]
    /// Outputs that an earlier process had and this one has not; their rows go.
    var forgotten: [OutputName]

    /// Every delivery before it has left all outputs.
    var settled: UInt64 { outputs.reduce(.max) { min($0, $1.settled) } }
}

/// The same of one output.
struct OutputStep: Sendable {
    let name: OutputName
    /// Every delivery before it has left.
    var settled: UInt64
    /// The first delivery that the output has not taken.
    var cursor: UInt64
    /// From here on it takes none before the next transaction.
    var permitted: UInt64
    var totals: OutboxTotals
    /// To be named with this transaction.
    var losses: LossList
    /// What the output keeps, by name; nil: not any more.
    var notes: [[UInt8]: [UInt8]?]
}

/// What the transaction made of it.
struct OutboxOutcome: Sendable {
    var boundary: UInt64
    var unitBytes, knownBytes: Int
    var outputs: [OutputOutcome]
    /// Values before it were moved, so that what memory holds of them is void; 0: none.
    var movedBefore: UInt64 = 0
    /// What the foremost output does not need does not suffice to keep the limit.
    var needsEverything = false

    init(_ step: OutboxStep) {
        boundary = step.boundary
        unitBytes = step.unitBytes
        knownBytes = step.knownBytes
        outputs = step.outputs.map { OutputOutcome($0) }
    }

    /// What rows count against the limit.
    var bytes: Int { unitBytes + knownBytes }

    /// A value leaves its row unpublished: every output that still waits for it sheds it.
    mutating func shed(_ position: UInt64, topic: RawSpan, stamp: Stamp, time: UnixMilliseconds, isRefresh: Bool) {
        for index in outputs.indices where outputs[index].cursor <= position {
            if isRefresh {
                outputs[index].shed.noteRefresh()
            } else {
                outputs[index].shed.note(.shed(.outboxFull), topic: topic, stamp: stamp, time: time)
            }
        }
    }

    mutating func shed(_ queued: QueuedDelivery) {
        let delivery = queued.delivery
        shed(
            queued.position.rawValue, topic: delivery.topic, stamp: delivery.stamp, time: delivery.sourceTime,
            isRefresh: delivery.isRefresh)
    }

    /// Whether an output has a value and has not settled it: then its row stays as it is.
    func isTaken(_ position: UInt64) -> Bool { outputs.contains { $0.taken.contains(position) } }

    /// The stretches before `end` in which no output has anything taken and at least one may wait, in order.
    func free(before end: UInt64) -> [Range<UInt64>] {
        var free: [Range<UInt64>] = []
        var from = outputs.reduce(UInt64.max) { min($0, $1.cursor) }
        for taken in outputs.map(\.taken).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if from < min(taken.lowerBound, end) { free.append(from..<min(taken.lowerBound, end)) }
            from = max(from, taken.upperBound)
        }
        if from < end { free.append(from..<end) }
        return free
    }
}

/// The same of one output.
struct OutputOutcome: Sendable {
    /// As of the transaction's beginning: taken and not settled.
    let taken: Range<UInt64>
    var permitted: UInt64
    /// What it shed at the limit.
    var shed = LossList()
    /// As stored, so what was shed is in.
    var totals: OutboxTotals

    init(_ step: OutputStep) {
        taken = step.settled..<max(step.settled, step.cursor)
        permitted = step.permitted
        totals = step.totals
    }

    var settled: UInt64 { taken.lowerBound }
    /// The first delivery that the output had not taken.
    var cursor: UInt64 { taken.upperBound }
}
