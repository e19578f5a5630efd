internal import Collections

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
    private var places: NodePlaces
    private var bytes = 0
    private var faults = FaultCounts()
    private var lastRequests: Duration?
    // What is true of which nodes, so that none has to be looked for.
    private var incomplete: Set<EdgeNodeID> = []
    private var asked: Set<EdgeNodeID> = []
    private var urgent: Set<EdgeNodeID> = []
    private var forgettable: Set<EdgeNodeID> = []
    private var limited: Set<EdgeNodeID> = []
    /// Nodes that have no place; the first `listedLimits` of them. They are asked for a birth once they have one (`admitTurnedAway`).
    private var turnedAway: Set<EdgeNodeID> = []
    /// Birth topics of which something is beyond a limit, and that nobody was told of yet.
    private var untoldLimits: [[UInt8]] = []

    private static let listedLimits = 1_000

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
        places = NodePlaces(limit: limits.nodes)
    }

    /// Takes one message of the plant, in the broker's order.
    public mutating func fold(topic: RawSpan, payload: RawSpan, retain: Bool = false) -> Outcome {
        guard let place = EdgePlace(topic, namespaces: namespaces), !place.type.staysOnItsSide else { return .foreign }
        guard payload.byteCount > 0 else {
            count(.cleared, of: place.id)
            return .refused(.cleared)
        }
        guard var node = nodes.removeValue(forKey: place.id) ?? newNode(place.id) else {
            faults.add(.overLimit)
            turnAway(place)
            return .refused(.overLimit)
        }
        if retain { node.count(.retained) }
        let fault = node.fold(
            place.type, device: place.device, payload: [UInt8](copying: payload), limits: limits(for: node))
        keep(node)
        return fault.map { .refused($0) } ?? .folded
    }

    /// A node found no place: told until it dies, or has one.
    private mutating func turnAway(_ place: EdgePlace) {
        guard place.type != .nodeDeath else {
            turnedAway.remove(place.id)
            return
        }
        if turnedAway.count < Self.listedLimits, turnedAway.insert(place.id).inserted {
            noteLimit(place.id.birthTopic(of: nil))
        }
    }

    private mutating func count(_ fault: SparkplugFault, of id: EdgeNodeID) {
        if nodes[id] == nil { faults.add(fault) } else { nodes[id]?.count(fault) }
    }

    private mutating func noteLimit(_ birthTopic: [UInt8]) {
        if untoldLimits.count < Self.listedLimits { untoldLimits.append(birthTopic) }
    }

    /// Moves out the birth topics of which something is beyond a limit since this was last called; each is said once while that lasts.
    public mutating func takeUntoldLimits() -> [[UInt8]] {
        defer { untoldLimits = [] }
        return untoldLimits
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
        nodes.values.filter { !$0.changed.isEmpty }.flatMap(Self.changedStates)
    }

    private static func changedStates(of node: NodeFold) -> [[UInt8]] {
        node.changed.sorted { ($0 ?? []).lexicographicallyPrecedes($1 ?? []) }
            .map { node.id.birthTopic(of: $0) }
    }

    /// Whether some node was asked and has not been heard since: cheap.
    public var hasAsked: Bool { !asked.isEmpty }
    /// Whether some state must be told without delay: cheap.
    public var hasUrgent: Bool { !urgent.isEmpty }

    /// Birth topics whose state has to be told without delay; a node's before those of its devices.
    public var urgentStates: [[UInt8]] { urgent.flatMap { id in nodes[id].map(Self.changedStates) ?? [] } }

    /// Whether the state of a birth topic has changed since `takeState`.
    public func isChanged(_ birthTopic: RawSpan) -> Bool {
        guard let place = EdgePlace(birthTopic, namespaces: namespaces), place.type.isBirth else { return false }
        return nodes[place.id]?.changed.contains(place.device) ?? false
    }

    /// The folded birth that is true now; empty if node or device is dead. It counts as unchanged from now on.
    /// - Returns: nil if nothing is known of the topic.
    public mutating func takeState(of birthTopic: RawSpan) -> [UInt8]? {
        guard let place = EdgePlace(birthTopic, namespaces: namespaces), place.type.isBirth else { return nil }
        guard var node = nodes.removeValue(forKey: place.id) else { return nil }
        bytes -= node.bytes
        let wasChanged = node.changed.remove(place.device) != nil
        if node.changed.isEmpty { node.isUrgent = false }
        let state = node.state(of: place.device) ?? (wasChanged ? [] : nil)
        keep(node)
        return state
    }

    /// Whether `rebirthRequests` may have something to say at all: cheap.
    public var hasIncomplete: Bool { !incomplete.isEmpty || !turnedAway.isEmpty }

    /// The NCMD that ask the nodes whose state is incomplete for a birth, each node throttled. To be published with QoS 0,
    /// not retained.
    public mutating func rebirthRequests(now: Moment) -> [Request] {
        if let lastRequests, now.sinceStart < lastRequests + .seconds(1) { return [] }
        admitTurnedAway()
        var requests: [Request] = []
        for id in incomplete where requests.count < Self.requestsPerSecond {
            guard nodes[id]?.throttle.asks(now: now.sinceStart) ?? false else { continue }
            change(id) { $0.asked(now: now.sinceStart) }
            requests.append(
                Request(
                    topic: id.topic(.nodeCommand), payload: BirthComposer.rebirthRequest(time: now.unixMilliseconds),
                    birthTopic: id.birthTopic(of: nil)))
        }
        if !requests.isEmpty { lastRequests = now.sinceStart }
        return requests
    }

    /// Nodes that found no place take those that are free by now, and are asked like all whose state is not sure: one that says nothing until
    /// something changes would stay unborn.
    private mutating func admitTurnedAway() {
        guard !turnedAway.isEmpty else { return }
        for id in forgettable where nodes[id]?.isUnborn == false { forget(id) }
        for id in turnedAway where places.admits(id) {
            guard var node = newNode(id) else { continue }
            node.awaitBirth()
            keep(node)
        }
    }

    // MARK: Whether nodes live

    /// Something may have been missed, the deaths of nodes among it: each is asked, and counts as dead if it is not heard then
    /// (`presumeSilentDead`).
    public mutating func doubtAll() {
        let throttle = RequestThrottle(first: firstRequest)
        for id in Array(nodes.keys) { change(id) { $0.doubt(throttle: throttle) } }
    }

    /// Counts every node as dead until it is heard again: nobody can hear them.
    /// - Returns: those that lived.
    public mutating func presumeAllDead() -> [EdgeNodeID] {
        turnedAway = []
        return presumeDead(Array(nodes.keys))
    }

    /// Counts nodes as dead that were asked so long ago and were not heard since.
    /// - Returns: those that lived.
    public mutating func presumeSilentDead(for time: Duration, now: Moment) -> [EdgeNodeID] {
        let silent = asked.filter { nodes[$0]?.life.isSilent(for: time, now: now.sinceStart) ?? false }
        return presumeDead(silent)
    }

    private mutating func presumeDead(_ ids: some Sequence<EdgeNodeID>) -> [EdgeNodeID] {
        ids.filter { id in
            var has = false
            change(id) { has = $0.presumeDead() }
            return has
        }
    }

    private mutating func change(_ id: EdgeNodeID, _ body: (inout NodeFold) -> Void) {
        guard var node = nodes.removeValue(forKey: id) else { return }
        bytes -= node.bytes
        body(&node)
        keep(node)
    }

    /// Nodes that are asked again and again, and whose state is not sure for long: they do not answer, or two of them have one name.
    public func askedInVain(now: Moment) -> [EdgeNodeID] {
        incomplete.filter { nodes[$0]?.throttle.isInVain(now: now.sinceStart) ?? false }
    }

    // MARK: Report

    /// What is known, and what is wrong with it.
    public var report: SparkplugReport {
        var report = SparkplugReport()
        report.nodes = nodes.count
        report.bytes = bytes
        report.incomplete = incomplete.count
        report.limited = limited.count + turnedAway.count
        var all = faults
        for node in nodes.values {
            report.born += node.isAlive ? 1 : 0
            report.devices += node.devices.count
            report.metrics += node.metrics
            all.add(node.faults)
            report.note(
                node.id, isIncomplete: node.isIncomplete, isLimited: !node.limited.isEmpty, faults: node.faults)
        }
        for id in turnedAway { report.note(id, isIncomplete: true, isLimited: true, faults: FaultCounts()) }
        report.faults = all.byKind
        return report
    }

    /// A node that was not known; dead ones make room for it.
    private mutating func newNode(_ id: EdgeNodeID) -> NodeFold? {
        if !places.admits(id) {
            for dead in forgettable { forget(dead) }
            guard places.admits(id) else { return nil }
        }
        places.insert(id)
        turnedAway.remove(id)
        return NodeFold(id, throttle: RequestThrottle(first: firstRequest))
    }

    private mutating func forget(_ id: EdgeNodeID) {
        guard let node = nodes.removeValue(forKey: id) else { return }
        // Nobody knows whether it lives: it waits for another place.
        if node.isUnborn, turnedAway.count < Self.listedLimits { turnedAway.insert(id) }
        faults.add(node.faults)
        bytes -= node.bytes
        places.remove(id)
        incomplete.remove(id)
        asked.remove(id)
        urgent.remove(id)
        forgettable.remove(id)
        limited.remove(id)
    }

    /// The limits with what other nodes leave of the bytes; this one is not counted.
    private mutating func limits(for node: NodeFold) -> SparkplugLimits {
        bytes -= node.bytes
        var left = limits
        left.bytes = max(0, limits.bytes - bytes)
        return left
    }

    private mutating func keep(_ node: NodeFold) {
        var node = node
        for device in node.takeUntoldLimits() { noteLimit(node.id.birthTopic(of: device)) }
        bytes += node.bytes
        let marks = node.marks
        if marks != node.keptMarks {
            Self.set(&incomplete, node.id, marks.contains(.incomplete))
            Self.set(&asked, node.id, marks.contains(.asked))
            Self.set(&urgent, node.id, marks.contains(.urgent))
            Self.set(&forgettable, node.id, marks.contains(.forgettable))
            Self.set(&limited, node.id, marks.contains(.limited))
            node.keptMarks = marks
        }
        nodes[node.id] = node
    }

    private static func set(_ ids: inout Set<EdgeNodeID>, _ id: EdgeNodeID, _ holds: Bool) {
        if holds { ids.insert(id) } else { ids.remove(id) }
    }
}
