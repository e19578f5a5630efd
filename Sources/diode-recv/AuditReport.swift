import Commands
import DiodeProtocol
import JSON
import Ledger
import ReceiverIT

/// A snapshot judged and written down: the JSON of the contract, a table for people, and the exit code.
///
/// What a later version fills in is null or empty: nothing is claimed that nobody looked at.
struct AuditReport {
    /// How late the daemon may write when it last heard a link.
    private static let writingDelayMilliseconds: UInt64 = 2_000

    private let snapshot: AuditSnapshot
    private let silenceMilliseconds: UInt64
    private let isVerified: Bool
    private let now: UnixMilliseconds

    /// - Parameter isVerified: whether the snapshot's chain was followed.
    init(_ snapshot: AuditSnapshot, silenceTimeout: Duration, isVerified: Bool, now: UnixMilliseconds) {
        self.snapshot = snapshot
        silenceMilliseconds = UInt64(max(0, silenceTimeout / .milliseconds(1)))
        self.isVerified = isVerified
        self.now = now
    }

    /// The highest that applies to any link.
    var code: ExitCode {
        snapshot.links.map(code).max { $0.rawValue < $1.rawValue } ?? .success
    }

    var json: JSONValue {
        [
            "schema": 1, "generated_at": .text(CalendarTime.text(now)), "exit": .number(code.rawValue),
            "links": .array(snapshot.links.map(link)),
        ]
    }

    /// One paragraph a link.
    var table: String {
        var text = ""
        for link in snapshot.links {
            let totals = AuditTotals(link)
            text += "\(link.name)  \(isStale(link) ? "stale" : link.state.rawValue)"
            text += "  \(link.isBalanced ? "balanced" : "NOT BALANCED")\n"
            text +=
                "  sent \(totals.account.sent) = delivered \(totals.account.delivered) + late \(totals.account.late)"
            text += " + missing \(totals.account.missing) + lost \(totals.account.lost)\n"
            text += "  published \(totals.published), outbox \(totals.outbox), shed \(totals.shed), dead \(totals.dead)"
            text += ", folded \(totals.folded), repeated \(totals.account.repeated), pending \(link.pending)\n"
            for gap in link.gaps where gap.state != .healed {
                text += "  gap \(gap.id)  \(gap.state.rawValue)  \(gap.epoch.rawValue):\(gap.firstSequence.rawValue)-"
                text += "\(gap.lastSequence.rawValue)  \(gap.missing + gap.lost) records  \(gap.cause.rawValue)\n"
            }
            for loss in link.losses {
                text += "  lost  \(loss.layer)  \(loss.reason)  \(loss.records) records  "
                text += "\(CalendarTime.text(loss.from)) – \(CalendarTime.text(loss.to))\n"
            }
        }
        return text
    }

    // MARK: Judgement

    private func code(_ link: LinkAudit) -> ExitCode {
        if !link.isBalanced || link.equivocations > 0 || snapshot.firstDivergence != nil { return .unbalanced }
        if link.account.lost > 0 || link.losses.contains(where: { !$0.isAcknowledged }) { return .lost }
        if link.account.missing > 0 || isStale(link) { return .degraded }
        return .success
    }

    private func isStale(_ link: LinkAudit) -> Bool {
        guard let heard = link.heardUntil, link.state != .stale, link.state != .offline else { return true }
        return heard.rawValue + silenceMilliseconds + Self.writingDelayMilliseconds < now.rawValue
    }

    // MARK: JSON

    private func link(_ link: LinkAudit) -> JSONValue {
        [
            "link": .text(link.name), "fingerprint": .text(link.fingerprint), "balanced": .flag(link.isBalanced),
            "verified": isVerified ? .flag(snapshot.firstDivergence == nil) : .null, "stale": .flag(isStale(link)),
            "begins_at": link.beginsAt.map(Self.stamp) ?? .null, "heard_until": Self.time(link.heardUntil),
            "head": .text(snapshot.head.text), "totals": AuditTotals(link).json,
            "epochs": .array(link.epochs.map(Self.epoch)), "gaps": .array(link.gaps.map(Self.gap)),
            "losses": .array(link.losses.map(Self.loss)), "unobserved": .array(link.unobserved.map(Self.unobserved)),
            "actions": .array((snapshot.actions + link.senderActions).sorted { $0.at < $1.at }.map(Self.action)),
            "software": [
                "receiver": .optional(snapshot.software), "sender": .optional(link.beat?.software),
            ],
            "config": .object([]), "keys": .object([]),
            "clock": [
                "offset_min_ms": .number(link.clockOffsetMilliseconds?.lowerBound ?? 0),
                "offset_max_ms": .number(link.clockOffsetMilliseconds?.upperBound ?? 0), "steps": 0,
            ],
            "replica": replica(link), "rejected": Self.rejected(link.counters), "sender": Self.sender(link.beat),
        ]
    }

    private func replica(_ link: LinkAudit) -> JSONValue {
        [
            "topics": .number(link.topics), "digest_matches": .null, "it_matches": .null,
            "as_of_sequence": link.epochs.last.map { .number($0.lastSequence.rawValue) } ?? .null,
            "as_of": Self.time(link.writtenAt),
        ]
    }

    private static func time(_ time: UnixMilliseconds?) -> JSONValue { .optional(time.map(CalendarTime.text)) }

    private static func stamp(_ stamp: Stamp) -> JSONValue {
        ["epoch": .number(stamp.epoch.rawValue), "sequence": .number(stamp.sequence.rawValue)]
    }

    private static func epoch(_ epoch: EpochReport) -> JSONValue {
        [
            "epoch": .number(epoch.epoch.rawValue), "first_sequence": .number(epoch.firstSequence.rawValue),
            "last_sequence": .number(epoch.lastSequence.rawValue), "sent": .number(epoch.account.sent),
            "delivered": .number(epoch.account.delivered), "late": .number(epoch.account.late),
            "missing": .number(epoch.account.missing), "lost": .number(epoch.account.lost),
            "repeated": .number(epoch.account.repeated), "started_at": time(epoch.startedAt),
            "ended_at": time(epoch.endedAt),
        ]
    }

    private static func gap(_ gap: Gap) -> JSONValue {
        [
            "id": .number(gap.id), "epoch": .number(gap.epoch.rawValue),
            "first_sequence": .number(gap.firstSequence.rawValue), "last_sequence": .number(gap.lastSequence.rawValue),
            "records": .number(gap.records), "missing": .number(gap.missing), "lost": .number(gap.lost),
            "blocks": [.number(gap.firstBlock.rawValue), .number(gap.lastBlock.rawValue)],
            "opened_at": time(gap.openedAt), "closed_at": time(gap.closedAt), "source_from": .null, "source_to": .null,
            "state": .text(gap.state.rawValue), "healed_by": .optional(gap.healedBy?.rawValue),
            "cause": .text(gap.cause.rawValue), "topics": [],
        ]
    }

    private static func loss(_ loss: AuditedLoss) -> JSONValue {
        [
            "layer": .text(loss.layer), "reason": .text(loss.reason), "from": time(loss.from), "to": time(loss.to),
            "records": .number(loss.records), "acknowledged": .flag(loss.isAcknowledged),
            "topics": .array(loss.topics.map { ["topic": .text($0.topic), "records": .number($0.records)] }),
        ]
    }

    private static func unobserved(_ entry: LedgerEntry) -> JSONValue {
        let body = entry.json
        return [
            "from": body["from"] ?? .null, "to": body["to"] ?? .null,
            "session_resumed": body["session_resumed"] ?? .null, "dropped": body["dropped"] ?? .null,
            "reason": body["reason"] ?? .null,
        ]
    }

    /// The sender's name their own kind; the receiver's are their kind.
    private static func action(_ entry: LedgerEntry) -> JSONValue {
        let body = entry.json
        return [
            "at": body["at"] ?? time(UnixMilliseconds(rawValue: entry.at)), "what": body["what"] ?? .text(entry.kind),
            "detail": body["detail"] ?? .text(""),
        ]
    }

    private static func rejected(_ counters: ReceiverCounters) -> JSONValue {
        [
            "bad_signature": .number(counters.badSignature), "replayed": .number(counters.replayed),
            "malformed": .number(counters.malformed), "unknown_link": .number(counters.unknownLink),
            "over_budget": .number(counters.overBudget),
        ]
    }

    private static func sender(_ beat: Beat?) -> JSONValue {
        func count(_ counter: Beat.Counter) -> JSONValue { .number(beat?.counters[counter] ?? 0) }
        return [
            "filtered": count(.filtered), "shed": count(.shed), "echo_shed": count(.echoShed),
            "ot_broker_dropped": count(.brokerDropped), "durable": beat?.isDurable.map { .flag($0) } ?? .null,
        ]
    }
}
