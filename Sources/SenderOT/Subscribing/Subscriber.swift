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
        var fetcher: RetainedSetFetcher?
        var filters: [TopicFilter]
        /// The subscription that the broker has not answered, and its filters; nil if there is none.
        var request: (number: SubscriptionRequest, filters: [TopicFilter])?
        /// Whether the retained set has to be fetched once the subscription stands.
        var needsFetch = true
        /// When a failed fetch is tried again.
        var fetchAgainAt: MonotonicInstant?
        /// When the last fetch ended.
        var fetchedAt = MonotonicInstant.distantPast
        var refused: [String] = []
        var fetchAlarm: String?
        var unobservedSince: UnixMilliseconds
        var isStopping = false
    }

    private static let fetchPause = Duration.seconds(10)
    /// While the broker withholds something, the retained set is fetched again after so long.
    private static let withheldPause = Duration.seconds(600)

    private let settings: ConnectionSettings
    private let reconciler: DeletionReconciler
    private let watch: BrokerWatch
    private let requestsBirths: Bool
    private let intake: Intake
    private let log: EventLog
    private let state: Lock<State>

    /// - Parameters:
    ///   - settings: server, credentials and identity; session and receive limits are set here.
    ///   - filters: what to subscribe to; none that another one covers.
    ///   - reconciler: what is told when a fetch was complete.
    ///   - watch: what is told of the session; it knows until when an earlier lifetime was subscribed.
    ///   - requestsBirths: whether edge nodes are asked for a birth where their state is not sure.
    init(
        _ settings: ConnectionSettings, filters: [TopicFilter], intake: Intake, reconciler: DeletionReconciler,
        watch: BrokerWatch, requestsBirths: Bool, log: EventLog
    ) {
        var settings = settings
        settings.cleanStart = false
        settings.sessionExpiry = .seconds(Int64(UInt32.max))
        settings.receiveMaximum = .max
        settings.topicAliasMaximum = 0
        self.settings = settings
        self.intake = intake
        self.log = log
        self.reconciler = reconciler
        self.watch = watch
        self.requestsBirths = requestsBirths
        let since = watch.subscribedUntil ?? UnixClock.now()
        state = Lock(State(filters: filters, unobservedSince: since))
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

    /// How the broker is.
    var report: Report { state.withLock { $0.report } }

    /// Acknowledges everything up to a ticket.
    /// - Returns: whether the broker is connected. If not, the acknowledgement goes out when the broker delivers again.
    func acknowledge(_ ticket: DeliveryTicket) -> Bool {
        let (connection, isOnline) = state.withLock { ($0.connection, $0.report.isOnline) }
        connection?.acknowledge(through: DeliveryID(rawValue: ticket.rawValue))
        return isOnline && connection != nil
    }

    /// Subscribes to the filters of another policy from now on, and fetches the retained set again. Another policy may let other topics
    /// through even if the filters are the same: an exception is gone, or a prefix is another.
    func replace(filters: [TopicFilter]) {
        let (connection, removed) = state.withLock { state in
            let removed = state.filters.filter { !filters.contains($0) }
            state.filters = filters
            state.needsFetch = true
            return (state.report.isOnline ? state.connection : nil, removed)
        }
        guard let connection else { return }
        if !removed.isEmpty { _ = try? connection.unsubscribe(removed.map(\.description)) }
        subscribe(connection)
    }

    /// Repeats a fetch that failed or from which the broker withheld something, and asks edge nodes for births. Call it about each second.
    func tick() {
        let isWithheld = watch.report.withheld ?? 0 > 0
        let isDue = state.withLock { state in
            let withheldAt =
                isWithheld && !state.report.isFetching ? state.fetchedAt.advanced(by: Self.withheldPause) : nil
            guard let at = state.fetchAgainAt ?? withheldAt, at <= MonotonicClock.now(), state.report.isOnline else {
                return false
            }
            state.fetchAgainAt = nil
            return true
        }
        if isDue { fetch() }
        askForBirths()
        for notice in intake.takeNotices() {
            log.warning("sparkplug.notice", notice.what, ["detail": .text(notice.detail)])
        }
    }

    /// Publishes requests for a rebirth to edge nodes of the sender's own plant. The sender publishes nothing else (ADR 0016).
    private func askForBirths() {
        let connection = state.withLock { $0.report.isOnline && $0.request == nil ? $0.connection : nil }
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
        let (connection, fetcher) = state.withLock { state in
            state.isStopping = true
            defer { (state.connection, state.fetcher) = (nil, nil) }
            return (state.connection, state.fetcher)
        }
        fetcher?.stop()
        connection?.stop(drain: drain)
    }

    // On the connection's thread.

    private func changed(_ change: ConnectionState) {
        switch change {
        case .connecting, .stopped: break
        case .connected(let grant): connected(grant)
        case .disconnected(let error, _):
            let now = UnixClock.now()
            let wasOnline = state.withLock { state in
                defer {
                    if state.report.isOnline || state.report.since.rawValue == 0 { state.report.since = now }
                    if state.report.isOnline { state.unobservedSince = now }
                    state.report.isOnline = false
                    state.report.reason = error.description
                    state.request = nil
                }
                return state.report.isOnline
            }
            intake.noteBroker(isOnline: false)
            if wasOnline {
                watch.sessionEnded(at: now)
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
        let (connection, since, reason) = state.withLock { state in
            let told = (state.connection, state.unobservedSince, state.report.reason)
            state.report.isOnline = true
            state.report.since = now
            state.report.reason = ""
            state.report.version = grant.version
            if !grant.sessionPresent { state.needsFetch = true }
            Self.updateAlarms(&state)
            return told
        }
        log.notice(
            "broker.connected", "subscribing to what is exported",
            [
                "version": .text(grant.version.description), "session": grant.sessionPresent ? "resumed" : "new",
                "client": .text(grant.clientIdentifier),
            ])
        if !grant.sessionPresent { intake.forgetRestoredDeliveries() }
        if grant.version == .v3_1_1 { log.warning("broker.version", Self.oldVersionAlarm) }
        intake.note(
            Unobserved(
                from: since, to: now, sessionResumed: grant.sessionPresent, dropped: nil,
                reason: Self.shortened(reason, to: Unobserved.maximumReasonBytes)))
        watch.sessionBegan(resumed: grant.sessionPresent, at: now)
        intake.noteBroker(isOnline: true)
        if let connection { subscribe(connection) }
    }

    /// Subscribes to all filters; those that stand already are confirmed.
    private func subscribe(_ connection: Connection) {
        let filters = state.withLock { $0.filters }
        guard !filters.isEmpty else { return }
        let subscriptions = filters.map {
            Subscription(
                $0.description, qos: .exactlyOnce, retainAsPublished: true, retainHandling: .doNotSend, noLocal: true)
        }
        do throws(PublishRefusal) {
            let number = try connection.subscribe(subscriptions)
            state.withLock { $0.request = (number, filters) }
        } catch {
            log.error("broker.subscribe", "the subscription could not be queued", ["reason": .text("\(error)")])
        }
    }

    private func received(_ batch: InboundBatch) {
        for index in batch.subscriptions.indices { answered(batch.subscriptions[index]) }
        intake.accept(batch)
    }

    private func answered(_ result: SubscriptionResult) {
        guard case .answered(let codes) = result.outcome else { return }
        let fetchNow: Bool? = state.withLock { state in
            guard let request = state.request, request.number == result.request else { return nil }
            state.request = nil
            state.refused = zip(request.filters, codes).filter(\.1.isFailure).map { "\($0) (\($1))" }
            Self.updateAlarms(&state)
            return state.needsFetch && !state.isStopping
        }
        guard let fetchNow else { return }
        for refused in state.withLock({ $0.refused }) {
            log.error("broker.refused", "the broker does not let us subscribe", ["filter": .text(refused)])
        }
        if fetchNow { fetch() }
    }

    // The retained set.

    private func fetch() {
        let (old, filters) = state.withLock { ($0.fetcher.take(), $0.filters) }
        old?.stop()
        guard !filters.isEmpty else { return }
        var settings = settings
        settings.clientIdentifier += "-fetch"
        let began = intake.beginFetch()
        do {
            let fetcher = try RetainedSetFetcher(
                settings, filters: filters,
                received: { [weak self] in self?.intake.acceptFetched($0, since: began) },
                finished: { [weak self] in self?.fetched($0, since: began) })
            let starts = state.withLock { state in
                guard !state.isStopping else { return false }
                state.fetcher = fetcher
                state.report.isFetching = true
                // Cleared here and not when the fetch ends, because a policy that changes meanwhile needs another fetch.
                state.needsFetch = false
                return true
            }
            if starts { try fetcher.start() }
        } catch {
            fetchFailed("\(error)")
        }
    }

    private func fetched(_ report: RetainedSetReport, since began: Stamp) {
        switch report.failure {
        case nil: break
        case .stopped: return state.withLock { $0.report.isFetching = false }
        case .tooManyTopics: return fetchFailed("there are more topics than it may hold")
        case .stalled(let error): return fetchFailed(error?.description ?? "the broker sent nothing for too long")
        }
        let alarm = report.isComplete ? nil : Self.shortfall(report)
        state.withLock { state in
            state.report.isFetching = false
            state.report.retainedTopics = report.topics
            state.fetchedAt = MonotonicClock.now()
            state.fetchAlarm = alarm
            Self.updateAlarms(&state)
        }
        watch.fetched(topics: report.topics, version: state.withLock { $0.report.version })
        if let alarm { log.error("retained.shortfall", alarm) }
        log.notice(
            "retained.fetched", "the retained set is in",
            ["topics": .number(report.topics), "slices": .number(report.slices)])
        // If the fetch may lack values, an absent value does not show that it was deleted.
        if report.isComplete { reconciler.reconcile(since: began) }
        intake.beginSnapshots()
    }

    private func fetchFailed(_ reason: String) {
        state.withLock { state in
            state.report.isFetching = false
            state.fetchAgainAt = MonotonicClock.now().advanced(by: Self.fetchPause)
            state.fetchAlarm = "the retained set could not be fetched: \(reason)"
            Self.updateAlarms(&state)
        }
        log.warning("retained.failed", "the retained set could not be fetched; trying again", ["reason": .text(reason)])
    }

    // Words.

    private static let oldVersionAlarm =
        "the OT broker speaks only MQTT 3.1.1: live messages lose their retain flag, so retained values and deletions are"
        + " not replicated as such, and properties do not exist"

    private static func shortfall(_ report: RetainedSetReport) -> String {
        var parts: [String] = []
        if !report.refused.isEmpty { parts.append("refused: \(report.refused.prefix(3).joined(separator: ", "))") }
        if !report.unproven.isEmpty {
            parts.append("may be incomplete: \(report.unproven.prefix(3).joined(separator: ", "))")
        }
        return "the retained set may lack values (\(parts.joined(separator: "; ")))"
    }

    private static func updateAlarms(_ state: inout State) {
        var alarms: [String] = []
        if state.report.version == .v3_1_1 { alarms.append(oldVersionAlarm) }
        for refused in state.refused.prefix(4) { alarms.append("the OT broker refuses the subscription \(refused)") }
        if let alarm = state.fetchAlarm { alarms.append(alarm) }
        state.report.alarms = alarms.map { shortened($0, to: Beat.maximumTextBytes) }
    }

    /// The text, cut at a character so that it has at most so many bytes.
    static func shortened(_ text: String, to bytes: Int) -> String {
        guard text.utf8.count > bytes else { return text }
        var shorter = text
        while shorter.utf8.count > bytes { shorter.removeLast() }
        return shorter
    }
}
