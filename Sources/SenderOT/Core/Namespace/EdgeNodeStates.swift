internal import Collections
internal import DiodeProtocol
package import Sparkplug
package import Time

/// What the plant's Sparkplug edge nodes and devices would say if they were born now, as values of topics of the pair's own
/// (ADR 0016).
///
/// ```text
/// births, data, deaths ─▶ StateFold ─▶ changed, in the order of hashes ─▶ before a slice of their interval: records
///       …/NBIRTH/node ◀── the topic of the birth ──▶ diode/state/…/NBIRTH/node
/// ```
///
/// Memory: that of the fold, and a topic and a hash for each state that waits.
package struct EdgeNodeStates: ~Copyable {
    /// What becomes a record: the folded birth, empty once node or device is dead.
    struct State {
        let topic: [UInt8]
        let payload: [UInt8]
    }

    /// How edge nodes are understood.
    package struct Settings: Sendable {
        /// First levels of topics that are Sparkplug's.
        package var namespaces = [SparkplugTopic.namespaceB]
        package var limits = SparkplugLimits()
    }

    /// Between two looks at what has changed, while there is always something.
    private static let pause = Duration.milliseconds(250)
    /// So long may a state be unsure before people are told.
    private static let patience = Duration.seconds(60)

    private let namespaces: [String]
    private var states: StateFold
    private var hasher = SymbolHasher()
    private var hasNews = false
    private var lookedAt: MonotonicInstant?
    /// Changed when last looked at, the highest hash first.
    private var waiting: [(hash: TopicHash, birth: [UInt8])] = []
    /// Since when states are unsure without a break.
    private var unsureSince: MonotonicInstant?

    init(_ settings: Settings) {
        namespaces = settings.namespaces
        states = StateFold(namespaces: settings.namespaces, limits: settings.limits)
    }

    /// Folds what an edge node says.
    mutating func fold(_ publication: borrowing SenderCore.Publication) {
        _ = states.fold(topic: publication.topic, payload: publication.payload, retain: publication.retain)
        hasNews = true
    }

    /// Moves out the next changed state of an interval, as it is now.
    mutating func next(from: TopicHash, through: TopicHash, now: MonotonicInstant) -> State? {
        look(now)
        while let first = waiting.last, first.hash <= through {
            waiting.removeLast()
            // What lies before the interval waits for the next round.
            if first.hash < from { hasNews = true }
            guard first.hash >= from, let payload = states.takeState(of: first.birth.span.bytes) else { continue }
            return State(topic: StateTopic.prefix + first.birth, payload: payload)
        }
        return nil
    }

    private mutating func look(_ now: MonotonicInstant) {
        guard hasNews, lookedAt.map({ $0.advanced(by: Self.pause) <= now }) ?? true else { return }
        hasNews = false
        lookedAt = now
        waiting = states.changedStates.map { birth in
            let topic = StateTopic.prefix + birth
            return (hasher.topicHash(topic.span.bytes), birth)
        }
        waiting.sort { $0.hash > $1.hash }
    }

    /// What to ask of nodes whose state is not sure.
    mutating func rebirthRequests(now: MonotonicInstant, time: UnixMilliseconds) -> [StateFold.Request] {
        guard states.hasIncomplete else { return [] }
        return states.rebirthRequests(now: Moment(now, time))
    }

    /// What is known, and since when some of it is unsure if that is worth an alarm.
    package mutating func report(now: MonotonicInstant) -> (report: SparkplugReport, alarm: String?) {
        let report = states.report
        guard report.incomplete > 0 else {
            unsureSince = nil
            return (report, nil)
        }
        let since = unsureSince ?? now
        unsureSince = since
        guard since.advanced(by: Self.patience) <= now else { return (report, nil) }
        let names = report.troubled.filter(\.isIncomplete).prefix(3).map(\.id.description)
        return (
            report,
            "\(report.incomplete) Sparkplug edge nodes do not tell their whole state (\(names.joined(separator: ", ")))"
        )
    }
}

// MARK: At the start

extension EdgeNodeStates {
    /// Goes on where an earlier lifetime ended: its states, and what came after them.
    mutating func restore(from slots: borrowing NamespaceSlots) {
        var later: [(stamp: Stamp, id: NamespaceSlots.TopicID)] = []
        var place: Int? = 0
        while let from = place {
            let (topics, next) = slots.held(from: from)
            for id in topics {
                let topic = slots.topic(id)
                if topic.starts(with: StateTopic.prefix) {
                    restore(topic, slots.retained(id))
                } else if slots.holdsEvent(id), let birth = birthTopic(of: topic) {
                    let state = StateTopic.prefix + birth
                    let folded = slots.find(state.span.bytes).map { slots.retained($0).stamp }
                    let stamp = slots.event(id).stamp
                    if folded.map({ $0 < stamp }) ?? true { later.append((stamp, id)) }
                }
            }
            place = next
        }
        later.sort { $0.stamp < $1.stamp }
        for (_, id) in later {
            let topic = slots.topic(id)
            let event = slots.event(id)
            let payload = event.content.span.bytes.extracting(event.propertiesBytes..<event.content.count)
            _ = states.fold(topic: topic.span.bytes, payload: payload)
            hasNews = true
        }
    }

    private mutating func restore(_ topic: [UInt8], _ retained: NamespaceSlots.Value) {
        guard retained.state == .held else { return }
        states.restore(
            topic: topic.span.bytes.extracting(StateTopic.prefix.count..<topic.count),
            payload: retained.content.span.bytes.extracting(retained.propertiesBytes..<retained.content.count))
    }

    /// The topic of the birth of the node or device that a message is of.
    private func birthTopic(of topic: [UInt8]) -> [UInt8]? {
        EdgeNodeID.birthTopic(ofMessage: topic.span.bytes, namespaces: namespaces)
    }
}

extension Moment {
    /// This room's clocks in the terms of Sparkplug's.
    init(_ now: MonotonicInstant, _ time: UnixMilliseconds) {
        self.init(sinceStart: .nanoseconds(Int64(clamping: now.nanoseconds)), unixMilliseconds: time.rawValue)
    }
}
