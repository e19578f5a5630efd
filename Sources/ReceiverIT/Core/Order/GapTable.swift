internal import Account
internal import DiodeProtocol
internal import Time

/// The gaps of a link that are open or lost, by number, and which gaps changed since that was last asked.
///
/// Each change returns what is to be told of it: that a gap opened, grew, or closed. A gap that healed leaves the table; as it was last, it
/// stays in the database. A number that is not in the table (0, or that of a gap which was forgotten) is passed over.
struct GapTable: Sendable {
    private var gaps: [UInt64: Gap] = [:]
    private var changes: [UInt64: Gap] = [:]
    /// The number that the next gap gets.
    private(set) var next: UInt64 = 1

    init() {}

    /// Goes on from what was stored.
    init(restoring gaps: some Sequence<Gap>, next: UInt64) {
        for gap in gaps { self.gaps[gap.id] = gap }
        self.next = next
    }

    func contains(_ id: UInt64) -> Bool { gaps[id] != nil }
    var count: Int { gaps.count }
    /// All of them, by number.
    var sorted: [Gap] { gaps.values.sorted { $0.id < $1.id } }

    /// A hole opened that belongs to no gap yet: it becomes the gap `next`.
    /// - Parameters:
    ///   - hole: what is missing of it.
    ///   - source: between which times of the sender's clock its records were made.
    mutating func open(
        _ hole: Hole, of epoch: Epoch, source: (from: UnixMilliseconds?, to: UnixMilliseconds?), cause: Gap.Cause,
        at time: UnixMilliseconds
    ) -> GapTracker.Event {
        next += 1
        var gap = Gap(hole, epoch: epoch, openedAt: time, cause: cause)
        gap.setSource(from: source.from, to: source.to)
        put(gap)
        return .opened(gap)
    }

    /// The last hole of a gap grew at its end.
    mutating func grow(_ hole: Hole, by records: UInt64, sourceTo: UnixMilliseconds?) -> GapTracker.Event? {
        guard var gap = gaps[hole.gap] else { return nil }
        gap.grow(
            by: records, lastBlock: BlockNumber(rawValue: hole.lastBlock),
            lastSequence: SequenceNumber(rawValue: hole.endSequence - 1), sourceTo: sourceTo)
        put(gap)
        return .grew(gap)
    }

    /// Records of a hole came.
    /// - Parameters:
    ///   - records: how many came, those in `grown` among them.
    ///   - grown: by how many records the hole grew before they came.
    mutating func heal(
        _ hole: Hole, records: UInt64, grown: UInt64 = 0, by healing: Gap.Healing, at time: UnixMilliseconds
    ) -> GapTracker.Event? {
        change(hole.gap) { $0.heal(records, grown: grown, wereLost: hole.isLost, by: healing, at: time) }
    }

    /// Missing records of a gap are given up.
    mutating func lose(_ records: UInt64, of id: UInt64, at time: UnixMilliseconds) -> GapTracker.Event? {
        change(id) { $0.lose(records, at: time) }
    }

    /// Records of a gap are not to be counted any more.
    /// - Parameter wereLost: the records had been given up.
    mutating func withdraw(
        _ records: UInt64, wereLost: Bool, of id: UInt64, at time: UnixMilliseconds
    ) -> GapTracker.Event? {
        change(id) { $0.withdraw(records, wereLost: wereLost, at: time) }
    }

    /// The end of a gap by the sender's clock is known now.
    mutating func bound(_ id: UInt64, at end: UnixMilliseconds) {
        guard var gap = gaps[id] else { return }
        gap.setSource(from: gap.sourceFrom, to: end)
        put(gap)
    }

    /// Nothing can come out of a gap any more: it stays in the database as it is.
    mutating func forget(_ id: UInt64) { gaps[id] = nil }

    /// Moves out the gaps that changed since the last call, those that healed among them.
    mutating func takeChanges() -> [UInt64: Gap] {
        guard !changes.isEmpty else { return [:] }
        defer { changes = [:] }
        return changes
    }

    /// All that are open or lost, by number.
    var all: [UInt64: Gap] { gaps }

    /// - Parameter change: returns whether it closed the gap.
    private mutating func change(_ id: UInt64, _ change: (inout Gap) -> Bool) -> GapTracker.Event? {
        guard var gap = gaps[id] else { return nil }
        let isClosed = change(&gap)
        put(gap)
        return isClosed ? .closed(gap) : nil
    }

    private mutating func put(_ gap: Gap) {
        gaps[gap.id] = gap.state == .healed ? nil : gap
        changes[gap.id] = gap
    }
}
