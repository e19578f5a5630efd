internal import DiodeProtocol
internal import EventLog
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

        /// What an operator should know of it, in one line.
        var alarm: String? {
            guard let withheld, withheld > 0 else { return nil }
            return "the OT broker withholds \(withheld) retained topics: it counts more than it lets the sender see"
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
    }

    private let settings: ConnectionSettings
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
        settings.cleanStart = true
        settings.sessionExpiry = .zero
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

    /// Starts to connect, and goes on until `stop`.
    func start() throws(ConnectionError) {
        let observer = Connection.Observer(
            changed: { [weak self] in self?.changed($0) }, received: { [weak self] in self?.received($0) })
        let connection = try Connection(settings, observer: observer)
        state.withLock { $0.connection = connection }
        do throws(SystemError) { try connection.start() } catch { throw .network(error) }
    }

    var report: Report {
        state.withLock { Report(dropped: $0.isTold ? $0.stated : nil, withheld: $0.shortfall.withheld) }
    }

    /// A fetch of everything has found so many topics. Without MQTT 5 nobody knows what is retained later on.
    func fetched(topics: Int, version: ProtocolVersion?) {
        guard isEverything, version == .v5 else { return }
        let retained = intake.retainedCount
        state.withLock { $0.shortfall.fetched(topics: topics, retained: retained) }
    }

    /// Until when this sender, or the one before it, was subscribed; nil if it never was, or is.
    var subscribedUntil: UnixMilliseconds? { state.withLock { $0.isSubscribed ? nil : $0.subscribedUntil } }

    /// For the journal: `until:dropped:at:began`, or only `until`.
    var note: String {
        let known = state.withLock { $0.safe }
        guard let until = known.subscribedUntil else { return "" }
        return "\(until.rawValue)" + (known.mark.map { ":" + $0.text } ?? "")
    }

    /// The main session is there.
    /// - Parameter resumed: the broker kept it. Otherwise what came meanwhile was kept for nobody, and not counted.
    func sessionBegan(resumed: Bool, at now: UnixMilliseconds) {
        let lost = state.withLock { state in
            let until = state.subscribedUntil
            state.isSubscribed = true
            state.isSessionNew = !resumed
            return resumed ? nil : until
        }
        if let lost { tell(BrokerDrop(reason: .sessionLost, from: min(lost, now), to: now, records: nil)) }
    }

    /// The main session's connection is gone.
    func sessionEnded(at now: UnixMilliseconds) {
        state.withLock { state in
            if state.isSubscribed { state.subscribedUntil = now }
            state.isSubscribed = false
        }
    }

    /// What was stated a second ago is journalled by now, and need not be stated again. Call it about each second.
    func tick() {
        let now = UnixClock.now()
        state.withLock { state in
            state.safe = state.next
            state.next = Self.known(state, now)
        }
    }

    /// Ends the connection. What was stated until now will be journalled.
    func stop() {
        let now = UnixClock.now()
        let connection = state.withLock { state in
            state.safe = Self.known(state, now)
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
        case .disconnected:
            state.withLock { state in
                state.drops.disconnected()
                state.shortfall.disconnected()
            }
        case .connected:
            // A refusal is the broker's right: then it does not tell.
            _ = try? state.withLock { $0.connection }?.subscribe(
                (isEverything ? Topic.own : [Topic.uptime, Topic.dropped]).map {
                    Subscription($0, qos: .atMostOnce, retainAsPublished: false, retainHandling: .send)
                })
        }
    }

    private func received(_ batch: InboundBatch) {
        let now = UnixClock.now()
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
        if let alarm = Report(withheld: withheld).alarm {
            log.error("retained.withheld", alarm)
        } else {
            log.notice("retained.withheld", "the OT broker withholds nothing any more")
        }
    }

    private func hear(uptimeSeconds: UInt64, at now: UnixMilliseconds) -> [BrokerDrop] {
        state.withLock { state in
            // What became of the session is known first.
            guard state.isSubscribed else { return [] }
            let found = state.drops.hear(uptimeSeconds: uptimeSeconds, at: now)
            guard state.drops.isTold else { return found }
            state.isTold = true
            defer { state.isSessionNew = false }
            return found.filter { $0.reason != .restarted || !state.isSessionNew }
        }
    }

    private func tell(_ drop: BrokerDrop) {
        state.withLock { $0.stated += min(drop.records ?? 0, 1 << 40) }
        log.error(
            "broker.dropped", "the OT broker lost messages before they could be read (\(drop.reason))",
            [
                "from": .text(CalendarTime.text(drop.from)), "to": .text(CalendarTime.text(drop.to)),
                "records": .text(drop.records.map { "\($0)" } ?? "unknown"),
            ])
        intake.note(drop)
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
