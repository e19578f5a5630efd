public import Account
public import DiodeProtocol
internal import JSON
internal import MQTT
internal import MQTTProtocol
public import Time

/// What the IT broker's consumers are told about a link, retained at `diode/<link>/status`.
public struct LinkStatus: Sendable, Equatable {
    /// Whether values can be trusted as current.
    public var state: LinkState
    /// Since when.
    public var since: UnixMilliseconds?
    /// The newest decided record.
    public var decided: Stamp?
    /// Records in open gaps.
    public var missing: UInt64
    /// Whether the replica equals the sender's; nil until the first comparison.
    public var digestMatches: Bool?
    /// The signed head of the ledger; nil while there is none.
    public var head: String?
    /// The public half of the key that signed it, in base64.
    public var auditKey: String?
    /// Why it is not online, and what to do about it; empty while it is.
    public var reason, advice: String
    /// How late beats come; nil before that could be measured.
    public var lag: Duration?

    public init(
        state: LinkState, since: UnixMilliseconds? = nil, decided: Stamp? = nil, missing: UInt64 = 0,
        digestMatches: Bool? = nil, head: String? = nil, auditKey: String? = nil, reason: String = "",
        advice: String = "", lag: Duration? = nil
    ) {
        self.state = state
        self.since = since
        self.decided = decided
        self.missing = missing
        self.digestMatches = digestMatches
        self.head = head
        self.auditKey = auditKey
        self.reason = reason
        self.advice = advice
        // Whole seconds: what changes by less is no news.
        self.lag = lag.map { .seconds(Int64(clamping: $0.milliseconds / 1_000)) }
    }

    /// One JSON object. Only reason and advice may need an escape: the rest are numbers, words of ours, times, and base64.
    var json: String {
        let time = since.map { "\"\(CalendarTime.text($0))\"" } ?? "null"
        let epoch = decided.map { String($0.epoch.rawValue) } ?? "null"
        let sequence = decided.map { String($0.sequence.rawValue) } ?? "null"
        let digest = digestMatches.map { String($0) } ?? "null"
        let head = head.map { "\"\($0)\"" } ?? "null"
        let key = auditKey.map { "\"\($0)\"" } ?? "null"
        let late = lag.map { String($0.milliseconds / 1_000) } ?? "null"
        return "{\"state\":\"\(state.wordOnBroker)\",\"since\":\(time),\"epoch\":\(epoch),\"sequence\":\(sequence),"
            + "\"missing\":\(missing),\"digest_matches\":\(digest),\"head\":\(head),\"audit_key\":\(key),"
            + "\"reason\":\(JSONValue.quoted(reason)),\"advice\":\(JSONValue.quoted(advice)),\"lag_seconds\":\(late)}"
    }
}

/// What consumers are told at `diode/<link>/gap`: when the first gap of an episode opens, and when all are decided.
extension GapEpisode {
    /// One JSON object. `epoch`, `first_sequence` and `last_sequence` are the first run's.
    var json: String {
        let closed = closedAt.map { "\"\(CalendarTime.text($0))\"" } ?? "null"
        let healed = healedBy.map { "\"\($0.wordOnBroker)\"" } ?? "null"
        let list = runs.prefix(LinkStatusPublisher.runLimit).map {
            "[\($0.epoch.rawValue),\($0.firstSequence.rawValue),\($0.lastSequence.rawValue)]"
        }.joined(separator: ",")
        return "{\"id\":\(id),\"epoch\":\(runs.first?.epoch.rawValue ?? 0),"
            + "\"first_sequence\":\(runs.first?.firstSequence.rawValue ?? 0),"
            + "\"last_sequence\":\(runs.first?.lastSequence.rawValue ?? 0),\"records\":\(records),"
            + "\"gaps\":\(runs.count),\"runs\":[\(list)],"
            + "\"state\":\"\(state.wordOnBroker)\",\"cause\":\"\(cause.wordOnBroker)\",\"healed_by\":\(healed),"
            + "\"opened_at\":\"\(CalendarTime.text(openedAt))\",\"closed_at\":\(closed),"
            + "\"missing\":\(missing),\"lost\":\(lost)}"
    }
}

/// Keeps `diode/<link>/status` true: retained, published at each change of state and now and then beside, and *offline* by the
/// connection's will when this process vanishes. Gap notices go to `diode/<link>/gap`, not retained.
///
/// Bounded: the newest status, and 256 notices; beyond that the oldest notice is dropped and counted.
struct LinkStatusPublisher: Sendable {
    static let noticeLimit = 256
    /// Runs that a notice lists; it counts all.
    static let runLimit = 100
    /// How often the numbers of an unchanged state are published.
    static let refresh = Duration.seconds(10)

    let statusTopic: String
    let gapTopic: String
    private var status = LinkStatus(state: .offline)
    private var published: LinkStatus?
    private var publishedAt: MonotonicInstant?
    private var notices: [GapEpisode] = []
    private(set) var droppedNotices: UInt64 = 0

    init(link: String) {
        statusTopic = "diode/\(link)/status"
        gapTopic = "diode/\(link)/gap"
    }

    /// What the IT broker publishes if this process vanishes.
    var will: Will {
        Will(
            topic: statusTopic,
            payload: Array(
                LinkStatus(
                    state: .offline, reason: "the receiver vanished, or the IT broker lost it",
                    advice: "look at diode-recv and its connection to the IT broker"
                ).json.utf8), retain: true)
    }

    mutating func set(_ status: LinkStatus) { self.status = status }

    mutating func note(_ notice: GapEpisode) {
        if notices.count == Self.noticeLimit {
            notices.removeFirst()
            droppedNotices += 1
        }
        notices.append(notice)
    }

    /// A connection came: the broker may have published the will.
    mutating func connectionBegan() {
        published = nil
        publishedAt = nil
    }

    /// When there is something to publish, if nothing changes before.
    var nextDeadline: MonotonicInstant? {
        guard status != published, let publishedAt else { return nil }
        return publishedAt.advanced(by: Self.refresh)
    }

    /// What is to be published now: the status if its state or cause changed or its numbers are due, and all notices.
    mutating func due(now: MonotonicInstant) -> [(topic: String, payload: [UInt8], retain: Bool)] {
        var messages = notices.map { (topic: gapTopic, payload: Array($0.json.utf8), retain: false) }
        notices = []
        let isDue = publishedAt.map { $0.advanced(by: Self.refresh) <= now } ?? true
        // Each cause has an advice of its own: another one is news, a reason whose numbers have changed is none.
        let isNews = status.state != published?.state || status.advice != published?.advice
        if isNews || (status != published && isDue) {
            messages.append((topic: statusTopic, payload: Array(status.json.utf8), retain: true))
            published = status
            publishedAt = now
        }
        return messages
    }

    /// The status once more, whether it is due or not.
    var current: (topic: String, payload: [UInt8]) { (statusTopic, Array((published ?? status).json.utf8)) }

    /// The status of an orderly goodbye.
    func goodbye(time: UnixMilliseconds) -> (topic: String, payload: [UInt8]) {
        var last = status
        last.state = .offline
        last.since = time
        (last.reason, last.advice) = ("the receiver was stopped", "start diode-recv")
        return (statusTopic, Array(last.json.utf8))
    }
}
