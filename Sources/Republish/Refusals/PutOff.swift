internal import Outbox

/// Records that the IT broker has put off ("later"): which are to be repeated, and which of them it will never take.
///
/// A record of which the broker says so again and again, while it takes others in between, fails alone: it is refused. One that all others
/// share the fate of waits for as long as the broker wishes.
struct PutOff: Sendable {
    private struct Tally {
        var strikes = 0
        /// How many deliveries the broker had taken when it said so last.
        var taken: UInt64
    }

    /// Strikes until a code that says nothing is taken for a no, and one that says "later".
    private static let (unclearLimit, laterLimit) = (5, 20)

    private var tallies: [OutboxPosition: Tally] = [:]
    /// To be repeated, in order.
    private(set) var positions: [OutboxPosition] = []

    var isEmpty: Bool { positions.isEmpty }

    /// The broker has put a record off.
    /// - Parameter taken: counts what it has taken in all.
    /// - Returns: whether the record is refused.
    mutating func note(_ position: OutboxPosition, _ meaning: RefusalMeaning, taken: UInt64) -> Bool {
        var tally = tallies[position] ?? Tally(taken: taken)
        if taken > tally.taken { tally.strikes += 1 }
        tally.taken = taken
        if tally.strikes >= (meaning == .later ? Self.laterLimit : Self.unclearLimit) {
            tallies[position] = nil
            return true
        }
        tallies[position] = tally
        positions.append(position)
        return false
    }

    /// Moves out what is to be repeated; what is not put off again is forgotten.
    mutating func take() -> [OutboxPosition] {
        let ready = positions.sorted()
        let waiting = Set(ready)
        tallies = tallies.filter { waiting.contains($0.key) }
        positions = []
        return ready
    }

    /// The connection is gone: the outbox offers all of it again, and evidence of two connections does not add up.
    mutating func lost(taken: UInt64) {
        positions = []
        for position in tallies.keys { tallies[position]?.taken = taken }
    }
}
