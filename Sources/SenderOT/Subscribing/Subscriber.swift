internal import DiodeProtocol
internal import EventLog
internal import MQTT
internal import MQTTProtocol
internal import SenderOTCore
internal import Sparkplug
internal import Threading
internal import Time

/// Owns the connection to the OT broker: subscribes to what is exported, feeds the core, and acknowledges what is safe.
///
/// ```text
///             connected                 SUBACK                     fetch is over
/// offline ──────────────▶ subscribing ─────────▶ fetching retained ─────────────▶ online
///    ▲      unobserved interval noted             (if the session or the filters are new)  │
///    └────────────────────────────── connection lost ──────────────────────────────────────┘
/// ```
///
/// The main session is MQTT 5, persistent, with Retain As Published and without retained messages at subscribe time;
/// those come slice by slice over a second connection (ADR 0003). On a broker that speaks only 3.1.1 it says loudly what
/// cannot be replicated.
final class Subscriber: Sendable {
    /// How the broker is, for status and beat.
    struct Report: Sendable, Equatable {
        var isOnline = false
        /// Since when it is online or offline.
        var since = UnixMilliseconds(rawValue: 0)
        /// Why it is offline; empty when it is online.
        var reason = "not yet connected"
        /// The version spoken; nil before the first connection.
        var version: ProtocolVersion?
        /// How long the broker keeps the session; nil before the first connection, and where it does so for ever.
        var sessionExpirySeconds: UInt32?
        /// How many topics the last fetch that ended has found; nil before the first.
        var retainedTopics: Int?
        /// Whether a fetch runs.
        var isFetching = false
        /// What an operator should know, one line each.
        var alarms: [String] = []
    }

    private struct State {
        var report = Report()
        var connection: Connection?
        var filters: [TopicFilter]
        var narrower: [TopicFilter: [TopicFilter]]
        /// What the broker's session holds of them, and of older ones.
        var session: SessionFilters
        /// What the broker makes of the filters.
        var plan = SubscriptionPlan()
        /// What the broker granted on the newest connection; nil before the first.
        var grant: ServerGrant?
        /// Whether the end of the plan was told.
        var isPlanTold = false
        var unobservedSince: UnixMilliseconds
        /// Since when something of the filters is not subscribed to, because an older filter that brought it was given up.
        var replacedSince: UnixMilliseconds?
        /// Since when the broker has not had all of the filters, although it is connected.
        var deafSince: UnixMilliseconds?
        var isStopping = false
    }

    private let settings: ConnectionSettings
    private let retained: RetainedFetch
    private let watch: BrokerWatch
    private let faults: BrokerFaults
    private let requestsBirths: Bool
    private let intake: Intake
    private let log: EventLog
    private let state: Lock<State>

    /// - Parameters:
    ///   - settings: server, credentials and identity; session and receive limits are set here.
    ///   - filters: what to subscribe to; no two that overlap.
    ///   - narrower: what to subscribe to instead where the broker refuses one of them.
    ///   - session: what the broker's session may be subscribed to already.
    ///   - reconciler: what is told when a fetch was complete.
    ///   - watch: what is told of the session; it knows until when an earlier lifetime was subscribed.
    ///   - faults: what is told how the broker breaks MQTT.
    ///   - requestsBirths: whether edge nodes are asked for a birth where their state is not sure.
    init(
        _ settings: ConnectionSettings, filters: [TopicFilter], narrower: [TopicFilter: [TopicFilter]],
        session: SessionFilters, intake: Intake,
        reconciler: DeletionReconciler, watch: BrokerWatch, faults: BrokerFaults, requestsBirths: Bool, log: EventLog
    ) {
        var settings = settings
        settings.cleanStart = false
        settings.sessionExpiry = .seconds(Int64(UInt32.max))
        settings.receiveMaximum = .max
        settings.topicAliasMaximum = 0
        self.settings = settings
        self.intake = intake
        self.log = log
        retained = RetainedFetch(
            settings, intake: intake, reconciler: reconciler, watch: watch, faults: faults, log: log)
        self.watch = watch
        self.faults = faults
        self.requestsBirths = requestsBirths
        let since = watch.subscribedUntil ?? UnixClock.now()
        state = Lock(State(filters: filters, narrower: narrower, session: session, unobservedSince: since))
    }

    /// Starts to connect, and goes on until `stop`.
    func start() throws(ConnectionError) {
        let observer = Connection.Observer(
            changed: { [weak self] in self?.changed($0) }, received: { [weak self] in self?.received($0) })
        let connection = try Connection(settings, observer: observer)
        state.withLock { $0.connection = connection }
        intake.noteBroker(isOnline: false)
        do throws(SystemError) { try connection.start() } catch { throw .network(error) }
    }

    /// For the journal: see `SessionFilters`.
    var note: String { state.withLock { $0.session.note } }

    /// How the broker is.
    var report: Report {
        let fetch = retained.report
        return state.withLock { state in
            var report = state.report
            report.retainedTopics = fetch.topics
            report.isFetching = fetch.isFetching
            var alarms = report.version == .v3_1_1 ? [Self.oldVersionAlarm] : []
            if let grant = state.grant {
                alarms += BrokerTerms.shortfalls(grant) + state.plan.alarms(now: MonotonicClock.now())
            }
            report.alarms = (alarms + [fetch.alarm].compactMap(\.self)).map {
                Self.shortened($0, to: Beat.maximumTextBytes)
            }
            return report
        }
    }

    /// Acknowledges everything up to a ticket.
    /// - Returns: whether the broker is connected. If not, the acknowledgement goes out when the broker delivers again.
    func acknowledge(_ ticket: DeliveryTicket) -> Bool {
        let (connection, isOnline) = state.withLock { ($0.connection, $0.report.isOnline) }
        connection?.acknowledge(through: DeliveryID(rawValue: ticket.rawValue))
        return isOnline && connection != nil
    }

    /// Subscribes to the filters of another policy from now on, and fetches the retained set again. Another policy may let other topics
    /// through even if the filters are the same: an exception is gone, or a prefix is another.
    func replace(filters: [TopicFilter], narrower: [TopicFilter: [TopicFilter]]) {
        // Not before the broker has confirmed the new filters.
        retained.unsubscribed()
        retained.demand()
        let isOnline = state.withLock { state in
            (state.filters, state.narrower) = (filters, narrower)
            return state.report.isOnline
        }
        if isOnline { subscribe() }
    }

    /// Repeats what failed, and asks edge nodes for births. Call it about each second.
    func tick() {
        let isDue = state.withLock { state in
            guard state.report.isOnline, state.plan.retry(now: MonotonicClock.now()) else { return false }
            state.isPlanTold = false
            return true
        }
        if isDue { subscribeNext() }
        retained.tick()
        askForBirths()
        for notice in intake.takeNotices() {
            log.warning("sparkplug.notice", notice.what, ["detail": .text(notice.detail)])
        }
    }

    /// Publishes requests for a rebirth to edge nodes of the sender's own plant. The sender publishes nothing else (ADR 0016).
    private func askForBirths() {
        let connection = state.withLock { $0.report.isOnline && $0.plan.isComplete ? $0.connection : nil }
        guard requestsBirths, let connection else { return }
        for request in intake.rebirthRequests() {
            do throws(PublishRefusal) {
                try connection.publish(
                    topic: request.topic.span.bytes, payload: request.payload.span.bytes, qos: .atMostOnce)
            } catch {
                log.warning("sparkplug.unasked", "a request for a birth found no room", ["reason": .text("\(error)")])
            }
        }
    }

    /// Says goodbye after sending the acknowledgements that are queued. The session stays with the broker.
    func stop(drain: Duration) {
        let connection = state.withLock { state in
            state.isStopping = true
            return state.connection.take()
        }
        retained.stop()
        connection?.stop(drain: drain)
    }

    // On the connection's thread.

    private func changed(_ change: ConnectionState) {
        switch change {
        case .connecting, .stopped: break
        case .connected(let grant): connected(grant)
        case .disconnected(let error, _):
            faults.ended(by: error)
            let now = UnixClock.now()
            let (wasOnline, isAsking) = state.withLock { state in
                defer {
                    if state.report.isOnline || state.report.since.rawValue == 0 { state.report.since = now }
                    if state.report.isOnline { state.unobservedSince = min(state.replacedSince ?? now, now) }
                    state.replacedSince = nil
                    state.report.isOnline = false
                    state.report.reason = error.description
                    state.plan.disconnected(now: MonotonicClock.now())
                }
                return (state.report.isOnline, state.plan.isAsking)
            }
            intake.noteBroker(isOnline: false)
            retained.unsubscribed()
            if wasOnline {
                watch.sessionEnded(error, isAsking: isAsking, at: now)
                log.warning(
                    "broker.lost", "the OT broker is gone; its session keeps what it queues",
                    ["reason": .text(error.description)])
            } else {
                log.warning(
                    "broker.unreachable", "cannot connect to the OT broker", ["reason": .text(error.description)])
            }
        }
    }

    private func connected(_ grant: ServerGrant) {
        let now = UnixClock.now()
        let (since, reason, isNews) = state.withLock { state in
            let isNews = state.grant.map(BrokerTerms.shortfalls) != BrokerTerms.shortfalls(grant)
            let told = (state.unobservedSince, state.report.reason, isNews)
            state.report.isOnline = true
            state.report.since = now
            state.report.reason = ""
            state.report.version = grant.version
            state.report.sessionExpirySeconds = grant.sessionExpirySeconds == .max ? nil : grant.sessionExpirySeconds
            state.grant = grant
            state.session.connected(isResumed: grant.sessionPresent)
            return told
        }
        // Subscriptions and queue may be gone with a session that is only claimed: what is retained is looked at anew.
        let isKept = grant.sessionPresent && !faults.hasInventedSession
        if !isKept { retained.demand() }
        log.notice(
            "broker.connected", "subscribing to what is exported",
            [
                "version": .text(grant.version.description), "session": grant.sessionPresent ? "resumed" : "new",
                "client": .text(grant.clientIdentifier),
            ])
        if !grant.sessionPresent { intake.forgetRestoredDeliveries() }
        if grant.version == .v3_1_1 { log.warning("broker.version", Self.oldVersionAlarm) }
        if isNews { for shortfall in BrokerTerms.shortfalls(grant) { log.warning("broker.terms", shortfall) } }
        intake.note(
            Unobserved(
                from: since, to: now, sessionResumed: isKept, dropped: nil,
                reason: Self.shortened(reason, to: Unobserved.maximumReasonBytes)))
        watch.sessionBegan(grant, at: now)
        intake.noteBroker(isOnline: true)
        subscribe()
    }

    /// Subscribes to all filters; those that stand already are confirmed, and those that the session has beside them are given up.
    private func subscribe() {
        let (connection, stale) = state.withLock { state -> (Connection?, [TopicFilter]) in
            guard let grant = state.grant else { return (nil, []) }
            state.plan.begin(
                state.filters, narrower: state.narrower, session: state.session, grant: grant,
                now: MonotonicClock.now())
            state.isPlanTold = false
            let stale = state.session.begin(state.plan.filters)
            if state.session.isReplacing { state.replacedSince = state.replacedSince ?? UnixClock.now() }
            return (state.connection, stale)
        }
        if let connection { unsubscribe(stale, over: connection) }
        subscribeNext()
    }

    /// Sends the next SUBSCRIBE, or tells what became of all of them.
    private func subscribeNext() {
        // The request is noted before it is queued: its answer may come before `subscribe` returns.
        let (connection, next) = state.withLock { state in
            state.report.isOnline && !state.isStopping ? (state.connection, state.plan.next()) : (nil, nil)
        }
        guard let next, let connection else { return tellPlan() }
        do throws(PublishRefusal) {
            try connection.subscribe(
                next.filters.map {
                    Subscription(
                        $0.description, qos: .exactlyOnce, retainAsPublished: true, retainHandling: .doNotSend,
                        noLocal: true)
                }, request: next.request)
        } catch {
            // Tried again with the next tick.
            state.withLock { $0.plan.notSent(next.request) }
            log.error("broker.subscribe", "the subscription could not be queued", ["reason": .text("\(error)")])
        }
    }

    private func tellPlan() {
        let now = UnixClock.now()
        var unobserved: [Unobserved] = []
        func note(since: UnixMilliseconds?, isResumed: Bool, _ reason: String) {
            guard let since else { return }
            unobserved.append(
                Unobserved(from: min(since, now), to: now, sessionResumed: isResumed, dropped: nil, reason: reason))
        }
        let told = state.withLock { state -> (SubscriptionPlan, Bool, ProtocolVersion?)? in
            guard state.report.isOnline, state.plan.isComplete, !state.isPlanTold else { return nil }
            state.isPlanTold = true
            note(since: state.replacedSince.take(), isResumed: true, "subscriptions were replaced")
            if state.plan.isDeaf {
                state.deafSince = state.deafSince ?? now
            } else {
                note(since: state.deafSince.take(), isResumed: false, "the OT broker did not take all subscriptions")
            }
            return (state.plan, state.filters.isEmpty, state.report.version)
        }
        guard let (plan, isEmpty, version) = told else { return }
        for interval in unobserved { intake.note(interval) }
        // Not before that is said: a start after a crash finds the older filters, and says it again.
        state.withLock { if $0.isPlanTold { $0.session.settled() } }
        for (filter, fault) in plan.faults.prefix(Self.loggedFaults) {
            log.error(
                "broker.refused", SubscriptionPlan.words(filter, fault), ["filter": .text(filter.description)])
        }
        guard !isEmpty else { return }
        retained.subscribed(
            to: plan.taken, isWhole: !plan.isDeaf, version: version)
    }

    private static let loggedFaults = 16

    /// Nobody waits for the answer: what arrives all the same is not exported.
    private func unsubscribe(_ filters: [TopicFilter], over connection: Connection) {
        let limit = state.withLock { $0.grant?.maximumPacketBytes ?? .max }
        var rest = filters.map(\.description)[...]
        let size = SubscribeSize(maximumFilters: SubscriptionPlan.carefulFilters)
        while !rest.isEmpty {
            let count = max(1, size.count(of: rest, limitBytes: limit))
            do throws(PublishRefusal) { try connection.unsubscribe(Array(rest.prefix(count))) } catch {
                return state.withLock { $0.session.keep(filters.suffix(rest.count)) }
            }
            rest.removeFirst(count)
        }
    }

    private func received(_ batch: InboundBatch) {
        faults.note(batch.faults)
        for index in batch.subscriptions.indices {
            let result = batch.subscriptions[index]
            let isAnswered = state.withLock { state in
                guard state.plan.answered(result) else { return false }
                state.session.change(to: state.plan.filters)
                return true
            }
            if isAnswered { subscribeNext() }
        }
        intake.accept(batch)
    }

    // Words.

    private static let oldVersionAlarm =
        "the OT broker speaks only MQTT 3.1.1: live messages lose their retain flag, so retained values and deletions are"
        + " not replicated as such, and properties do not exist"

    /// The text, cut at a character so that it has at most so many bytes.
    static func shortened(_ text: String, to bytes: Int) -> String {
        guard text.utf8.count > bytes else { return text }
        var shorter = text
        while shorter.utf8.count > bytes { shorter.removeLast() }
        return shorter
    }
}
