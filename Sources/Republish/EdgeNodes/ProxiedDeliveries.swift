internal import Deliveries
internal import Outbox
internal import Sparkplug

/// Deliveries that the proxy has, by the position that is their token there.
///
/// ```text
///  take ─▶ fed ─ the proxy's actions are carried out ─┬▶ in flight over a node's connection ─▶ settled: forgotten
///           ▲                                         ├▶ answered: forgotten
///           │                                         └▶ it waits for a birth: answered `folded`, kept by itself
///           └──── the connection is lost ◀── in flight
/// ```
///
/// Bounded by the publisher's window, and by the proxy's limit of what waits for births.
struct ProxiedDeliveries {
    private var deliveries: [UInt64: QueuedDelivery] = [:]
    /// Handed to a node's connection and not settled.
    private var inFlight: [UInt64: EdgeNodeID] = [:]
    /// Handed to the proxy since its actions were last carried out.
    private var fed: [UInt64] = []
    /// Those that wait for a birth. The outbox has its answer: nothing behind them may be held up.
    private var waiting: Set<UInt64> = []

    subscript(token: UInt64) -> QueuedDelivery? { deliveries[token] }

    mutating func take(_ queued: QueuedDelivery) { deliveries[queued.position.rawValue] = queued }

    /// The proxy was given it.
    mutating func noteFed(_ token: UInt64) { fed.append(token) }

    /// A connection has it.
    mutating func noteSent(_ token: UInt64, over id: EdgeNodeID) {
        inFlight[token] = id
        waiting.remove(token)
    }

    mutating func forget(_ token: UInt64) {
        deliveries[token] = nil
        inFlight[token] = nil
        waiting.remove(token)
    }

    /// The publisher's connection was lost: every delivery of which the outbox has no answer comes again.
    mutating func reset() {
        deliveries = deliveries.filter { waiting.contains($0.key) }
        inFlight = [:]
    }

    /// Moves out what was in flight over a connection that is lost, in order.
    mutating func takeUnsettled(of id: EdgeNodeID) -> [QueuedDelivery] {
        let tokens = inFlight.filter { $0.value == id }.keys.sorted()
        for token in tokens { inFlight[token] = nil }
        return tokens.compactMap { deliveries[$0] }
    }

    /// Moves out the tokens that the proxy was given, and that no action has spoken of: they wait for a birth.
    mutating func takeWaiting() -> [UInt64] {
        var tokens: [UInt64] = []
        for token in fed where inFlight[token] == nil {
            guard let queued = deliveries[token] else { continue }
            // By itself: the content of a whole block is not kept for it.
            deliveries[token] = queued.detached
            waiting.insert(token)
            tokens.append(token)
        }
        fed.removeAll(keepingCapacity: true)
        return tokens
    }
}
