internal import Collections
internal import DiodeProtocol

/// Which topics differ from their rows in the table on disk, and what those rows still count of topics that were forgotten.
///
/// ```text
/// change ─▶ note ─▶ first come, first written ─▶ next ─▶ a row is written, or removed if nothing is at its place any more
/// forget ─▶ noteForgotten ─────────────────────────┘     and the forgotten version leaves the table, in one commit
/// ```
///
/// Memory: 16 bytes for each topic that waits, a bit for each place.
struct UnwrittenSlots {
    private var waiting = Ring<(place: Int, block: BlockNumber)>()
    private var isWaiting = PlaceSet()
    /// Versions that were forgotten, by the place whose row still holds them.
    private var forgotten: [Int: UInt64] = [:]
    /// The sum of versions that were forgotten and are in rows all the same.
    private(set) var forgottenInRows: UInt64 = 0

    /// The block of the first change that waits; nil if none does. 0 is a change from before this epoch.
    var firstBlock: BlockNumber? { waiting.first?.block }

    /// Whether a change of this place waits to be written.
    func contains(_ place: Int) -> Bool { isWaiting.contains(place) }

    /// Notes that the topic at a place has changed, or the place has become free.
    /// - Parameter block: the one that the change is in.
    mutating func note(_ place: Int, in block: BlockNumber) {
        if isWaiting.insert(place) { waiting.append((place, block)) }
    }

    /// Notes that a row of the table, read at the start, has to be written or removed, whatever else is known of its place.
    mutating func noteRow(_ id: Int) { waiting.append((id, BlockNumber(rawValue: 0))) }

    /// Notes that a version was forgotten that is still in the row of a place.
    mutating func noteForgotten(_ version: UInt64, at place: Int) {
        forgotten[place, default: 0] += version
        forgottenInRows += version
    }

    /// Notes that there are no rows any more.
    mutating func noteTableGone() { (forgotten, forgottenInRows) = ([:], 0) }

    /// Moves out the place that waits longest.
    mutating func next() -> Int? {
        guard let place = waiting.popFirst()?.place else { return nil }
        isWaiting.remove(place)
        if let version = forgotten.removeValue(forKey: place) { forgottenInRows -= version }
        return place
    }
}
