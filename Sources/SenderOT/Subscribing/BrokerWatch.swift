internal import DiodeProtocol
internal import EventLog
internal import Glibc
internal import KeyFiles
internal import MQTT
internal import MQTTProtocol
internal import SenderOTCore
internal import Threading
internal import Time

/// Watches for what the OT broker loses by itself: by its own count, over a connection of its own, and by what became of the
/// session that keeps messages for the sender (ADR 0012).
///
/// ```text
/// $SYS/broker/uptime, …/publish/messages/dropped ─▶ BrokerDrops ─▶ ┐
/// Subscriber: session resumed, lost ─────────────────────────────▶ ┴ BrokerDrop ─▶ Intake
/// ```
///
/// A broker that does not let us read `$SYS`, or has none, takes nothing but the count: the connection has no part in what
/// is subscribed to. What was known is noted in the journal, so that an absence of the sender itself is counted, too.
///
/// It is also the first connection beside the main one, and so the one that finds out whether the broker takes both for one client
/// (OwnConnections). Under MQTT 5 it resumes whatever session there is for it and lets the broker keep that for a moment, so that it
/// never destroys what the main one's session holds.
final class BrokerWatch: Sendable {
    private enum Topic {
        static let uptime = "$SYS/broker/uptime"
        static let dropped = "$SYS/broker/publish/messages/dropped"
        static let retained = "$SYS/broker/retained messages/count"
        /// What `#` does not bring, and the count of retained messages includes.
        static let own = ["$SYS/#", "$sparkplug/#"]
    }

    /// How it is, for status and beat.
    struct Report: Sendable, Equatable {
        /// What the broker dropped and was stated, since the start; nil until the broker tells.
        var dropped: UInt64?
        /// Retained topics that the last fetch did not find; nil where that cannot be known.
        var withheld: Int?
        /// The broker takes our connections for one client.
        var displacement: String?
        /// The broker ends the connection that asks what it drops.
        var isUntold = false

        /// What an operator should know of it, one line each.
        var alarms: [String] {
            [displacement, isUntold ? BrokerWatch.untold : nil, withheld.flatMap(BrokerWatch.words)]
                .compactMap(\.self)
        }
    }

    /// What is noted in the journal.
    private struct Known: Sendable {
        /// Until when the sender was subscribed; nil if it never was.
        var subscribedUntil: UnixMilliseconds?
        var mark: BrokerDrops.Mark?
    }

    private struct State {
        var drops: BrokerDrops
        var shortfall = RetainedShortfall()
        var connection: Connection?
        var own = OwnConnections()
        var isConnected = false
        /// Whether the broker's topics are subscribed to.
        var isListening = false
        /// SUBSCRIBEs for them without an answer.
        var asked = 0
        /// How often in a row the broker has ended the connection instead of an answer.
        var askedInVain = 0
        /// When it is asked again after that.
        var askAgainAt: MonotonicInstant?
        var isStopping = false
        /// What the main session speaks.
        var version = ProtocolVersion.v5
        var isSubscribed = false
        /// A restart of the broker is stated already, by the session that it lost.
        var isSessionNew = false
        /// Until when the sender was subscribed, where it is not.
        var subscribedUntil: UnixMilliseconds?
        var stated: UInt64 = 0
        var isTold = false
        /// What may be noted: the statements that it presupposes are journalled. `next` will be in a second.
        var safe: Known
        var next: Known

        /// Questions for the broker's topics were answered, whatever it said.
        mutating func answered(_ count: Int) {
            asked = max(0, asked - count)
            if asked == 0 { (askedInVain, askAgainAt) = (0, nil) }
        }

        /// This connection is gone: what the next one tells, it tells from the beginning.
        mutating func disconnected() {
            drops.disconnected()
            shortfall.disconnected()
            (isConnected, isListening, asked) = (false, false, 0)
        }
    }

    /// How long the broker keeps this connection's session: longer than the main one needs to take it back, where the two are one.
    private static let sessionExpiry = Duration.seconds(5)
    private static let displacement =
        "the OT broker takes all our connections for one client (is the client identifier made from user or certificate?):"
        + " retained values are not fetched, and what the broker drops is not counted"
    /// A broker that has ended the connection so often when its topics were asked for is not asked for a while.
    private static let patience = 3
    private static let pause = Duration.seconds(600)
    private static let untold =
        "the OT broker ends the connection that asks for its $SYS topics: what it drops is not counted"

    private static func words(withheld: Int) -> String? {
        withheld > 0
            ? "the OT broker withholds \(withheld) retained topics: it counts more than it lets the sender see" : nil
    }

    private let settings: ConnectionSettings
    /// Tells one start of this machine from another one.
    private let boot = BrokerWatch.bootNumber()
    /// Called once another connection may begin with an empty session.
    private let tolerated = Lock<(@Sendable () -> Void)?>(nil)
    /// Whether everything is exported, so that the broker's count of retained messages means what is fetched.
    private let isEverything: Bool
    private let intake: Intake
    private let log: EventLog
    private let state: Lock<State>

    /// - Parameters:
    ///   - settings: server and credentials, and the identity of the main session.
    ///   - filters: what the main session subscribes to.
    ///   - noted: what an earlier lifetime noted; empty before the first.
    init(_ settings: ConnectionSettings, filters: [TopicFilter], noted: String, intake: Intake, log: EventLog) {
        var settings = settings
        settings.clientIdentifier += "-watch"
        settings.will = nil
        self.settings = settings
        isEverything = filters.contains { $0.description == "#" }
        self.intake = intake
        self.log = log
        let known = Self.known(noted)
        state = Lock(
            State(
                drops: BrokerDrops(mark: known.mark), subscribedUntil: known.subscribedUntil, safe: known, next: known))
    }

    /// Connects, once the main session is there, and goes on until `stop`.
    private func start(version: ProtocolVersion) {
        var settings = settings
        // MQTT 3.1.1 would keep a session for ever.
        settings.cleanStart = version == .v3_1_1
        settings.sessionExpiry = version == .v3_1_1 ? .zero : Self.sessionExpiry
        let observer = Connection.Observer(
            changed: { [weak self] in self?.changed($0) }, received: { [weak self] in self?.received($0) })
        do {
            let connection = try Connection(settings, observer: observer)
            let isWanted = state.withLock { state in
                guard !state.isStopping, state.connection == nil else { return false }
                state.connection = connection
                return true
            }
            if isWanted { try connection.start() }
        } catch {
            log.error("broker.unwatched", "nobody counts what the OT broker drops", ["reason": .text("\(error)")])
        }
    }

    /// What to do once another connection may begin with an empty session.
    func whenTolerated(_ body: @escaping @Sendable () -> Void) { tolerated.withLock { $0 = body } }

    /// Whether another connection may begin with an empty session.
    /// - Parameter waited: the main session has been waiting for it for so long.
    func mayStartClean(waited: Duration) -> Bool {
        state.withLock { $0.own.mayStartClean(waited: waited, now: MonotonicClock.now()) }
    }

    /// Whether the broker takes our connections for one client.
    var areDisplaced: Bool { state.withLock { $0.own.areDisplaced } }

    var report: Report {
        state.withLock {
            Report(
                dropped: $0.isTold ? $0.stated : nil, withheld: $0.shortfall.withheld,
                displacement: $0.own.areDisplaced ? Self.displacement : nil, isUntold: $0.askAgainAt != nil)
        }
    }

    /// A fetch of everything has found so many topics. Without MQTT 5 nobody knows what is retained later on.
    /// - Parameter before: how many retained values were held when the fetch began.
    func fetched(topics: Int, before: Int, version: ProtocolVersion?) {
        guard isEverything, version == .v5 else { return }
        let retained = intake.retainedCount
        state.withLock { $0.shortfall.fetched(topics: topics, retained: retained, before: before) }
    }

    /// Whether a fetch seemed to lack something that another one may find.
    var wantsFetch: Bool { state.withLock { $0.shortfall.wantsFetch } }

    /// Until when this sender, or the one before it, was subscribed; nil if it never was, or is.
    var subscribedUntil: UnixMilliseconds? { state.withLock { $0.isSubscribed ? nil : $0.subscribedUntil } }

    /// For the journal: `until:dropped:at:began`, or only `until`.
    var note: String {
        let known = state.withLock { $0.safe }
        guard let until = known.subscribedUntil else { return "" }
        return "\(until.rawValue)" + (known.mark.map { ":" + $0.text } ?? "")
    }

    /// The main session is there.
    /// - Parameter grant: whether the broker kept it is in it. If not, what came meanwhile was kept for nobody, and not counted.
    func sessionBegan(_ grant: ServerGrant, at now: UnixMilliseconds) {
        let resumed = grant.sessionPresent
        let (lost, startsNow, isDisplaced) = state.withLock { state in
            let until = state.subscribedUntil
            state.isSubscribed = true
            state.isSessionNew = !resumed
            let isDisplaced = state.own.connected(.main, now: MonotonicClock.now())
            state.version = grant.version
            return (resumed ? nil : until, state.connection == nil && !state.own.areDisplaced, isDisplaced)
        }
        if let lost { tell(BrokerDrop(reason: .sessionLost, from: min(lost, now), to: now, records: nil)) }
        if startsNow { start(version: grant.version) }
        if isDisplaced { displaced() }
    }

    /// The main session's connection is gone.
    /// - Parameter isAsking: a SUBSCRIBE was open.
    func sessionEnded(_ error: ConnectionError, isAsking: Bool, at now: UnixMilliseconds) {
        let isDisplaced = state.withLock { state in
            if state.isSubscribed { state.subscribedUntil = now }
            state.isSubscribed = false
            return state.own.ended(.main, Self.ending(error, isAsking: isAsking), now: MonotonicClock.now())
        }
        if isDisplaced { displaced() }
    }

    /// What was stated a second ago is journalled by now, and need not be stated again. Call it about each second.
    func tick() {
        let now = UnixClock.now()
        let version = state.withLock { state in
            state.safe = state.next
            state.next = Self.known(state, now)
            if let at = state.askAgainAt, at <= MonotonicClock.now() {
                state.askAgainAt = at.advanced(by: Self.pause)
                (state.askedInVain, state.isListening) = (0, false)
            }
            return state.isSubscribed && state.own.retry(now: MonotonicClock.now()) ? state.version : nil
        }
        if let version { start(version: version) }
        listen()
    }

    /// The broker takes our connections for one client: this one gives way.
    private func displaced() {
        let connection = state.withLock { state in
            // A connection that is stopped tells nothing of its end.
            state.disconnected()
            return state.connection.take()
        }
        connection?.requestStop()
        log.error("broker.displaced", Self.displacement)
    }

    /// - Parameter isAsking: a SUBSCRIBE was open: a broker that closes then without a word means that.
    private static func ending(_ error: ConnectionError, isAsking: Bool) -> OwnConnections.Ending {
        let ending = OwnConnections.Ending(error)
        return isAsking && ending == .closed ? .otherwise : ending
    }

    /// Ends the connection. What was stated until now will be journalled.
    func stop() {
        let now = UnixClock.now()
        let connection = state.withLock { state in
            state.safe = Self.known(state, now)
            state.isStopping = true
            return state.connection.take()
        }
        connection?.stop()
    }

    private static func known(_ state: borrowing State, _ now: UnixMilliseconds) -> Known {
        Known(subscribedUntil: state.isSubscribed ? now : state.subscribedUntil, mark: state.drops.mark)
    }

    private static func known(_ noted: String) -> Known {
        let parts = noted.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let until = parts.first.flatMap({ UInt64($0) }), until < 1 << 62 else { return Known() }
        return Known(
            subscribedUntil: UnixMilliseconds(rawValue: until),
            mark: parts.count == 2 ? BrokerDrops.Mark(parts[1]) : nil)
    }

    // On the connection's thread.

    private func changed(_ change: ConnectionState) {
        switch change {
        case .connecting, .stopped: break
        case .disconnected(let error, _):
            let (isDisplaced, isUntold) = state.withLock { state in
                let isAsking = state.asked > 0
                if isAsking { state.askedInVain += 1 }
                let isUntold = isAsking && state.askedInVain == Self.patience
                if isUntold {
                    state.askAgainAt = MonotonicClock.now().advanced(by: Self.pause)
                }
                state.disconnected()
                let ending = Self.ending(error, isAsking: isAsking)
                return (state.own.ended(.helper, ending, now: MonotonicClock.now()), isUntold)
            }
            if isUntold { log.error("broker.untold", Self.untold, ["reason": .text(error.description)]) }
            if isDisplaced { displaced() }
        case .connected(let grant):
            let isDisplaced = state.withLock { state in
                state.isConnected = true
                let found: Bool? = grant.version == .v5 ? grant.sessionPresent : nil
                return state.own.connected(.helper, foundSession: found, now: MonotonicClock.now())
            }
            if isDisplaced { displaced() } else { listen() }
        }
    }

    /// Subscribes, once it is known that the session is this connection's own.
    private func listen() {
        let topics = isEverything ? Topic.own : [Topic.uptime, Topic.dropped]
        let (connection, asks) = state.withLock { state -> (Connection?, Bool) in
            guard state.isConnected, !state.isListening, state.own.mayStartClean(now: MonotonicClock.now()) else {
                return (nil, false)
            }
            state.isListening = true
            let asks = state.askedInVain < Self.patience
            if asks { state.asked = topics.count }
            return (state.connection, asks)
        }
        guard let connection else { return }
        // A refusal is the broker's right: then it does not tell. One filter in each SUBSCRIBE, since a broker may take no more.
        for topic in topics where asks {
            let filter = Subscription(topic, qos: .atMostOnce, retainAsPublished: false, retainHandling: .send)
            do throws(PublishRefusal) { try connection.subscribe([filter]) } catch { state.withLock { $0.asked -= 1 } }
        }
        tolerated.withLock { $0 }?()
    }

    private func received(_ batch: InboundBatch) {
        let now = UnixClock.now()
        let answers = batch.subscriptions.count
        if answers > 0 { state.withLock { $0.answered(answers) } }
        for index in 0..<batch.messageCount {
            let message = batch.message(at: index)
            let topic = message.topic.copiedText
            if isEverything { state.withLock { $0.shortfall.hear(ownTopic: topic.hashValue) } }
            guard let number = Self.number(message.payload) else { continue }
            if topic == Topic.dropped {
                state.withLock { $0.drops.hear(dropped: number) }
            } else if topic == Topic.retained {
                state.withLock { $0.shortfall.hear(count: Int(clamping: number)) }
            } else if topic == Topic.uptime, !message.retain {
                for drop in hear(uptimeSeconds: number, at: now) { tell(drop) }
                judgeFetch()
            }
        }
    }

    private func judgeFetch() {
        guard isEverything else { return }
        let retained = intake.retainedCount
        let (before, withheld) = state.withLock { ($0.shortfall.withheld, $0.shortfall.tick(retained: retained)) }
        guard let withheld, withheld != before ?? 0 else { return }
        if let alarm = Report(withheld: withheld).alarms.first {
            log.error("retained.withheld", alarm)
        } else {
            log.notice("retained.withheld", "the OT broker withholds nothing any more")
        }
    }

    private func hear(uptimeSeconds: UInt64, at now: UnixMilliseconds) -> [BrokerDrop] {
        let instant = BrokerDrops.BootInstant(boot: boot, milliseconds: UInt64(clamping: BootClock.now().milliseconds))
        return state.withLock { state in
            // What became of the session is known first.
            guard state.isSubscribed else { return [] }
            let found = state.drops.hear(uptimeSeconds: uptimeSeconds, at: now, instant)
            guard state.drops.isTold else { return found }
            state.isTold = true
            defer { state.isSessionNew = false }
            return found.filter { $0.reason != .restarted || !state.isSessionNew }
        }
    }

    private func tell(_ drop: BrokerDrop) {
        state.withLock { $0.stated += min(drop.records ?? 0, 1 << 40) }
        let (level, event, words) = Self.words(drop)
        log.write(
            level, event, words,
            [
                "from": .text(CalendarTime.text(drop.from)), "to": .text(CalendarTime.text(drop.to)),
                "records": .text(drop.isCounted ? "\(drop.records ?? 0)" : "unknown"),
            ])
        intake.note(drop)
    }

    /// What the log says. Where nobody has counted a loss, none is claimed.
    private static func words(_ drop: BrokerDrop) -> (level: EventLevel, event: String, words: String) {
        switch drop.reason {
        case .queueLimit: (.error, "broker.dropped", "the OT broker lost messages before they could be read")
        case _ where drop.isCounted:
            (.error, "broker.dropped", "the OT broker lost messages before they could be read (\(drop.reason))")
        case .sessionLost:
            (
                .warning, "broker.session_lost",
                "the OT broker kept no session: what came while the sender was away was kept for nobody, and nobody counts that"
            )
        case .restarted:
            (
                .notice, "broker.restarted",
                "the OT broker was started anew: what it held in memory alone is gone, and nobody counts that"
            )
        }
    }

    /// From the kernel's boot identifier; 0 where there is none.
    private static func bootNumber() -> UInt64 {
        guard let bytes = try? WholeFile.read("/proc/sys/kernel/random/boot_id", maximumBytes: 64) else { return 0 }
        let digits = String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self).filter { $0 != "-" }.prefix(16)
        return UInt64(digits, radix: 16) ?? 0
    }

    /// The number that a payload begins with: `123`, or `123 seconds`.
    private static func number(_ payload: RawSpan) -> UInt64? {
        guard payload.byteCount <= 40 else { return nil }
        return UInt64(payload.copiedText.prefix { $0 != " " })
    }
}

extension RawSpan {
    fileprivate var copiedText: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
}
