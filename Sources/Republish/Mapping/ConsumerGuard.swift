internal import Collections
internal import Deliveries
internal import DiodeProtocol
internal import MQTT
internal import MQTTProtocol
internal import Outbox
internal import Time

/// Keeps the live values of each topic apart for consumers that cannot follow the plant (ADR 0017): within the interval
/// the last value wins.
///
/// ```text
/// delivery ─▶ no rate, a repair, late and superseded ─▶ goes
///          ─▶ its topic's interval is over ───────────▶ goes
///          ─▶ within it ─▶ waits, unsettled; what waited in its place is answered: shed, too_fast
///          ─▶ a deletion ─▶ goes at once, behind an event that waits; a retained value that waits is answered
/// ```
///
/// What waits is in the outbox still, so it comes again after a loss of the connection or of this process. It fills the publisher's window:
/// when that is full, all that waits goes early.
struct ConsumerGuard: Sendable {
    enum Ruling {
        case goes
        /// It waits, or went to those that are due; this one never will be published.
        case taken(superseded: OutboxPosition?)
    }

    private let interval: Duration?
    private var pacer = TopicPacer<QueuedDelivery>()
    private var due: [QueuedDelivery] = []
    /// Let go last. It goes when it is asked for again, because it had to wait for something else.
    private var admitted: OutboxPosition?

    init(interval: Duration?) { self.interval = interval }

    /// Rules on a delivery, once nothing is due any more.
    mutating func rule(_ queued: QueuedDelivery, now: MonotonicInstant) -> Ruling {
        let delivery = queued.delivery
        guard let interval, !delivery.isRefresh, delivery.lateness != .superseded else { return .goes }
        precondition(due.isEmpty, "what is due goes first")
        if admitted == queued.position { return .goes }
        let topic = [UInt8](copying: delivery.topic)
        if delivery.retain, delivery.payload.byteCount == 0 {
            let superseded = pacer.withdraw(topic, retain: true)
            return afterWaiting(queued, of: topic, superseded: superseded)
        }
        if pacer.admits(topic, each: interval, now: Self.time(now)) {
            admitted = queued.position
            return .goes
        }
        switch pacer.hold(queued, of: topic, retain: delivery.retain, bytes: delivery.cost) {
        case .waits(let superseded): return .taken(superseded: superseded?.position)
        case .noRoom:
            let superseded = pacer.withdraw(topic, retain: delivery.retain)
            return afterWaiting(queued, of: topic, superseded: superseded)
        }
    }

    /// The next that has waited long enough; it stays until `published`.
    mutating func nextDue(_ now: MonotonicInstant) -> QueuedDelivery? {
        if due.isEmpty { letGo(now) }
        return due.first
    }

    /// What is due behind that one.
    var behindDue: ArraySlice<QueuedDelivery> { due.dropFirst() }

    /// The first that was due has been dealt with.
    mutating func published() { due.removeFirst() }

    /// The window is full, or the publisher ends: all that waits goes now.
    /// - Returns: whether anything did.
    mutating func letAllGo() -> Bool {
        for (_, values) in pacer.releaseAll() { due += values }
        return !due.isEmpty
    }

    /// The connection is gone: the outbox offers all of it again.
    mutating func reset() {
        _ = pacer.releaseAll()
        (due, admitted) = ([], nil)
    }

    /// When `nextDue` has something to say.
    var deadline: MonotonicInstant? {
        pacer.deadline.map { MonotonicInstant(nanoseconds: UInt64(clamping: $0.attoseconds / 1_000_000_000)) }
    }

    private mutating func letGo(_ now: MonotonicInstant) {
        while let (_, values) = pacer.nextDue(Self.time(now)) { due += values }
    }

    private mutating func afterWaiting(
        _ queued: QueuedDelivery, of topic: [UInt8], superseded: QueuedDelivery?
    ) -> Ruling {
        let before = pacer.release(topic)
        guard !before.isEmpty || superseded != nil else { return .goes }
        due += before
        due.append(queued)
        return .taken(superseded: superseded?.position)
    }

    private static func time(_ now: MonotonicInstant) -> Duration { .nanoseconds(Int64(clamping: now.nanoseconds)) }
}
