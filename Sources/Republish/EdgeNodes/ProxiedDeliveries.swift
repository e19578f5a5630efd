internal import Deliveries
internal import Outbox
internal import Sparkplug

/// Deliveries that the proxy has and the outbox has no answer of, by the position that is their token there.
///
/// ```text
///  take ─▶ waits ─┬▶ in flight over a node's connection ──────────▶ settled: `published`
///           ▲     ├▶ rides: its content is in what is in flight ──▶ that is settled: `folded`
///           │     └▶ answered
///           └──── the connection is lost ◀── in flight, rides
/// ```
///
/// Bounded by the publisher's reach.
struct ProxiedDeliveries {
    private enum Way {
        case waits
        case inFlight(EdgeNodeID)
        /// With the last message that this connection was given.
        case rides(EdgeNodeID)
    }

    private struct Held {
        let queued: QueuedDelivery
        var way = Way.waits

        /// The node over whose connection it goes.
        var node: EdgeNodeID? {
            switch way {
            case .waits: nil
            case .inFlight(let id), .rides(let id): id
            }
        }
    }

    private var held: [UInt64: Held] = [:]
    /// Those that do not wait, by the node over whose connection they go.
    private var going: [EdgeNodeID: Set<UInt64>] = [:]
    /// The newest message of each node's connection that is not settled, by token.
    private var newest: [EdgeNodeID: UInt64] = [:]
    /// What rides with a message, by the node over whose connection it went and the message's token.
    private var riders: [EdgeNodeID: [UInt64: [UInt64]]] = [:]
    /// What waits: deliveries, and what they cost.
    private(set) var waiting = 0
    private(set) var waitingBytes = 0

    subscript(token: UInt64) -> QueuedDelivery? { held[token]?.queued }

    mutating func take(_ queued: QueuedDelivery) {
        forget(queued.position.rawValue)
        held[queued.position.rawValue] = Held(queued: queued)
        count(queued, 1)
    }

    /// A node's connection has a message; its token is that of a delivery, or one of our own.
    mutating func noteSent(_ token: UInt64, over id: EdgeNodeID) {
        newest[id] = token
        move(token, to: .inFlight(id))
    }

    /// Hosts have what a delivery says once the node's connection has settled what it was given.
    /// - Returns: false if that is so already.
    mutating func ride(_ token: UInt64, with id: EdgeNodeID) -> Bool {
        guard let message = newest[id], held[token] != nil else { return false }
        move(token, to: .rides(id))
        riders[id, default: [:]][message, default: []].append(token)
        return true
    }

    /// The IT broker has said what became of a message.
    /// - Returns: what rode with it.
    mutating func settled(_ token: UInt64, over id: EdgeNodeID) -> [UInt64] {
        if newest[id] == token { newest[id] = nil }
        forget(token)
        let gone = riders[id]?.removeValue(forKey: token) ?? []
        if riders[id]?.isEmpty ?? false { riders[id] = nil }
        for rider in gone { forget(rider) }
        return gone
    }

    mutating func forget(_ token: UInt64) {
        guard let former = held.removeValue(forKey: token) else { return }
        leave(token, former)
    }

    /// The publisher's connection was lost: every delivery of which the outbox has no answer comes again.
    mutating func reset() {
        held = [:]
        going = [:]
        riders = [:]
        (waiting, waitingBytes) = (0, 0)
    }

    /// Moves out what a connection that is lost had not settled, in order. It waits again.
    mutating func takeUnsettled(of id: EdgeNodeID) -> [QueuedDelivery] {
        newest[id] = nil
        riders[id] = nil
        let tokens = going[id, default: []].sorted()
        for token in tokens { move(token, to: .waits) }
        return tokens.compactMap { held[$0]?.queued }
    }

    private mutating func move(_ token: UInt64, to way: Way) {
        guard var moved = held[token] else { return }
        leave(token, moved)
        moved.way = way
        held[token] = moved
        if let id = moved.node { going[id, default: []].insert(token) } else { count(moved.queued, 1) }
    }

    private mutating func leave(_ token: UInt64, _ former: Held) {
        guard let id = former.node else { return count(former.queued, -1) }
        going[id]?.remove(token)
        if going[id]?.isEmpty ?? false { going[id] = nil }
    }

    private mutating func count(_ queued: QueuedDelivery, _ sign: Int) {
        waiting += sign
        waitingBytes += sign * queued.delivery.cost
    }
}
