internal import Collections
internal import DiodeProtocol
internal import Sparkplug
internal import Time

/// Says what becomes of a message before it has a number: it stays, it waits, or it is to be a record.
///
/// ```text
/// topic ─▶ rule ─▶ size ─▶ an edge node's? ─▶ fetched and known? ─▶ deadband ─▶ in its interval? ─▶ a record
///           └───────┴─ stays   └─ a record       └─ known            └─ stays     └─ waits
/// ```
///
/// The gate holds the policy and counts what it refuses. The slots tell it what was sent last; the values that wait are kept by
/// ``WaitingValues``. A judgement may release values of the same topic that have to become records before the message does.
struct PolicyGate {
    /// How a message came.
    struct Arrival {
        /// The packet identifier that it came under; 0 at QoS 0 and in a fetch.
        let packet: UInt16
        /// The message is acknowledged to the broker, so that it must not wait in memory alone.
        let isStored: Bool
        /// The newest stamp when the fetch began that brought the message; nil if the main session brought it.
        let began: Stamp?
        let now: MonotonicInstant
        let time: UnixMilliseconds
    }

    /// What becomes of a message.
    enum Verdict {
        /// It is to be a record, at this place if its topic is held, and under this name if its rule gives it another one. What was
        /// released goes first.
        case record(NamespaceSlots.TopicID?, renamed: [UInt8]?)
        /// It is a birth, death or data of an edge node: to be folded, and to be a record.
        case recordOfEdgeNode(NamespaceSlots.TopicID?)
        case waits
        case stays(ExportPolicy.Refusal)
        /// A fetched value that says nothing new.
        case known
    }

    private(set) var policy: ExportPolicy
    /// Counts the policies of this lifetime: what a slot remembers of one does not hold for the next.
    private var generation = 1
    /// First levels of the topics of edge nodes.
    private let edgeNamespaces: [String]
    /// Messages that stay, by ``ExportPolicy/Refusal``.
    private(set) var refused = [UInt64](repeating: 0, count: ExportPolicy.Refusal.allCases.count)

    init(_ policy: ExportPolicy, edgeNamespaces: [String]) {
        self.policy = policy
        self.edgeNamespaces = edgeNamespaces
    }

    /// Changes what may cross, from the next message on.
    mutating func replacePolicy(_ policy: ExportPolicy) {
        self.policy = policy
        generation += 1
    }

    /// - Parameters:
    ///   - publication: its topic is that of the plant.
    ///   - block: the one that holds the newest record.
    mutating func judge(
        _ publication: borrowing SenderCore.Publication, _ arrival: Arrival, _ slots: inout NamespaceSlots,
        _ waiting: inout WaitingValues, behind block: BlockNumber
    ) -> Verdict {
        // Under a name that another topic may have on the link, nothing is remembered.
        var id = policy.movesTopics ? nil : slots.find(publication.topic)
        let passage: ExportPolicy.Passage
        if let id, let admitted = slots.passage(id, by: generation) {
            passage = admitted
        } else {
            switch policy.ruling(on: publication.topic) {
            case .stays(let refusal): return refuse(refusal)
            case .crosses(let ruled): passage = ruled
            }
            if let id { slots.admit(id, as: passage, by: generation) }
        }
        var name: [UInt8]?
        if policy.movesTopics {
            let prefix = policy.prefix(of: passage)
            if !prefix.isEmpty { name = publication.topic.withUnsafeBytes { prefix + $0 } }
            id = if let name { slots.find(name.span.bytes) } else { slots.find(publication.topic) }
        }
        if let most = policy.rules[passage.rule].maximumPayloadBytes, publication.payload.byteCount > most {
            // The broker retains a value, if not this one: it was not deleted.
            if arrival.began != nil, let id { slots.see(id) }
            return refuse(.tooLarge)
        }
        if passage.isSparkplug, isOfEdgeNode(publication.topic) {
            // What a broker retains of edge nodes against the specification says nothing of them now.
            return arrival.began == nil ? .recordOfEdgeNode(id) : .known
        }
        let content = NamespaceSlots.Content(publication)
        if let began = arrival.began, let id {
            slots.see(id)
            if !slots.isNews(content, for: id, since: began, at: arrival.time) { return .known }
        }
        if passage.isSparkplug || policy.rules[passage.rule].isPlain { return .record(id, renamed: name) }
        let rule = policy.rules[passage.rule]
        return apply(rule, to: content, at: id, of: publication.topic, arrival, &slots, &waiting, behind: block)
            ?? .record(id, renamed: name)
    }

    /// What becomes of a message whose content could not be taken: it stays, or it is to be numbered and named.
    ///
    /// Of a malformed message without any topic nobody can say that it would have stayed.
    mutating func judge(
        lost publication: borrowing SenderCore.LostPublication, isFetched: Bool, _ slots: inout NamespaceSlots
    ) -> Verdict {
        guard publication.topic.byteCount > 0 else { return .record(nil, renamed: nil) }
        let passage: ExportPolicy.Passage
        switch policy.ruling(on: publication.topic) {
        case .stays(let refusal): return refuse(refusal)
        case .crosses(let ruled): passage = ruled
        }
        let prefix = policy.prefix(of: passage)
        let name = prefix.isEmpty ? nil : publication.topic.withUnsafeBytes { prefix + $0 }
        guard publication.reason == .oversize else { return .record(nil, renamed: name) }
        if isFetched, passage.isSparkplug, isOfEdgeNode(publication.topic) { return .known }
        let id = if let name { slots.find(name.span.bytes) } else { slots.find(publication.topic) }
        // The broker retains a value, if not one that crosses: it was not deleted.
        if isFetched, let id { slots.see(id) }
        if let most = policy.rules[passage.rule].maximumPayloadBytes, publication.payloadBytes > most {
            return refuse(.tooLarge)
        }
        return .record(id, renamed: name)
    }

    /// Applies deadband and rate of a rule.
    /// - Parameter topic: the name in the plant.
    /// - Returns: nil if the message may cross now.
    private mutating func apply(
        _ rule: ExportPolicy.Rule, to content: borrowing NamespaceSlots.Content, at id: NamespaceSlots.TopicID?,
        of topic: RawSpan, _ arrival: Arrival, _ slots: inout NamespaceSlots, _ waiting: inout WaitingValues,
        behind block: BlockNumber
    ) -> Verdict? {
        let isClose = isClose(content, to: id, of: slots, within: rule.deadband)
        guard rule.interval != nil || isClose else { return nil }
        let topic = [UInt8](copying: topic)
        if isClose {
            // What waits is older, and what was sent is close enough to this.
            waiting.drop(topic, retain: content.retain, behind: block)
            return refuse(.deadband)
        }
        guard let interval = rule.interval else { return nil }
        if content.isDeletion {
            // It waits for nothing, but it overtakes nothing either.
            waiting.drop(topic, retain: true, behind: block)
            waiting.release(topic)
            return nil
        }
        // The value that waits came since the fetch began, and so will whatever is newer.
        if arrival.began != nil, waiting.holdsValue(of: topic, since: slots.fetch) { return .known }
        if waiting.admits(topic, each: interval, now: arrival.now) { return nil }
        let value = HeldValue(content, fetch: slots.fetch, isStored: arrival.isStored, time: arrival.time)
        guard waiting.hold(value, of: topic, isFetched: arrival.began != nil, behind: block) else {
            return nil
        }
        if arrival.began != nil, let id { slots.see(id) }
        return .waits
    }

    /// The name on the link of a value that has waited, under the policy of now; nil, and counted, if it may not cross any more.
    mutating func exportedTopic(ofReleased topic: [UInt8]) -> [UInt8]? {
        guard let name = policy.exportedTopic(of: topic) else {
            _ = refuse(.notExported)
            return nil
        }
        return name
    }

    private mutating func refuse(_ refusal: ExportPolicy.Refusal) -> Verdict {
        refused[refusal.rawValue] += 1
        return .stays(refusal)
    }

    /// Whether a topic is that of a birth, death or data of an edge node or device.
    private func isOfEdgeNode(_ topic: RawSpan) -> Bool {
        for namespace in edgeNamespaces {
            guard let parts = SparkplugTopic(topic, namespace: namespace) else { continue }
            return !parts.type.staysOnItsSide
        }
        return false
    }

    /// Whether a value is too close to what was sent last of its kind.
    private func isClose(
        _ content: borrowing NamespaceSlots.Content, to id: NamespaceSlots.TopicID?,
        of slots: borrowing NamespaceSlots, within deadband: Deadband?
    ) -> Bool {
        guard let id, let deadband, !content.isDeletion else { return false }
        let last = content.retain ? slots.retained(id) : slots.event(id)
        guard last.state == .held else { return false }
        let bytes = last.content.span.bytes
        return deadband.hides(content.payload, after: bytes.extracting(last.propertiesBytes..<bytes.byteCount))
    }
}
