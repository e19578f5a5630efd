internal import Deliveries

/// A unit and the positions of its deliveries, `first ..< end`.
struct PlacedUnit: Sendable {
    let first: UInt64
    let unit: DeliveryUnit

    var end: UInt64 { first + UInt64(unit.deliveries.count) }

    /// Its deliveries from a position on.
    func deliveries(from position: UInt64) -> [QueuedDelivery] {
        let skipped = position > first ? Int(position - first) : 0
        guard skipped < unit.deliveries.count else { return [] }
        return (skipped..<unit.deliveries.count).map {
            QueuedDelivery(
                position: OutboxPosition(rawValue: first + UInt64($0)), delivery: unit.deliveries[$0])
        }
    }
}
