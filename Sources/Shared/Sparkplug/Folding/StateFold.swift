/// The sender's side: folds what the plant's edge nodes say into the births that would be true now.
///
/// ```text
/// NBIRTH, DBIRTH ──▶ table of metrics ◀── NDATA, DDATA
///                        │    NDEATH, DDEATH: empty
///                        ▼
///        changedStates, takeState(of: birth topic)
/// ```
///
/// Its memory is bounded by `SparkplugLimits`. Nothing from outside traps.
public struct StateFold: Sendable {
    /// What a message of the plant was.
    public enum Outcome: Sendable, Equatable {
        /// Not of a Sparkplug edge node.
        case foreign
        /// Taken into the state of its node or device. Minor faults are counted in the report.
        case folded
        /// Nothing of it could be taken.
        case refused(SparkplugFault)
    }

    /// A message to publish in the plant.
    public struct Request: Sendable, Equatable {
        public let topic: [UInt8]
        public let payload: [UInt8]
        /// Under which the answer will come.
        public let birthTopic: [UInt8]
    }

    /// At most so many nodes are asked for a rebirth in one call of `rebirthRequests`, and one call in a second asks at all: a
    /// plant that is asked by a sender that has just started must not have all its nodes answer at once.
    public static let requestsPerSecond = 10

    private let namespaces: [String]
    private let limits: SparkplugLimits
    private let firstRequest: Duration
    private var nodes: [EdgeNodeID: NodeFold] = [:]
    private var bytes = 0
    private var incomplete: Set<EdgeNodeID> = []
    private var faults = FaultCounts()
    private var lastRequests: Duration?

    /// - Parameters:
    ///   - namespaces: first levels of the topics that are Sparkplug's.
    ///   - firstRequest: how long a node must wait between two requests for a rebirth; doubled with each one that was
    ///     in vain, up to 10 minutes.
    public init(
        namespaces: [String] = [SparkplugTopic.namespaceB], limits: SparkplugLimits = SparkplugLimits(),
        firstRequest: Duration = .seconds(10)
    ) {
        self.namespaces = namespaces
        self.limits = limits
        self.firstRequest = firstRequest
    }

    /// Takes one message of the plant, in the broker's order.
    public mutating func fold(topic: RawSpan, payload: RawSpan, retain: Bool = false) -> Outcome {
        guard let place = EdgePlace(topic, namespaces: namespaces), !place.type.staysOnItsSide else { return .foreign }
        guard var node = nodes.removeValue(forKey: place.id) ?? newNode(place.id) else {
            faults.add(.overLimit)
            return .refused(.overLimit)
        }
        if retain { node.count(.retained) }
        let fault = node.fold(place.type, device: place.device, payload: payload, limits: limits(for: node))
        keep(node)
        return fault.map { .refused($0) } ?? .folded
    }

    /// Takes up a state that was stored before the sender's start. An empty payload says nothing.
    ///
    /// What the plant said meanwhile is unknown: the node is incomplete until its next birth.
    public mutating func restore(topic: RawSpan, payload: RawSpan) {
        guard payload.byteCount > 0, let place = EdgePlace(topic, namespaces: namespaces), place.type.isBirth,
            var node = nodes.removeValue(forKey: place.id) ?? newNode(place.id)
        else { return }
        node.restore(device: place.device, payload: payload, limits: limits(for: node))
        keep(node)
    }

    /// Birth topics whose state has changed since `takeState`; a node's before those of its devices.
    public var changedStates: [[UInt8]] {
        nodes.values.filter { !$0.changed.isEmpty }.flatMap { node in
            node.changed.sorted { ($0 ?? []).lexicographicallyPrecedes($1 ?? []) }.map(node.id.birthTopic)
        }
    }

    /// The folded birth that is true now; empty if node or device is dead. It counts as unchanged from now on.
    /// - Returns: nil if nothing is known of the topic.
    public mutating func takeState(of birthTopic: RawSpan) -> [UInt8]? {
        guard let place = EdgePlace(birthTopic, namespaces: namespaces), place.type.isBirth else { return nil }
        let wasChanged = nodes[place.id]?.changed.remove(place.device) != nil
        return nodes[place.id]?.state(of: place.device) ?? (wasChanged ? [] : nil)
    }

    /// Whether `rebirthRequests` may have something to say at all: cheap.
    public var hasIncomplete: Bool { !incomplete.isEmpty }

    /// The NCMD that ask the nodes whose state is incomplete for a birth, each node throttled. To be published with QoS 0,
    /// not retained.
    public mutating func rebirthRequests(now: Moment) -> [Request] {
        if let lastRequests, now.sinceStart < lastRequests + .seconds(1) { return [] }
        var requests: [Request] = []
        for id in incomplete where requests.count < Self.requestsPerSecond {
            guard nodes[id]?.throttle.asks(now: now.sinceStart) ?? false else { continue }
            requests.append(
                Request(
                    topic: id.topic(.nodeCommand), payload: BirthComposer.rebirthRequest(time: now.unixMilliseconds),
                    birthTopic: id.birthTopic(of: nil)))
        }
        if !requests.isEmpty { lastRequests = now.sinceStart }
        return requests
    }

    /// What is known, and what is wrong with it.
    public var report: SparkplugReport {
        var report = SparkplugReport()
        report.nodes = nodes.count
        report.bytes = bytes
        report.incomplete = incomplete.count
        var all = faults
        for node in nodes.values {
            report.born += node.table == nil ? 0 : 1
            report.devices += node.devices.count
            report.metrics += node.metrics
            all.add(node.faults)
            report.note(node.id, isIncomplete: node.isIncomplete, faults: node.faults)
        }
        report.faults = all.byKind
        return report
    }

    /// A node that was not known; a dead one makes room for it.
    private mutating func newNode(_ id: EdgeNodeID) -> NodeFold? {
        if nodes.count >= limits.nodes {
            guard let dead = nodes.values.first(where: \.isForgettable) else { return nil }
            faults.add(dead.faults)
            nodes[dead.id] = nil
            incomplete.remove(dead.id)
        }
        return NodeFold(id, throttle: RequestThrottle(first: firstRequest))
    }

    /// The limits with what other nodes leave of the bytes; this one is not counted.
    private mutating func limits(for node: NodeFold) -> SparkplugLimits {
        bytes -= node.bytes
        var left = limits
        left.bytes = max(0, limits.bytes - bytes)
        return left
    }

    private mutating func keep(_ node: NodeFold) {
        bytes += node.bytes
        if node.isIncomplete { incomplete.insert(node.id) } else { incomplete.remove(node.id) }
        nodes[node.id] = node
    }
}
