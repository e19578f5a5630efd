internal import Account
internal import Collections
internal import Deliveries
internal import DiodeProtocol
internal import Time

/// The stream that all outputs of a queue share: which units there are, which of them rows hold, and what waits for a transaction.
///
/// ```text
///  position   boundary ≤ stored ≤ visible ≤ ending
///             │ rows of units │ unstored │ staged: not committed yet
///   last_known│               │ (memory) │
/// ```
///
/// `unstored` is empty unless transactions fail.
struct UnitStream {
    /// Units before it have left every output, or were taken apart into last-known values.
    private(set) var boundary: UInt64 = 1
    /// Rows exist for what lies before it.
    private(set) var stored: UInt64 = 1
    /// Outputs may know of what lies before it.
    private(set) var visible: UInt64 = 1
    /// The position after the last.
    private(set) var ending: UInt64 = 1
    /// Visible, and no row holds them. In order.
    private(set) var unstored = Ring<PlacedUnit>()
    /// Of `unstored` in memory, and what they would be on disk.
    private(set) var unstoredBytes = 0
    private(set) var unstoredDiskBytes = 0
    /// Handed over for the next transaction.
    private(set) var staged: [PlacedUnit] = []
    /// Deliveries in memory whose rows are gone with a damaged file.
    private(set) var orphans: [QueuedDelivery] = []
    private(set) var unitBytes = 0
    private(set) var knownBytes = 0
    /// The last that was staged: names what a damaged file lost.
    private var newest: (stamp: Stamp, sourceTime: UnixMilliseconds)?

    /// What all of it counts against the limit on disk.
    var diskBytes: Int { unitBytes + knownBytes + unstoredDiskBytes }
    /// The first position that no row holds; `.max` if rows hold everything.
    var firstUnstored: UInt64 { unstored.first?.first ?? .max }
    /// Whether a transaction would store units.
    var needsWrite: Bool { !staged.isEmpty || !unstored.isEmpty }

    /// Takes over units, in order.
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

    /// Everything that no row holds is in rows now.
    mutating func committed(_ outcome: OutboxOutcome) {
        staged = []
        visible = ending
        stored = visible
        forgetUnstored()
        orphans = []
        boundary = outcome.boundary
        unitBytes = outcome.unitBytes
        knownBytes = outcome.knownBytes
    }

    /// What was staged goes on in memory.
    mutating func failed() {
        for placed in staged { keep(placed) }
        staged = []
        visible = ending
    }

    private mutating func keep(_ placed: PlacedUnit) {
        unstored.append(placed)
        unstoredBytes += placed.unit.memoryBytes
        unstoredDiskBytes += placed.unit.storedBytes
    }

    private mutating func drop() -> PlacedUnit? {
        guard let placed = unstored.popFirst() else { return nil }
        unstoredBytes -= placed.unit.memoryBytes
        unstoredDiskBytes -= placed.unit.storedBytes
        return placed
    }

    /// Lets go of unstored units that have left every output. They stand in order.
    mutating func forgetSettled(before settled: UInt64) {
        while let first = unstored.first, first.end <= settled { _ = drop() }
    }

    /// Lets go of the oldest unstored units until no more than so many bytes are left.
    /// - Parameter isHeld: whether an output has a unit in memory; such a unit stays.
    /// - Returns: those that went.
    mutating func shedUnstored(to bytes: Int, unless isHeld: (PlacedUnit) -> Bool) -> [PlacedUnit] {
        var shed: [PlacedUnit] = []
        var kept: [PlacedUnit] = []
        var keptBytes = 0
        while unstoredBytes + keptBytes > bytes, let placed = drop() {
            if isHeld(placed) {
                kept.append(placed)
                keptBytes += placed.unit.memoryBytes
            } else {
                shed.append(placed)
            }
        }
        for placed in kept.reversed() {
            unstored.prepend(placed)
            unstoredBytes += placed.unit.memoryBytes
            unstoredDiskBytes += placed.unit.storedBytes
        }
        return shed
    }

    mutating func forgetUnstored() {
        unstored = Ring()
        unstoredBytes = 0
        unstoredDiskBytes = 0
    }

    // MARK: Restart

    mutating func restore(_ saved: SavedOutbox) {
        precondition(ending == 1, "a queue is restored before it is used")
        visible = saved.ending
        ending = saved.ending
        stored = saved.ending
        boundary = saved.boundary
        unitBytes = saved.unitBytes
        knownBytes = saved.knownBytes
    }

    /// The file is gone: of what only it held, these are in memory.
    mutating func replaced(rescued: [QueuedDelivery]) {
        orphans = rescued
        boundary = stored
        unitBytes = 0
        knownBytes = 0
    }

    /// A loss whose topics nobody can read any more.
    func lossOfUnknown(_ records: UInt64) -> Loss {
        let nothing = Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0))
        let never = UnixMilliseconds(rawValue: 0)
        return Loss(
            .shed(.damaged), records: records, first: nothing, last: newest?.stamp ?? nothing, from: never,
            to: newest?.sourceTime ?? never, others: records)
    }
}
