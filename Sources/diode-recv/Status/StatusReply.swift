public import Account
internal import DiodeProtocol
public import JSON
internal import Outbox
internal import ReceiverIT
internal import ReceiverITCore
internal import Republish
internal import Sparkplug
internal import Time

extension DaemonStatus {
    /// The answer to a request on the control socket that no other command has taken.
    public func answer(to request: JSONValue) -> JSONValue {
        guard request["command"]?.text == "status" else { return ["error": "this daemon answers: status, ack"] }
        return StatusReply.json(self)
    }
}

/// The daemon's answer to `diode-recv status`: whether it is the network, the plant, the sender or the IT broker, in one look.
///
/// ```js
/// { "exit": 0, "link": { "state", "since", "reason" }, "sender": {…}, "ot_broker": {…}, "it_broker": {…}, "advice": "…",
///   "at": "…", "audit_key": "…", "head": "number:hash:signature",
///   "links": [ { "link": "plant-a", "link_state": {…}, … } ], "listeners": [ … ] }
/// ```
/// The four objects at the top are those of the link that is worst off; `advice` is what to do about its link.
public enum StatusReply {
    /// How the daemon judges a link, read back from its answer.
    /// - Returns: nil where the answer says nothing of that link.
    public static func verdict(of name: String, in answer: JSONValue) -> LinkVerdict? {
        guard let told = answer["links"]?.elements?.first(where: { $0["name"]?.text == name }),
            let state = LinkState.allCases.first(where: { $0.wordInLog == told["link"]?["state"]?.text })
        else { return nil }
        return LinkVerdict(
            state, told["durable"]?.flag == false ? .store : .none, reason: told["link"]?["reason"]?.text ?? "",
            advice: told["advice"]?.text ?? "")
    }

    static func json(_ status: DaemonStatus) -> JSONValue {
        // Nothing known is not well.
        var members = [JSONValue.Member("exit", .number(status.worst?.exit ?? 4))]
        if let worst = status.worst {
            members += fourObjects(worst)
            members.append(JSONValue.Member("advice", .text(worst.link.advice)))
        }
        members.append(JSONValue.Member("at", .text(CalendarTime.text(status.at))))
        members.append(JSONValue.Member("audit_key", .text(status.auditKey)))
        members.append(JSONValue.Member("head", .optional(status.links.first?.snapshot.head)))
        members.append(JSONValue.Member("links", .array(status.links.map(link))))
        members.append(JSONValue.Member("listeners", .array(status.listeners.map(listener))))
        return .object(members)
    }

    private static func fourObjects(_ link: LinkKnowledge) -> [JSONValue.Member] {
        [
            JSONValue.Member("link", condition(link.link)), JSONValue.Member("sender", condition(link.sender)),
            JSONValue.Member("ot_broker", condition(link.otBroker)),
            JSONValue.Member("it_broker", condition(link.itBroker)),
        ]
    }

    private static func condition(_ condition: Condition) -> JSONValue {
        [
            "state": .text(condition.state?.wordInLog ?? "unknown"),
            "since": .optional(condition.since.map(CalendarTime.text)), "reason": .text(condition.reason),
        ]
    }

    private static func link(_ known: LinkKnowledge) -> JSONValue {
        let link = known.snapshot
        let heading = [
            JSONValue.Member("name", .text(link.name)), JSONValue.Member("fingerprint", .text(link.fingerprint)),
            JSONValue.Member("rotations", .number(link.rotations)), JSONValue.Member("exit", .number(known.exit)),
        ]
        return .object(
            heading + fourObjects(known) + [
                JSONValue.Member("advice", .text(known.link.advice)),
                JSONValue.Member("durable", .flag(link.durability?.isDurable ?? false)),
                JSONValue.Member("heard_until", .optional(link.heardUntil.map(CalendarTime.text))),
                JSONValue.Member(
                    "wire",
                    link.form.map { ["version": .number(UInt64($0.version)), "sealed": .flag($0.isSealed)] } ?? .null),
                JSONValue.Member("senders", .array(link.senders.map(\.json))),
                JSONValue.Member("paths", .array(link.paths.map(\.json))),
                JSONValue.Member("lag_ms", link.facts.lag.map { .number($0.age.milliseconds) } ?? .null),
                JSONValue.Member("begins_at", link.beginsAt.map(stamp) ?? .null),
                JSONValue.Member("decided", link.decided.map(stamp) ?? .null),
                JSONValue.Member("totals", totals(link)),
                JSONValue.Member("epochs", .array(link.epochs.map(epoch))),
                JSONValue.Member("open_gaps", .number(link.gapCount)),
                JSONValue.Member("gaps", .array(link.gaps.map(gap))),
                JSONValue.Member("rejected", rejected(link.counters)),
                JSONValue.Member("counters", link.counters.json),
                JSONValue.Member("replica", replica(link.replica)),
                JSONValue.Member("sparkplug", known.publisher?.edgeNodes.json ?? .null),
                JSONValue.Member("renamed_properties", .number(known.publisher?.renamedProperties ?? 0)),
                JSONValue.Member("outbox_bytes", .number(link.outboxLoad?.bytes ?? 0)),
                JSONValue.Member(
                    "clock",
                    [
                        "offset_min_ms": .number(link.clockOffsetMilliseconds?.lowerBound ?? 0),
                        "offset_max_ms": .number(link.clockOffsetMilliseconds?.upperBound ?? 0),
                        "difference_ms": link.clockDifference.map { .number($0.milliseconds) } ?? .null,
                    ]),
            ])
    }

    private static func stamp(_ stamp: Stamp) -> JSONValue {
        ["epoch": .number(stamp.epoch.rawValue), "sequence": .number(stamp.sequence.rawValue)]
    }

    private static func totals(_ link: LinkSnapshot) -> JSONValue {
        let account = link.account
        let load = link.outboxLoad
        return [
            "sent": .number(account.sent), "delivered": .number(account.delivered), "late": .number(account.late),
            "missing": .number(account.missing), "lost": .number(account.lost), "pending": .number(link.pending),
            "repeated": .number(account.repeated), "repeated_in_doubt": .number(link.outbox.repeatedInDoubt),
            "published": .number(link.outbox.published), "outbox": .number((load?.waiting ?? 0) + (load?.taken ?? 0)),
            "shed": .number(link.outbox.shedSum), "dead": .number(link.outbox.deadSum),
            "folded": .number(link.outbox.folded), "refreshed": .number(link.outbox.refreshed),
        ]
    }

    private static func replica(_ replica: ReplicaReport) -> JSONValue {
        [
            "topics": .number(replica.topics), "settled": .flag(replica.isSettled),
            "digest_matches": replica.digestMatches.map { .flag($0) } ?? .null,
            "it_matches": replica.itMatches.map { .flag($0) } ?? .null,
            "it_refused": replica.itRefused.map { .number($0) } ?? .null,
            "as_of_sequence": replica.asOf.map { .number($0.sequence.rawValue) } ?? .null,
            "as_of": .optional(replica.asOfTime.map(CalendarTime.text)),
        ]
    }

    private static func epoch(_ epoch: EpochReport) -> JSONValue {
        [
            "epoch": .number(epoch.epoch.rawValue), "first_sequence": .number(epoch.firstSequence.rawValue),
            "last_sequence": .number(epoch.lastSequence.rawValue), "sent": .number(epoch.account.sent),
            "delivered": .number(epoch.account.delivered), "late": .number(epoch.account.late),
            "missing": .number(epoch.account.missing), "lost": .number(epoch.account.lost),
            "started_at": .text(CalendarTime.text(epoch.startedAt)),
            "ended_at": .optional(epoch.endedAt.map(CalendarTime.text)),
        ]
    }

    private static func gap(_ gap: Gap) -> JSONValue {
        [
            "id": .number(gap.id), "epoch": .number(gap.epoch.rawValue),
            "first_sequence": .number(gap.firstSequence.rawValue), "last_sequence": .number(gap.lastSequence.rawValue),
            "records": .number(gap.records), "missing": .number(gap.missing), "lost": .number(gap.lost),
            "blocks": [.number(gap.firstBlock.rawValue), .number(gap.lastBlock.rawValue)],
            "opened_at": .text(CalendarTime.text(gap.openedAt)), "state": .text(gap.state.wordInLog),
            "cause": .text(gap.cause.wordInLog),
        ]
    }

    private static func rejected(_ counters: ReceiverCounters) -> JSONValue {
        [
            "bad_signature": .number(counters.badSignature), "replayed": .number(counters.replayed),
            "malformed": .number(counters.malformed), "unknown_link": .number(counters.unknownLink),
            "over_budget": .number(counters.overBudget), "version": .number(counters.version),
        ]
    }

    private static func listener(_ listener: ListenerSnapshot) -> JSONValue {
        [
            "address": .text(listener.address), "datagrams": .number(listener.datagrams),
            "socket_drops": .number(listener.socketDrops),
            "interface_errors": .number(listener.interfaceErrors), "malformed": .number(listener.malformed),
            "unknown_link": .number(listener.unknownLink), "buffer_wanted": .number(listener.wantedBufferBytes),
            "buffer_obtained": .number(listener.receiveBufferBytes), "fault": .optional(listener.fault),
        ]
    }
}
