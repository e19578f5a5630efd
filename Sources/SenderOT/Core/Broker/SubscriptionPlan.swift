package import MQTTProtocol
package import Time

/// Subscribes to the exported filters, one SUBSCRIBE after the other, and remembers what the OT broker made of each filter.
///
/// ```text
///  filters ─▶ next() ─▶ SUBSCRIBE of as many as it takes ── SUBACK ─▶ next() ─▶ … ─▶ complete
///                            └── connection lost before the SUBACK: fewer at once; a filter that is alone three times: set aside
/// ```
///
/// One filter that a broker does not take stands in the way of no other one. What is set aside is tried again after a while. Because
/// one SUBSCRIBE is open at a time, a lost connection tells at which one it was.
package struct SubscriptionPlan: Sendable {
    /// Why records below a filter do not arrive, or not as they were published.
    package enum Fault: Sendable, Equatable {
        case refused(ReasonCode)
        /// The filter alone is larger than the broker's Maximum Packet Size.
        case tooLarge(limitBytes: Int)
        /// The broker takes no wildcards (CONNACK, 0x28).
        case wildcards
        /// The broker ends the connection at it.
        case endsConnection
        /// Granted, at a lower QoS than asked for.
        case lowered(QoS)
        /// Refused, but it only stands for rules that overlap: the filters of those are subscribed to instead.
        case narrowed

        /// Whether nothing arrives at all.
        package var isDeaf: Bool {
            switch self {
            case .lowered, .narrowed: false
            case .refused, .tooLarge, .wildcards, .endsConnection: true
            }
        }
    }

    /// How many filters no known broker refuses at once.
    package static let carefulFilters = 8
    /// Losses of the connection at one filter alone after which it is set aside.
    private static let patience = 3
    /// How long a filter is set aside: for the sake of others, and where there are none.
    private static let (pause, shortPause) = (Duration.seconds(600), Duration.seconds(10))
    /// How long a broker may owe the answers of all filters before people are told.
    private static let answerPatience = Duration.seconds(15)

    /// What is subscribed to.
    package private(set) var filters: [TopicFilter] = []
    private var narrower: [TopicFilter: [TopicFilter]] = [:]
    /// Broader filters that the broker refuses.
    private var refusedBroad: Set<TopicFilter> = []
    private var limitBytes = Int.max
    private var takesWildcards = true
    private var size = SubscribeSize()
    private var waiting: [TopicFilter] = []
    private var open: (request: SubscriptionRequest, filters: [TopicFilter])?
    private var lastRequest: UInt64 = 0
    /// Since when there are filters that have no answer.
    private var askedSince: MonotonicInstant?
    private var strikes: [String: Int] = [:]
    private var setAsideUntil: [String: MonotonicInstant] = [:]
    /// What the broker does not do as asked, in the order of the filters' answers.
    package private(set) var faults: [(filter: TopicFilter, fault: Fault)] = []

    package init() {}

    /// Whether every filter was answered, or given up for now.
    package var isComplete: Bool { open == nil && waiting.isEmpty }
    /// Whether a SUBSCRIBE is open.
    package var isAsking: Bool { open != nil }

    /// The filters that the broker took.
    package var taken: [TopicFilter] {
        let deaf = faults.filter { $0.fault.isDeaf }.map(\.filter)
        return filters.filter { !deaf.contains($0) }
    }

    /// Whether something that is exported does not arrive.
    package var isDeaf: Bool { faults.contains { $0.fault.isDeaf } }

    /// All filters are to be subscribed to, on a connection that stands.
    /// - Parameters:
    ///   - narrower: what is subscribed to instead of a filter that the broker refuses; for those that have something.
    ///   - session: what the broker's session may hold: where it holds what is narrower, that is not given up to ask again.
    ///   - grant: what the broker said of itself on that connection.
    package mutating func begin(
        _ filters: [TopicFilter], narrower: [TopicFilter: [TopicFilter]] = [:], session: SessionFilters? = nil,
        grant: ServerGrant, now: MonotonicInstant
    ) {
        self.narrower = narrower
        // A new session is a new question: nothing is given up for it.
        if !grant.sessionPresent { refusedBroad = [] }
        for (broad, own) in narrower where session?.holds(own, insteadOf: broad) == true { refusedBroad.insert(broad) }
        let refused = filters.filter { refusedBroad.contains($0) && narrower[$0] != nil }
        let filters = filters.flatMap { refused.contains($0) ? narrower[$0, default: []] : [$0] }
        self.filters = filters
        limitBytes = grant.maximumPacketBytes
        takesWildcards = grant.wildcardsAvailable
        open = nil
        faults = refused.map { ($0, .narrowed) }
        waiting = []
        for filter in filters {
            if filter.hasWildcard, !takesWildcards {
                faults.append((filter, .wildcards))
            } else if let until = setAsideUntil[filter.description], now < until {
                faults.append((filter, .endsConnection))
            } else {
                waiting.append(filter)
            }
        }
        askedSince = askedSince ?? now
        // What ended the connection before comes last, so that it ends nothing of the others.
        waiting = waiting.filter { strikes[$0.description] == nil } + waiting.filter { strikes[$0.description] != nil }
    }

    /// The next SUBSCRIBE to send; nil while one is open, and when there is none.
    package mutating func next() -> (request: SubscriptionRequest, filters: [TopicFilter])? {
        guard open == nil else { return nil }
        while let first = waiting.first {
            // A filter that was alone when the connection was lost stays alone.
            let count =
                strikes[first.description] != nil
                ? size.count(of: [first.description], limitBytes: limitBytes)
                : size.count(of: waiting.lazy.map(\.description), limitBytes: limitBytes)
            guard count > 0 else {
                faults.append((first, .tooLarge(limitBytes: limitBytes)))
                waiting.removeFirst()
                continue
            }
            lastRequest += 1
            let next = (SubscriptionRequest(rawValue: lastRequest), Array(waiting.prefix(count)))
            waiting.removeFirst(count)
            open = next
            return next
        }
        askedSince = nil
        return nil
    }

    /// The broker has answered something.
    /// - Returns: whether it was the open SUBSCRIBE; then the next one may go.
    package mutating func answered(_ result: SubscriptionResult) -> Bool {
        guard let asked = open, asked.request == result.request else { return false }
        switch result.outcome {
        case .connectionLost: return false
        case .tooLarge(let limit):
            open = nil
            if asked.filters.count == 1 {
                faults.append((asked.filters[0], .tooLarge(limitBytes: limit)))
            } else {
                size.shrink(below: asked.filters.count)
                waiting = asked.filters + waiting
            }
        case .answered(let codes):
            open = nil
            for (filter, code) in zip(asked.filters, codes) {
                strikes[filter.description] = nil
                setAsideUntil[filter.description] = nil
                if code.isFailure, code != .quotaExceeded, let own = narrower[filter] {
                    faults.append((filter, .narrowed))
                    refusedBroad.insert(filter)
                    filters.removeAll { $0 == filter }
                    filters += own
                    waiting += own
                } else if code.isFailure {
                    faults.append((filter, .refused(code)))
                } else if let granted = QoS(rawValue: code.rawValue), granted < .exactlyOnce {
                    faults.append((filter, .lowered(granted)))
                }
            }
        }
        return true
    }

    /// The SUBSCRIBE could not be sent: its filters wait until `retry`.
    package mutating func notSent(_ request: SubscriptionRequest) {
        guard let asked = open, asked.request == request else { return }
        open = nil
        waiting = asked.filters + waiting
    }

    /// The connection ended. If a SUBSCRIBE was open, that one may be why.
    package mutating func disconnected(now: MonotonicInstant) {
        defer {
            open = nil
            waiting = []
        }
        guard let asked = open else { return }
        guard asked.filters.count == 1, let filter = asked.filters.first?.description else {
            return size.shrink(below: asked.filters.count)
        }
        strikes[filter, default: 0] += 1
        guard strikes[filter, default: 0] >= Self.patience else { return }
        // A network that breaks looks the same, and must not cost everything for so long.
        let hasOthers = filters.contains { strikes[$0.description] == nil }
        setAsideUntil[filter] = now.advanced(by: hasOthers ? Self.pause : Self.shortPause)
    }

    /// Takes up what could not be sent, and what was set aside for long enough.
    /// - Returns: whether there is something to ask.
    package mutating func retry(now: MonotonicInstant) -> Bool {
        guard open == nil else { return false }
        guard waiting.isEmpty else { return true }
        let due = faults.filter { each in
            each.fault == .endsConnection && setAsideUntil[each.filter.description].map { $0 <= now } ?? false
        }
        guard !due.isEmpty else { return false }
        faults.removeAll { each in due.contains { $0.filter == each.filter } }
        waiting = due.map(\.filter)
        askedSince = askedSince ?? now
        return true
    }

    /// What an operator should know, one line each.
    package func alarms(now: MonotonicInstant) -> [String] {
        if let askedSince, open != nil, askedSince.advanced(by: Self.answerPatience) <= now {
            return ["the OT broker does not answer what we subscribe to: nobody knows whether anything arrives"]
        }
        let deaf = faults.filter { $0.fault.isDeaf }
        var lines = deaf.prefix(Self.named).map { Self.words($0.filter, $0.fault) }
        if deaf.count > Self.named {
            lines.append("the OT broker does not take \(deaf.count - Self.named) more subscriptions")
        }
        lines += faults.filter { $0.fault == .narrowed }.prefix(Self.named).map { Self.words($0.filter, $0.fault) }
        let lowered = faults.compactMap { if case .lowered(let qos) = $0.fault { qos } else { nil } }
        if let least = lowered.min() {
            let cost = least == .atMostOnce ? "records are lost while either side is away" : "QoS 2 is not kept"
            lines.append(
                "the OT broker grants only QoS \(least.rawValue) to \(lowered.count) of \(filters.count) subscriptions: \(cost)"
            )
        }
        return lines
    }

    /// Filters that are named one by one, and how much of a name is told.
    private static let named = 4
    private static let namedCharacters = 100

    /// One line that names the filter.
    package static func words(_ filter: TopicFilter, _ fault: Fault) -> String {
        let text = filter.description
        let filter = text.count > namedCharacters ? text.prefix(namedCharacters) + "…" : text[...]
        return switch fault {
        case .refused(let code): "the OT broker refuses the subscription \(filter) (\(code))"
        case .tooLarge(let limit): "the subscription \(filter) does not fit the OT broker's packets of \(limit) bytes"
        case .wildcards: "the OT broker takes no wildcards, so nothing of \(filter) arrives"
        case .endsConnection: "the OT broker ends the connection at the subscription \(filter); it is left out for now"
        case .narrowed:
            "the OT broker refuses \(filter), which stands for rules that overlap: what two of them match may come twice"
        case .lowered(let qos): "the OT broker grants only QoS \(qos.rawValue) to \(filter)"
        }
    }
}

extension TopicFilter {
    fileprivate var hasWildcard: Bool {
        levels.contains { $0.elementsEqual([Self.plus]) || $0.elementsEqual([Self.hash]) }
    }
}
