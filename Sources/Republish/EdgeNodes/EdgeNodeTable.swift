internal import MQTT
internal import Sparkplug
internal import Time

/// The edge nodes that the proxy has named, each with its connection: which of them is dialled next, and which gives way.
///
/// Where the IT broker has few places, the publisher's connection comes before those of edge nodes: a node without one does not dial while the
/// publisher has none, and one that stands gives its place up if the publisher gets none beside it.
struct EdgeNodeTable {
    private var nodes: [EdgeNodeID: EdgeNodeConnection] = [:]
    private var dials: DialBudget

    init(now: MonotonicInstant) { dials = DialBudget(now: now) }

    subscript(id: EdgeNodeID) -> EdgeNodeConnection? {
        get { nodes[id] }
        _modify { yield &nodes[id] }
    }

    subscript(id: EdgeNodeID, default new: @autoclosure () -> EdgeNodeConnection) -> EdgeNodeConnection {
        get { nodes[id] ?? new() }
        _modify { yield &nodes[id, default: new()] }
    }

    var hasConnections: Bool { nodes.values.contains { $0.connection != nil } }

    /// When the next node may be dialled.
    var deadline: MonotonicInstant? {
        nodes.values.compactMap { node in node.dialAt.map { max($0, dials.readyAt(isNew: !node.isKnown)) } }.min()
    }

    /// Takes the nodes that are dialled now.
    mutating func takeDue(now: MonotonicInstant) -> [EdgeNodeID] {
        let due = nodes.compactMap { id, node in node.dialAt.map { $0 <= now } ?? false ? id : nil }
        return DialBudget.inTurn(due).filter { dials.take(isNew: nodes[$0]?.isKnown != true, now: now) }
    }

    /// Nodes that are wanted and get no connection, in the order of their names, and what one of them was told.
    func unconnected(now: MonotonicInstant) -> (nodes: [String], reason: String) {
        let found = nodes.filter { $0.value.isUnconnected(now: now) }.map { ($0.key.description, $0.value.failure) }
        let sorted = found.sorted { $0.0 < $1.0 }
        return (sorted.map(\.0), sorted.first?.1 ?? "")
    }

    /// Ends connections: those that do not stand, or all. Each reports its end.
    func end(all: Bool) {
        for node in nodes.values where all || !node.stands { node.stop() }
    }

    /// The node that was connected last gives its place up, and rests.
    /// - Returns: nil if none has one.
    mutating func giveWay(_ reason: String, rest: Duration) -> EdgeNodeID? {
        let youngest = nodes.filter { $0.value.stands }.max { $0.value.isOlder(than: $1.value) }
        guard let id = youngest?.key else { return nil }
        nodes[id]?.isRefused(reason, rest: rest)
        return id
    }
}
