public import Account
internal import Deliveries

/// How many deliveries of one output went which way, over restarts. At every instant
/// `appended = waiting + taken + published + folded + Σ dead + Σ shed`, all of them without refreshes.
public struct OutboxTotals: Sendable, Equatable {
    public internal(set) var appended: UInt64 = 0
    /// What came before there was this output: it was never offered that, and stands in none of the other numbers.
    public internal(set) var before: UInt64 = 0
    public internal(set) var published: UInt64 = 0
    public internal(set) var folded: UInt64 = 0
    public internal(set) var dead: [DeadLetterReason: UInt64] = [:]
    public internal(set) var shed: [ShedReason: UInt64] = [:]
    /// Deliveries that were offered a second time although the first may have reached the IT broker: no more duplicates than
    /// these come from the receiver. Exact for a broker that was lost, an upper bound for a receiver that was killed. What turns out to be no
    /// repetition, since its session goes on at the broker, is taken off.
    /// Stands outside of the balance.
    public internal(set) var repeatedInDoubt: UInt64 = 0
    /// Deliveries that repair what the IT broker retains: how many came, were published, and left in any other way. They are in none
    /// of the numbers above.
    public internal(set) var refreshes: UInt64 = 0
    public internal(set) var refreshed: UInt64 = 0
    public internal(set) var unrefreshed: UInt64 = 0

    public init() {}

    /// Deliveries that never will be published.
    public var deadSum: UInt64 { dead.values.reduce(0) { $0.plus($1) } }
    /// Deliveries that were left out.
    public var shedSum: UInt64 { shed.values.reduce(0) { $0.plus($1) } }
    /// Deliveries that have left the queue.
    public var left: UInt64 { published.plus(folded).plus(deadSum).plus(shedSum) }

    /// Refreshes that wait or are taken.
    public var refreshesLeft: UInt64 { refreshes.minus(refreshed).minus(unrefreshed) }

    mutating func count(_ disposition: Disposition, of delivery: Delivery) {
        switch (delivery.isRefresh, disposition) {
        case (false, _): count(disposition)
        case (true, .published): refreshed += 1
        case (true, _): unrefreshed += 1
        }
    }

    /// What was counted as in doubt is no repetition.
    mutating func noteSure() { repeatedInDoubt = repeatedInDoubt.minus(1) }

    /// Counts deliveries that came.
    mutating func countAppended(_ units: [PlacedUnit]) {
        for placed in units {
            for delivery in placed.unit.deliveries {
                if delivery.isRefresh { refreshes += 1 } else { appended += 1 }
            }
        }
    }

    mutating func count(_ disposition: Disposition, _ records: UInt64 = 1) {
        switch disposition {
        case .published: published += records
        case .folded: folded += records
        case .dead(let reason): dead[reason, default: 0] += records
        case .shed(let reason): shed[reason, default: 0] += records
        }
    }

    /// Words and numbers for the database; every number that is not zero, and the one that may become zero again.
    var named: [(name: String, records: UInt64)] {
        var named = [
            ("appended", appended), ("repeated", repeatedInDoubt), (Disposition.published.storedWord, published),
            (Disposition.folded.storedWord, folded), ("refreshes", refreshes), ("refreshed", refreshed),
            ("unrefreshed", unrefreshed), ("before", before),
        ]
        for (reason, records) in dead { named.append((Disposition.dead(reason).storedWord, records)) }
        for (reason, records) in shed { named.append((Disposition.shed(reason).storedWord, records)) }
        return named.filter { $0.1 > 0 || $0.0 == "repeated" }
    }

    /// Takes a number back from the database.
    /// - Returns: false for a word that is none of `named`.
    mutating func restore(_ name: String, _ records: UInt64) -> Bool {
        switch name {
        case "appended": appended = records
        case "repeated": repeatedInDoubt = records
        case "refreshes": refreshes = records
        case "refreshed": refreshed = records
        case "unrefreshed": unrefreshed = records
        case "before": before = records
        default:
            guard let disposition = Disposition(storedWord: name) else { return false }
            count(disposition, records)
        }
        return true
    }
}
