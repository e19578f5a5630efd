internal import DatagramEmission
internal import DiodeProtocol
internal import JSON
internal import MQTT
internal import MQTTProtocol
internal import SenderOTCore
internal import SenderOTEmission
internal import SenderOTJournal
internal import Sparkplug
internal import Storage
internal import Threading
internal import Time

/// The answer to `diode-send status`: a report of the sender as four objects, and the numbers behind them.
struct SenderStatus {
    private let report: SenderReport
    private var parts: SenderReport.Parts { report.parts }

    init(_ report: SenderReport) { self.report = report }

    var json: JSONValue {
        [
            "link": report.conditions.link.json, "sender": report.conditions.sender.json,
            "ot_broker": report.otBroker.json, "it_broker": itBroker.json,
            "advice": .text(report.advice),
            "at": .text(CalendarTime.text(parts.at)), "fingerprint": .text(parts.fingerprint),
            "epoch": .number(parts.core.newest.epoch.rawValue),
            "incarnation": .text(String(parts.incarnation.rawValue, radix: 16)),
            "sequence": .number(parts.core.newest.sequence.rawValue), "topics": .number(parts.core.topics),
            "records": records,
            "filtered": filtered, "emitted": emitted, "journal": journalled, "echo": echoed,
            "subscription": subscription, "sparkplug": parts.core.edgeNodes.json, "reach": reached,
            "alarms": .array(report.alarms.map { .text($0) }),
            "notes": .array(
                [.text("journal    \(parts.reach.journalText)"), .text("echo       \(echoWords)")] + sparkplugNote),
        ]
    }

    /// One line, where there are edge nodes at all.
    private var sparkplugNote: [JSONValue] {
        let edgeNodes = parts.core.edgeNodes
        guard edgeNodes.nodes > 0 else { return [] }
        let faults = edgeNodes.faults.values.reduce(0, +)
        let unsure = edgeNodes.incomplete > 0 ? ", \(edgeNodes.incomplete) not sure of their state" : ""
        return [
            .text(
                "sparkplug  \(edgeNodes.nodes) edge nodes, \(edgeNodes.born) alive, \(edgeNodes.devices) devices,"
                    + " \(edgeNodes.metrics) metrics\(unsure); \(faults) faults tolerated")
        ]
    }

    /// Nothing comes back over a diode: the receiver's status tells of this one.
    private var itBroker: Condition {
        Condition(
            .unknown, since: report.conditions.link.since, reason: "a diode carries nothing back; ask the receiver")
    }

    private var records: JSONValue {
        [
            "received": .number(parts.core.counters.received), "taken": .number(parts.core.counters.records),
            "shed": .number(parts.core.counters.shed), "known": .number(parts.core.counters.known),
            "repeated": .number(parts.core.counters.repeated), "beats": .number(parts.core.counters.beats),
            "checkpoints": .number(parts.core.counters.checkpoints), "waiting": .number(parts.core.waiting),
        ]
    }

    private var filtered: JSONValue {
        .object(
            ExportPolicy.Refusal.allCases.map {
                JSONValue.Member($0.word, .number(parts.core.counters.filtered[$0.rawValue]))
            })
    }

    private var emitted: JSONValue {
        [
            "transmissions": .number(parts.emitter.transmissions), "frames": .number(parts.emitter.frames),
            "bytes": .number(parts.emitter.bytes), "refused_frames": .number(parts.emitter.refusedFrames),
            "signing_failures": .number(parts.emitter.signingFailures), "unsent_blocks": .number(parts.unsentBlocks),
            "paths": .array(
                parts.emitter.paths.map { path in
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
            "durable": .flag(parts.journal.failure == nil), "failure": .optional(parts.journal.failure?.description),
            "backlog_blocks": .number(parts.journal.backlogBlocks), "used_bytes": .number(parts.journal.usedBytes),
            "limit_bytes": .number(parts.journal.limitBytes), "full": .flag(parts.journal.isFull),
            "reserve_held": .flag(parts.isReserveHeld),
            "floor": .optional(parts.journal.floor.map { "\($0.epoch.rawValue):\($0.sequence.rawValue)" }),
            "unjournalled_records": .number(parts.journal.unjournalledRecords),
            "commit_us": Self.latency(parts.journal.commits),
            "sync_us": Self.latency(parts.journal.syncs),
        ]
    }

    private var echoed: JSONValue {
        [
            "blocks": .array(parts.echo.echoed.map { .number($0) }), "shed": .number(parts.echo.shed),
            "late_ms": .array(parts.echo.lags.map { .number($0.milliseconds) }), "resent": .number(parts.echo.resent),
            "resends_waiting": .number(parts.echo.resendsWaiting),
            "failure": .optional(parts.echo.failure?.description),
        ]
    }

    private var reached: JSONValue {
        [
            "held_seconds": Self.seconds(parts.reach.held),
            "bytes_per_second": parts.reach.bytesPerSecond.map { .number($0) } ?? .null,
            "journal_seconds": Self.seconds(parts.reach.journal), "echo_seconds": Self.seconds(parts.reach.echo),
            "reach_seconds": Self.seconds(parts.reach.reach),
            "disk_scarce_bytes": parts.reach.scarceBytes.map { .number($0) } ?? .null,
            "repetitions": .number(parts.reach.scheduled),
            "room_for_repetitions": parts.reach.room.map { .number($0) } ?? .null,
        ]
    }

    /// Where an echo is late by more than a second, it reaches back no further than that allows.
    private var echoWords: String {
        let late = parts.echo.lags.max() ?? .zero
        return parts.reach.echoText + (late > .seconds(1) ? "; late by \(late.components.seconds) s" : "")
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
            "mqtt": .optional(parts.broker.version?.description), "fetching": .flag(parts.broker.isFetching),
            "retained_topics": parts.broker.retainedTopics.map { .number($0) } ?? .null,
            "retained_withheld": parts.losses.withheld.map { .number($0) } ?? .null,
            "session_expiry_seconds": parts.broker.sessionExpirySeconds.map { .number($0) } ?? .null,
            "broker_dropped": parts.losses.dropped.map { .number($0) } ?? .null,
            "faults": .object(
                ProtocolFault.allCases.map { JSONValue.Member($0.word, .number(parts.faults.tally[$0])) }),
            "alarms": .array(report.brokerAlarms.map { .text($0) }),
        ]
    }
}
