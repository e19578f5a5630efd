internal import Collections
internal import Deliveries
internal import Outbox

/// Deliveries that were taken from the outbox and not yet handed on, in order.
struct HeldDeliveries {
    private var deliveries: [QueuedDelivery] = []
    /// Those before it are handed on.
    private var start = 0
    /// While an earlier connection's are resumed: those before it were looked at, and these have gone on.
    private var looked = 0
    private var resumed: Set<OutboxPosition> = []

    init(_ deliveries: [QueuedDelivery] = []) { self.deliveries = deliveries }

    /// The oldest that is not handed on.
    var next: QueuedDelivery? { start < deliveries.count ? deliveries[start] : nil }
    /// What comes behind that one.
    var behindNext: ArraySlice<QueuedDelivery> { deliveries.dropFirst(start + 1) }

    /// The next one is handed on.
    mutating func pass() { start += 1 }

    /// These come before what is not handed on.
    mutating func putFirst(_ others: [QueuedDelivery]) { self = HeldDeliveries(others + deliveries[start...]) }

    mutating func append(_ others: [QueuedDelivery]) { deliveries += others }

    // MARK: What an earlier connection has begun

    /// The oldest that was not looked at for what has to go on.
    var nextLook: QueuedDelivery? { looked < deliveries.count ? deliveries[looked] : nil }

    /// - Parameter isResumed: it has gone on.
    mutating func passLook(isResumed: Bool) {
        if isResumed, let queued = nextLook { resumed.insert(queued.position) }
        looked += 1
    }

    /// All has gone on that had to.
    /// - Returns: the others.
    func notResumed() -> [OutboxPosition] { deliveries.map(\.position).filter { !resumed.contains($0) } }
}

extension QueuedDelivery {
    /// Tells topics apart within this process.
    var topicHash: Int { delivery.topic.processHash }
}
