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
        /// How long the plant's broker may be away until its nodes count as dead.
        package var brokerLost = Duration.seconds(10)
        /// How long a node that was asked for a birth may be silent until it counts as dead.
        package var silence = Duration.seconds(30)
    }

    /// What the receiver and the log are told of nodes that could not be told as they are.
    package struct Notice: Sendable, Equatable {
        package let what: String
        package let detail: String
    }

    /// Between two looks at what has changed, while there is always something.
    private static let pause = Duration.milliseconds(250)
    /// So long may a state be unsure before people are told.
    private static let patience = Duration.seconds(60)

    /// Between two looks at who was asked and did not answer.
    private static let deathPause = Duration.milliseconds(500)

    private let settings: Settings
    private var states: StateFold
    private var hasher = SymbolHasher()
    private var hasNews = false
    private var lookedAt: MonotonicInstant?
    /// Changed when last looked at, the highest hash first.
    private var waiting: [(hash: TopicHash, birth: [UInt8])] = []
    /// Since when states are unsure without a break.
    private var unsureSince: MonotonicInstant?
    /// Since when the plant's broker is away; nil while it is there, and when nobody has said anything of it.
    private var brokerLostAt: MonotonicInstant?
    /// All nodes count as dead because of it.
    private var isPresumed = false
    private var deathsLookedAt: MonotonicInstant?
    /// What has to be told at once, the last one first, and when there is another try.
    private var urgent: [[UInt8]] = []
    private var urgentAt: MonotonicInstant?
    private var notices: [Notice] = []

    init(_ settings: Settings) {
        self.settings = settings
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
            guard first.hash >= from, let state = take(first.birth) else { continue }
            return state
        }
        return nil
    }

    /// Moves out the next state that must not wait for its interval: nodes that were presumed dead, or are heard again after that.
    mutating func nextUrgent(now: MonotonicInstant) -> State? {
        if urgent.isEmpty, states.hasUrgent { urgent = states.urgentStates.reversed() }
        while let birth = urgent.popLast() {
            if let state = take(birth) { return state }
        }
        urgentAt = nil
        return nil
    }

    private mutating func take(_ birth: [UInt8]) -> State? {
        guard states.isChanged(birth.span.bytes), let payload = states.takeState(of: birth.span.bytes) else {
            return nil
        }
        return State(topic: StateTopic.prefix + birth, payload: payload)
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

    // MARK: Whether nodes live

    /// The plant's broker is gone, or back. Then every node is in doubt: deaths and births may have been missed.
    mutating func noteBroker(isOnline: Bool, now: MonotonicInstant) {
        guard isOnline else {
            if brokerLostAt == nil { brokerLostAt = now }
            return
        }
        (brokerLostAt, isPresumed) = (nil, false)
        states.doubtAll()
    }

    /// When `advance` has something to do; nil if nothing is in doubt.
    var deadline: MonotonicInstant? {
        let lost = isPresumed ? nil : brokerLostAt?.advanced(by: settings.brokerLost)
        let urgent = states.hasUrgent ? urgentAt ?? .distantPast : nil
        let silent = isListening ? (deathsLookedAt ?? .distantPast).advanced(by: Self.deathPause) : nil
        return [lost, urgent, silent].compactMap(\.self).min()
    }

    /// Whether the silence of a node that was asked says something of the node: while the broker is away, nobody can be heard.
    private var isListening: Bool { states.hasAsked && brokerLostAt == nil }

    /// What is urgent finds no room now.
    mutating func holdUrgent(until: MonotonicInstant) { urgentAt = until }

    /// Whether what is urgent may be tried.
    func isUrgentDue(_ now: MonotonicInstant) -> Bool { states.hasUrgent && urgentAt.map { $0 <= now } ?? true }

    /// Counts nodes as dead that nobody has heard for too long.
    mutating func advance(now: MonotonicInstant, time: UnixMilliseconds) {
        if !isPresumed, let lostAt = brokerLostAt, lostAt.advanced(by: settings.brokerLost) <= now {
            isPresumed = true
            note(dead: states.presumeAllDead(), because: "the OT broker is away")
        }
        guard isListening, deathsLookedAt.map({ $0.advanced(by: Self.deathPause) <= now }) ?? true else { return }
        deathsLookedAt = now
        note(
            dead: states.presumeSilentDead(for: settings.silence, now: Moment(now, time)),
            because: "they were asked and did not answer")
    }

    private mutating func note(dead: [EdgeNodeID], because reason: String) {
        guard !dead.isEmpty else { return }
        hasNews = true
        add(Notice(what: "edge nodes presumed dead", detail: "\(dead.count): \(Self.names(dead)): \(reason)"))
    }

    /// Bounded: whoever wants to know takes them each second.
    private mutating func add(_ notice: Notice) {
        if notices.count < 100 { notices.append(notice) }
    }

    /// Moves out what happened since this was last called.
    mutating func takeNotices() -> [Notice] {
        defer { notices = [] }
        return notices
    }

    /// Moves out the topics of states that are beyond a limit, to be numbered and named as lost.
    mutating func takeLimited() -> [[UInt8]] {
        let births = states.takeUntoldLimits()
        guard !births.isEmpty else { return [] }
        let names = births.prefix(10).map { String(decoding: $0, as: UTF8.self) }
        add(
            Notice(
                what: "edge nodes beyond a limit",
                detail: "\(births.count): \(names.joined(separator: ", "))\(births.count > 10 ? ", …" : "")"))
        return births.map { StateTopic.prefix + $0 }
    }

    private static func names(_ ids: [EdgeNodeID]) -> String {
        ids.prefix(10).map(\.description).joined(separator: ", ") + (ids.count > 10 ? ", …" : "")
    }

    /// What to ask of nodes whose state is not sure.
    mutating func rebirthRequests(now: MonotonicInstant, time: UnixMilliseconds) -> [StateFold.Request] {
        guard states.hasIncomplete else { return [] }
        return states.rebirthRequests(now: Moment(now, time))
    }

    /// What is known, and what of it is worth an alarm: limits at once, what is not sure after a while.
    package mutating func report(now: MonotonicInstant) -> (report: SparkplugReport, alarm: String?) {
        let report = states.report
        if report.limited > 0 {
            let names = report.troubled.filter(\.isLimited).map(\.id)
            return (
                report,
                "\(report.limited) Sparkplug edge nodes are beyond a limit, and not all of them is told"
                    + " (\(Self.names(Array(names.prefix(3)))))"
            )
        }
        guard report.incomplete > 0 else {
            unsureSince = nil
            return (report, nil)
        }
        let since = unsureSince ?? now
        unsureSince = since
        var names = states.askedInVain(now: Moment(now, UnixMilliseconds(rawValue: 0)))
        if names.isEmpty, since.advanced(by: Self.patience) <= now {
            names = report.troubled.filter(\.isIncomplete).map(\.id)
        }
        guard !names.isEmpty else { return (report, nil) }
        return (
            report,
            "\(report.incomplete) Sparkplug edge nodes do not tell their whole state (\(Self.names(Array(names.prefix(3)))))"
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
        states.doubtAll()
    }

    private mutating func restore(_ topic: [UInt8], _ retained: NamespaceSlots.Value) {
        guard retained.state == .held else { return }
        states.restore(
            topic: topic.span.bytes.extracting(StateTopic.prefix.count..<topic.count),
            payload: retained.content.span.bytes.extracting(retained.propertiesBytes..<retained.content.count))
    }

    /// The topic of the birth of the node or device that a message is of.
    private func birthTopic(of topic: [UInt8]) -> [UInt8]? {
        EdgeNodeID.birthTopic(ofMessage: topic.span.bytes, namespaces: settings.namespaces)
    }
}

extension Moment {
    /// This room's clocks in the terms of Sparkplug's.
    init(_ now: MonotonicInstant, _ time: UnixMilliseconds) {
        self.init(sinceStart: .nanoseconds(Int64(clamping: now.nanoseconds)), unixMilliseconds: time.rawValue)
    }
}
