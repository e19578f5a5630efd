internal import Datagrams
internal import DiodeProtocol
internal import JSON
internal import MQTT
internal import Sparkplug
internal import Storage
internal import Threading
internal import Time

/// What the sender knows of itself at one moment, for the control socket and the beat.
struct SenderStatus: Sendable {
    var at: UnixMilliseconds
    var link: Condition
    var sender: Condition
    var newest: Stamp
    var incarnation: Incarnation
    var fingerprint: String
    var topics: Int
    var counters: SenderCore.Counters
    /// Values that wait for the rate of their rule.
    var waiting: Int
    var emitter: FrameEmitter.Counters
    var broker: Subscriber.Report
    var journal: JournalReport
    var echo: EchoPlayer.Report
    var edgeNodes: (report: SparkplugReport, alarm: String?)
    var unsentBlocks: Int
    /// Whether room on the disk is kept back for the next epoch.
    var isReserveHeld: Bool
    /// What the OT broker dropped by its own count and was stated; nil where it does not tell.
    var brokerDropped: UInt64?
    /// Retained topics that the broker keeps from us, by its own count; nil where that cannot be known.
    var withheld: Int?
    var reach: JournalReach

    /// What an operator should know, one line each; the beat carries them to the other side.
    var alarms: [String] {
        let echoAlarm = echo.failure.map { "blocks cannot be read back to be repeated: \($0)" }
        let paths = emitter.paths.compactMap { path in path.failure.map { "path \(path.path): \($0)" } }
        return [journal.alarm, echoAlarm, reach.alarm, edgeNodes.alarm].compactMap(\.self) + paths + broker.alarms
    }

    /// The answer to `diode-send status`: four objects, and the numbers behind them.
    var json: JSONValue {
        [
            "link": link.json, "sender": sender.json, "ot_broker": otBroker.json, "it_broker": itBroker.json,
            "at": .text(CalendarTime.text(at)), "fingerprint": .text(fingerprint),
            "epoch": .number(newest.epoch.rawValue), "incarnation": .text(String(incarnation.rawValue, radix: 16)),
            "sequence": .number(newest.sequence.rawValue), "topics": .number(topics), "records": records,
            "filtered": filtered, "emitted": emitted, "journal": journalled, "echo": echoed,
            "subscription": subscription, "sparkplug": edgeNodes.report.json, "reach": reached,
            "alarms": .array(alarms.map { .text($0) }),
            "notes": .array(
                [.text("journal    \(reach.journalText)"), .text("echo       \(echoWords)")] + sparkplugNote),
        ]
    }

    /// One line, where there are edge nodes at all.
    private var sparkplugNote: [JSONValue] {
        let report = edgeNodes.report
        guard report.nodes > 0 else { return [] }
        let faults = report.faults.values.reduce(0, +)
        let unsure = report.incomplete > 0 ? ", \(report.incomplete) not sure of their state" : ""
        return [
            .text(
                "sparkplug  \(report.nodes) edge nodes, \(report.born) alive, \(report.devices) devices,"
                    + " \(report.metrics) metrics\(unsure); \(faults) faults tolerated")
        ]
    }

    private var otBroker: Condition {
        Condition(broker.isOnline ? .online : .offline, since: broker.since, reason: broker.reason)
    }

    /// Nothing comes back over a diode: the receiver's status tells of this one.
    private var itBroker: Condition {
        Condition(.unknown, since: link.since, reason: "a diode carries nothing back; ask the receiver")
    }

    private var records: JSONValue {
        [
            "received": .number(counters.received), "taken": .number(counters.records),
            "shed": .number(counters.shed), "known": .number(counters.known),
            "repeated": .number(counters.repeated), "beats": .number(counters.beats),
            "checkpoints": .number(counters.checkpoints), "waiting": .number(waiting),
        ]
    }

    private var filtered: JSONValue {
        .object(
            ExportPolicy.Refusal.allCases.map { JSONValue.Member($0.word, .number(counters.filtered[$0.rawValue])) })
    }

    private var emitted: JSONValue {
        [
            "transmissions": .number(emitter.transmissions), "frames": .number(emitter.frames),
            "bytes": .number(emitter.bytes), "refused_frames": .number(emitter.refusedFrames),
            "signing_failures": .number(emitter.signingFailures), "unsent_blocks": .number(unsentBlocks),
            "paths": .array(
                emitter.paths.map { path in
                    [
                        "to": .text(path.path), "frames": .number(path.counters.sent),
                        "dropped": .number(path.counters.dropped), "pauses": .number(path.counters.pauses),
                        "failure": .optional(path.failure),
                    ]
                }),
        ]
    }

    private var journalled: JSONValue {
        [
            "durable": .flag(journal.failure == nil), "failure": .optional(journal.failure?.description),
            "backlog_blocks": .number(journal.backlogBlocks), "used_bytes": .number(journal.usedBytes),
            "limit_bytes": .number(journal.limitBytes), "full": .flag(journal.isFull),
            "reserve_held": .flag(isReserveHeld),
            "floor": .optional(journal.floor.map { "\($0.epoch.rawValue):\($0.sequence.rawValue)" }),
            "unjournalled_records": .number(journal.unjournalledRecords), "commit_us": Self.latency(journal.commits),
            "sync_us": Self.latency(journal.syncs),
        ]
    }

    private var echoed: JSONValue {
        [
            "blocks": .array(echo.echoed.map { .number($0) }), "shed": .number(echo.shed),
            "late_ms": .array(echo.lags.map { .number($0.milliseconds) }), "resent": .number(echo.resent),
            "resends_waiting": .number(echo.resendsWaiting),
            "failure": .optional(echo.failure?.description),
        ]
    }

    private var reached: JSONValue {
        [
            "held_seconds": Self.seconds(reach.held),
            "bytes_per_second": reach.bytesPerSecond.map { .number($0) } ?? .null,
            "journal_seconds": Self.seconds(reach.journal), "echo_seconds": Self.seconds(reach.echo),
            "repetitions": .number(reach.scheduled), "room_for_repetitions": reach.room.map { .number($0) } ?? .null,
        ]
    }

    /// Where an echo is late by more than a second, it reaches back no further than that allows.
    private var echoWords: String {
        let late = echo.lags.max() ?? .zero
        return reach.echoText + (late > .seconds(1) ? "; late by \(late.components.seconds) s" : "")
    }

    private static func seconds(_ duration: Duration?) -> JSONValue {
        duration.map { .number($0.components.seconds) } ?? .null
    }

    private static func latency(_ histogram: LatencyHistogram) -> JSONValue {
        [
            "count": .number(histogram.count), "p50": .number(histogram.microseconds(share: 0.5)),
            "p99": .number(histogram.microseconds(share: 0.99)),
        ]
    }

    private var subscription: JSONValue {
        [
            "mqtt": .optional(broker.version?.description), "fetching": .flag(broker.isFetching),
            "retained_topics": broker.retainedTopics.map { .number($0) } ?? .null,
            "retained_withheld": withheld.map { .number($0) } ?? .null,
            "broker_dropped": brokerDropped.map { .number($0) } ?? .null,
            "alarms": .array(broker.alarms.map { .text($0) }),
        ]
    }
}
