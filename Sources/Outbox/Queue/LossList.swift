internal import Account
internal import Deliveries
internal import DiodeProtocol
internal import Time

/// Losses that the database does not name yet, one for each cause.
struct LossList: Sendable {
    private var losses: [LossCause: Loss] = [:]
    /// Refreshes that left with them: no loss of records, so they are only counted.
    private var refreshes: UInt64 = 0

    var isEmpty: Bool { losses.isEmpty }
    /// In a fixed order.
    var all: [Loss] {
        losses.values.sorted { ($0.cause.disposition?.storedWord ?? "") < ($1.cause.disposition?.storedWord ?? "") }
    }

    mutating func note(_ cause: LossCause, topic: RawSpan, stamp: Stamp, time: UnixMilliseconds) {
        losses[cause, default: Loss(cause, stamp: stamp, time: time)].note(topic, stamp: stamp, time: time)
    }

    mutating func noteRefresh() { refreshes += 1 }

    mutating func note(_ cause: LossCause, _ delivery: Delivery) {
        guard !delivery.isRefresh else { return noteRefresh() }
        note(cause, topic: delivery.topic, stamp: delivery.stamp, time: delivery.sourceTime)
    }

    mutating func add(_ loss: Loss) {
        if losses[loss.cause] == nil { losses[loss.cause] = loss } else { losses[loss.cause]?.merge(loss) }
    }

    mutating func add(_ other: LossList) {
        for loss in other.losses.values { add(loss) }
    }

    /// How many records were lost, by cause.
    func count(in totals: inout OutboxTotals) {
        for loss in losses.values {
            guard let disposition = loss.cause.disposition else {
                preconditionFailure("an outbox loses what was released")
            }
            totals.count(disposition, loss.records)
        }
        totals.unrefreshed += refreshes
    }
}
