internal import DiodeProtocol
internal import EventLog
internal import MQTT
internal import MQTTProtocol
internal import SenderOTCore
internal import Threading
internal import Time

/// Fetches what the OT broker retains, over a connection of its own (ADR 0003), once it is demanded and the main session is subscribed.
///
/// ```text
/// demand ─▶ subscribed ─▶ the broker bears a second connection ─▶ fetch ─▶ Intake, DeletionReconciler ─▶ snapshots
///   ▲                                                               │ failed, lacking, undecided
///   └────────────────────────────── a pause ◀───────────────────────┘
/// ```
final class RetainedFetch: Sendable {
    struct Report: Sendable, Equatable {
        /// How many topics the last fetch that ended has found; nil before the first.
        var topics: Int?
        /// Whether a fetch runs.
        var isFetching = false
        /// What an operator should know.
        var alarm: String?
    }

    /// What the main session is subscribed to. A fetch keeps that of its beginning: the session may end while it runs.
    private struct Subscribed {
        let filters: [TopicFilter]
        /// Whether that is everything that is exported.
        let isWhole: Bool
        let version: ProtocolVersion?
        let since: MonotonicInstant
    }

    private struct State {
        var report = Report()
        var fetcher: RetainedSetFetcher?
        var isDemanded = true
        var subscribed: Subscribed?
        /// What the newest fetch asks for.
        var fetched: [TopicFilter] = []
        /// When a failed fetch is tried again.
        var againAt: MonotonicInstant?
        /// When the last fetch ended.
        var endedAt = MonotonicInstant.distantPast
        /// What the last fetch did not show may be there all the same.
        var isDoubtful = false
        var isStopping = false
    }

    private static let pause = Duration.seconds(10)
    /// While the broker withholds something, or leaves something in doubt, the retained set is fetched again after so long.
    private static let doubtPause = Duration.seconds(600)

    private let settings: ConnectionSettings
    private let reconciler: DeletionReconciler
    private let watch: BrokerWatch
    private let faults: BrokerFaults
    private let intake: Intake
    private let log: EventLog
    private let state = Lock(State())

    /// - Parameter settings: server, credentials, and the identity of the main session.
    init(
        _ settings: ConnectionSettings, intake: Intake, reconciler: DeletionReconciler, watch: BrokerWatch,
        faults: BrokerFaults, log: EventLog
    ) {
        var settings = settings
        settings.clientIdentifier += "-fetch"
        self.settings = settings
        self.intake = intake
        self.reconciler = reconciler
        self.watch = watch
        self.faults = faults
        self.log = log
        watch.whenTolerated { [weak self] in self?.startIfDue() }
    }

    var report: Report { state.withLock { $0.report } }

    /// The whole set has to be fetched: the session or the policy is new.
    func demand() { state.withLock { $0.isDemanded = true } }

    /// The main session is subscribed.
    /// - Parameters:
    ///   - filters: what the broker took.
    ///   - isWhole: it took every filter.
    func subscribed(to filters: [TopicFilter], isWhole: Bool, version: ProtocolVersion?) {
        state.withLock { state in
            state.subscribed = Subscribed(
                filters: filters, isWhole: isWhole, version: version, since: MonotonicClock.now())
            // What the broker did not take before, nobody has fetched.
            if !filters.allSatisfy(state.fetched.contains) { state.isDemanded = true }
        }
        startIfDue()
    }

    /// The main session is not subscribed any more. A fetch that runs goes on.
    func unsubscribed() { state.withLock { $0.subscribed = nil } }

    /// Repeats a fetch that failed or lacked something. Call it about each second.
    func tick() {
        let isWithheld = watch.report.withheld ?? 0 > 0 || reconciler.isUndecided
        let isWanted = watch.wantsFetch
        let displaced = watch.areDisplaced
        let fetcher = state.withLock { state in
            let now = MonotonicClock.now()
            let doubtAt =
                (isWithheld || state.isDoubtful) && !state.report.isFetching
                ? state.endedAt.advanced(by: Self.doubtPause) : nil
            if let at = state.againAt ?? doubtAt, at <= now { (state.againAt, state.isDemanded) = (nil, true) }
            if isWanted, !state.report.isFetching { state.isDemanded = true }
            guard displaced, state.report.isFetching else { return nil as RetainedSetFetcher? }
            // It would end the main connection each time.
            state.isDemanded = true
            return state.fetcher.take()
        }
        fetcher?.stop()
        startIfDue()
    }

    func stop() {
        let fetcher = state.withLock { state in
            state.isStopping = true
            return state.fetcher.take()
        }
        fetcher?.stop()
    }

    private func startIfDue() {
        let waited = state.withLock { state in
            state.isDemanded && !state.isStopping
                ? state.subscribed?.since.duration(to: MonotonicClock.now()) : nil
        }
        guard let waited, watch.mayStartClean(waited: waited) else { return }
        let (old, subscribed) = state.withLock { state -> (RetainedSetFetcher?, Subscribed?) in
            guard state.isDemanded, !state.isStopping, let subscribed = state.subscribed else { return (nil, nil) }
            // Cleared here and not when the fetch ends, because a policy that changes meanwhile needs another fetch.
            state.isDemanded = false
            state.fetched = subscribed.filters
            return (state.fetcher.take(), subscribed)
        }
        old?.stop()
        if let subscribed, !subscribed.filters.isEmpty { fetch(subscribed) }
    }

    private func fetch(_ subscribed: Subscribed) {
        let before = intake.retainedCount
        let began = intake.beginFetch()
        do {
            let fetcher = try RetainedSetFetcher(
                settings, filters: subscribed.filters,
                received: { [weak self] in self?.intake.acceptFetched($0, since: began) },
                faulted: { [faults] in faults.note($0) },
                doubts: { [weak self] in self?.doubts(of: subscribed, since: began) ?? RetainedDoubts() },
                finished: { [weak self] in self?.finished($0, of: subscribed, since: began, before: before) })
            let (starts, other) = state.withLock { state -> (Bool, RetainedSetFetcher?) in
                guard !state.isStopping else { return (false, nil) }
                let other = state.fetcher.take()
                state.fetcher = fetcher
                return (true, other)
            }
            other?.stop()
            guard starts else { return }
            state.withLock { $0.report.isFetching = true }
            try fetcher.start()
        } catch {
            failed("\(error)")
        }
    }

    // On the fetcher's thread.

    /// If the fetch may lack values, an absent value does not show that it was deleted.
    private func doubts(of subscribed: Subscribed, since began: Stamp) -> RetainedDoubts {
        subscribed.isWhole ? reconciler.doubts(since: began) : RetainedDoubts()
    }

    private func finished(
        _ report: RetainedSetReport, of subscribed: Subscribed, since began: Stamp, before: Int
    ) {
        switch report.failure {
        case nil: break
        case .stopped: return state.withLock { $0.report.isFetching = false }
        case .tooManyTopics: return failed("there are more topics than it may hold")
        case .stalled(let error): return failed(error?.description ?? "the broker sent nothing for too long")
        }
        let alarm = report.isComplete ? nil : Self.shortfall(report)
        state.withLock { state in
            state.report.isFetching = false
            state.report.topics = report.topics
            state.report.alarm = alarm
            state.endedAt = MonotonicClock.now()
            state.isDoubtful = !report.isComplete
        }
        watch.fetched(topics: report.topics, before: before, version: subscribed.version)
        if let alarm { log.error("retained.shortfall", alarm) }
        log.notice(
            "retained.fetched", "the retained set is in",
            ["topics": .number(report.topics), "slices": .number(report.slices)])
        if report.isComplete, subscribed.isWhole { reconciler.reconcile(since: began, report) }
        intake.beginSnapshots()
    }

    private func failed(_ reason: String) {
        state.withLock { state in
            state.report.isFetching = false
            state.againAt = MonotonicClock.now().advanced(by: Self.pause)
            state.report.alarm = "the retained set could not be fetched: \(reason)"
        }
        log.warning("retained.failed", "the retained set could not be fetched; trying again", ["reason": .text(reason)])
    }

    private static func shortfall(_ report: RetainedSetReport) -> String {
        var parts: [String] = []
        if !report.refused.isEmpty { parts.append("refused: \(report.refused.prefix(3).joined(separator: ", "))") }
        if !report.unproven.isEmpty {
            parts.append("may be incomplete: \(report.unproven.prefix(3).joined(separator: ", "))")
        }
        return "the retained set may lack values (\(parts.joined(separator: "; ")))"
    }
}
