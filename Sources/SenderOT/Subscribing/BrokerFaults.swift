internal import EventLog
internal import MQTT
internal import MQTTProtocol
internal import Threading
internal import Time

/// How the OT broker breaks MQTT: what the client got past, and what ended connections.
///
/// ```text
/// Subscriber, fetch: a batch's faults ─▶ counted by kind ─▶ status
///                    messages lost ────▶ alarm, log          (the audit has them: ot-broker, malformed)
///                    the rest ─────────▶ alarm
/// connection ended by a breach, again ─▶ alarm
/// ```
final class BrokerFaults: Sendable {
    /// How it is, for status and beat.
    struct Report: Sendable {
        let tally: FaultTally
        /// What an operator should know, one line each.
        let alarms: [String]
    }

    private struct State {
        var tally = FaultTally()
        var toleratedAt: MonotonicInstant?
        var lostAt: MonotonicInstant?
        /// The breach that has ended connections, how often in a row, and when last.
        var breach: (text: String, count: Int, at: MonotonicInstant)?
        var loggedAt: MonotonicInstant?
    }

    /// How long an alarm stays after what it tells of has happened last.
    private static let alarmTime = Duration.seconds(900)
    /// Between two log lines at least.
    private static let logPause = Duration.seconds(10)

    private let log: EventLog
    private let state = Lock(State())

    init(log: EventLog) { self.log = log }

    /// Counts what one read brought.
    func note(_ faults: FaultTally) {
        guard !faults.isEmpty else { return }
        let now = MonotonicClock.now()
        let isLogged = state.withLock { state in
            state.tally.add(faults)
            if faults.lost != nil { state.lostAt = now }
            if faults.tolerated != nil { state.toleratedAt = now }
            if let last = state.loggedAt, now < last.advanced(by: Self.logPause) { return false }
            state.loggedAt = now
            return true
        }
        guard isLogged else { return }
        if let lost = faults.lost {
            log.error(
                "broker.malformed", "the OT broker delivered what is no message; it is lost by name", Self.fields(lost))
        } else if let tolerated = faults.tolerated {
            log.warning("broker.fault", "the OT broker broke MQTT, and was put up with", Self.fields(tolerated))
        }
    }

    /// Whether the broker has claimed a session that cannot be there: what it says of another one is not to be relied on.
    var hasInventedSession: Bool { state.withLock { $0.tally[.session] > 0 } }

    /// A connection has ended.
    func ended(by error: ConnectionError) {
        guard case .session(let fault) = error, fault.isBreach else { return }
        let now = MonotonicClock.now()
        state.withLock { state in
            let text = fault.description
            let before = state.breach.map { $0.text == text ? $0.count : 0 } ?? 0
            state.breach = (text, before + 1, now)
        }
    }

    var report: Report {
        let now = MonotonicClock.now()
        return state.withLock { state in
            func isRecent(_ moment: MonotonicInstant?) -> Bool {
                moment.map { now < $0.advanced(by: Self.alarmTime) } ?? false
            }
            var alarms: [String] = []
            if let breach = state.breach, breach.count > 1, isRecent(breach.at) {
                alarms.append("the OT broker has ended \(breach.count) connections in the same way: \(breach.text)")
            }
            if isRecent(state.lostAt), let lost = state.tally.lost {
                alarms.append(
                    "the OT broker delivered \(state.tally.lostCount) packets that are no messages; they are lost by name"
                        + " (ot-broker, malformed), the last one: \(Self.words(lost))")
            }
            if isRecent(state.toleratedAt), let tolerated = state.tally.tolerated {
                alarms.append(
                    "the OT broker has broken MQTT \(state.tally.toleratedCount) times in ways that are put up with,"
                        + " the last time: \(Self.words(tolerated))")
            }
            return Report(tally: state.tally, alarms: alarms)
        }
    }

    private static func words(_ sample: FaultTally.Sample) -> String {
        "\(sample.fault.word) in a \("\(sample.packet)".uppercased()) of \(sample.packetBytes) bytes, \(hexadecimal(sample))"
    }

    private static func fields(_ sample: FaultTally.Sample) -> KeyValuePairs<String, EventField> {
        [
            "fault": .text(sample.fault.word), "packet": .text("\(sample.packet)".uppercased()),
            "bytes": .number(sample.packetBytes), "begins": .text(hexadecimal(sample)),
        ]
    }

    private static func hexadecimal(_ sample: FaultTally.Sample) -> String {
        sample.firstBytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension SessionError {
    /// Whether the server has broken MQTT, so that the connection could not go on.
    fileprivate var isBreach: Bool {
        switch self {
        case .malformed, .violation: true
        case .refused, .disconnected, .silent: false
        }
    }
}
