internal import Account
internal import DiodeProtocol
public import JSON
internal import Time

// The contract of the audit's JSON (C4), to the letter: names, order, nulls. Beside it stand `period`, in reports that were narrowed with
// --since or --until, `missing` and `lost` of a gap that is partly filled, `at_most` of a gap's topic, `id` of a loss, which `ack` takes, and
// `topics_by_loss` where gaps name topics; its last element has `topic` null for what nobody can attribute. At the end `reason` and `findings`:
// why the link is not online, and each reason for the exit code.

extension AuditReport {
    /// The report as one value.
    public var json: JSONValue { .object(heading + [.init("links", .array(links.map { .object($0.members) }))]) }

    /// The report as text: a line for each gap, loss, epoch and action, so that it can be read, compared and searched.
    public var jsonText: String {
        var text = "{\n"
        for member in heading { text += "  \(JSONValue.quoted(member.name)): \(member.value.line),\n" }
        text += "  \"links\": ["
        for (index, link) in links.enumerated() {
            text += index == 0 ? "\n    {\n" : ",\n    {\n"
            let members = link.members
            for (number, member) in members.enumerated() {
                text += "      \(JSONValue.quoted(member.name)): "
                Self.append(member.value, to: &text)
                text += number == members.count - 1 ? "\n" : ",\n"
            }
            text += "    }"
        }
        return text + (links.isEmpty ? "]\n}\n" : "\n  ]\n}\n")
    }

    private var heading: [JSONValue.Member] {
        [
            .init("schema", .integer(Self.schema)), .init("generated_at", .text(CalendarTime.text(generatedAt))),
            .init("exit", .number(exit.rawValue)),
        ]
    }

    /// A list has a line for each element, everything else one.
    private static func append(_ value: JSONValue, to text: inout String) {
        guard let elements = value.elements, !elements.isEmpty else {
            text += value.line
            return
        }
        text += "["
        for (index, element) in elements.enumerated() {
            text += index == 0 ? "\n        " : ",\n        "
            element.appendLine(to: &text)
        }
        text += "\n      ]"
    }
}

extension AuditFinding {
    fileprivate var json: JSONValue {
        ["exit": .number(exit.rawValue), "text": .text(text), "advice": .text(advice)]
    }
}

extension LinkAudit {
    var members: [JSONValue.Member] {
        var members: [JSONValue.Member] = [
            .init("link", .text(link)), .init("fingerprint", .text(fingerprint)), .init("balanced", .flag(isBalanced)),
            .init("verified", .optional(isVerified)), .init("stale", .flag(isStale)),
            .init("begins_at", beginsAt.map(Self.json) ?? nil), .init("heard_until", .time(heardUntil)),
            .init("head", .optional(head)),
        ]
        if let statement { members.append(.init("period", statement.json)) }
        members += [
            .init("totals", totals.json), .init("epochs", .array(epochs.map { $0.json(withCard: senders.count > 1) })),
            .init("gaps", .array(gaps.map(\.json))), .init("losses", .array(losses.map(\.json))),
            .init("unobserved", .array(unobserved.map(\.json))), .init("actions", .array(actions.map(\.json))),
            .init("software", software), .init("config", config), .init("keys", keys),
        ]
        // Of a link of one card it says nothing that is not said beside.
        if senders.count > 1 { members.append(.init("senders", .array(senders.map(\.json)))) }
        if !paths.isEmpty { members.append(.init("paths", .array(paths.map(\.json)))) }
        if let form {
            members.append(
                .init("wire", ["version": .number(UInt64(form.version)), "sealed": .flag(form.isSealed)]))
        }
        members += [
            .init(
                "clock",
                [
                    "offset_min_ms": .integer(clock.offsetMinMilliseconds),
                    "offset_max_ms": .integer(clock.offsetMaxMilliseconds), "steps": .number(clock.steps),
                ])
        ]
        return members + words + topicWords + [
            .init("reason", .text(reason)), .init("findings", .array(findings.map(\.json))),
        ]
    }

    /// Where gaps name topics: then those of each gap do not add up.
    private var topicWords: [JSONValue.Member] {
        absentByTopic.isEmpty
            ? [] : [.init("topics_by_loss", .array(TopicLosses.ranking(of: self).map(\.json)))]
    }

    private var replicaWords: [JSONValue.Member] {
        var members: [JSONValue.Member] = [
            .init("topics", .number(replica.topics)), .init("digest_matches", .optional(replica.digestMatches)),
            .init("it_matches", .optional(replica.itMatches)),
        ]
        // Of an account of before nobody knows it.
        if let refused = replica.itRefused { members.append(.init("it_refused", .number(refused))) }
        return members + [
            .init("as_of_sequence", replica.asOfSequence.map { .number($0.rawValue) } ?? nil),
            .init("as_of", .time(replica.asOf)),
        ]
    }

    /// What the replica, the sockets and the sender say.
    private var words: [JSONValue.Member] {
        [
            .init("replica", .object(replicaWords)),
            .init(
                "rejected",
                [
                    "bad_signature": .number(rejected.badSignature), "replayed": .number(rejected.replayed),
                    "malformed": .number(rejected.malformed), "unknown_link": .number(rejected.unknownLink),
                    "over_budget": .number(rejected.overBudget),
                ]),
            .init(
                "sender",
                [
                    "filtered": .number(sender.filtered), "shed": .number(sender.shed),
                    "echo_shed": .number(sender.echoShed), "ot_broker_dropped": .number(sender.otBrokerDropped),
                    "durable": .optional(sender.isDurable),
                ]),
        ]
    }

    private static func json(_ stamp: Stamp) -> JSONValue {
        ["epoch": .number(stamp.epoch.rawValue), "sequence": .number(stamp.sequence.rawValue)]
    }
}

extension EpochTotals {
    fileprivate func json(withCard: Bool) -> JSONValue {
        let members: JSONValue = [
            "epoch": .number(epoch.rawValue), "first_sequence": .number(firstSequence.rawValue),
            "last_sequence": .number(lastSequence.rawValue), "sent": .integer(sums.sent),
            "delivered": .integer(sums.delivered), "late": .integer(sums.late), "missing": .integer(sums.missing),
            "lost": .integer(sums.lost),
            "started_at": .time(startedAt), "ended_at": .time(endedAt),
        ]
        return withCard ? .object((members.members ?? []) + [.init("card", .number(sender + 1))]) : members
    }
}

extension AuditGap {
    var json: JSONValue {
        [
            "id": .number(gap.id), "epoch": .number(gap.epoch.rawValue),
            "first_sequence": .number(gap.firstSequence.rawValue), "last_sequence": .number(gap.lastSequence.rawValue),
            "records": .number(gap.records), "missing": .number(gap.missing), "lost": .number(gap.lost),
            "blocks": [.number(gap.firstBlock.rawValue), .number(gap.lastBlock.rawValue)],
            "opened_at": .time(gap.openedAt), "closed_at": .time(gap.closedAt), "source_from": .time(gap.sourceFrom),
            "source_to": .time(gap.sourceTo), "state": .text(gap.state.wordInAudit),
            "healed_by": .optional(gap.healedBy?.wordInAudit), "cause": .text(gap.cause.wordInAudit),
            "topics": .array(topics.map(\.jsonOfGap)),
        ]
    }
}

extension TopicLosses {
    var json: JSONValue {
        [
            "topic": .optional(topic), "lost": .number(records.lost), "missing": .number(records.missing),
            "lost_or_missing": .number(records.lostOrMissing),
        ]
    }
}

extension TopicCount {
    fileprivate var jsonOfGap: JSONValue {
        ["topic": .text(topic), "records": .number(records), "at_most": .flag(isAtMost)]
    }

    var json: JSONValue { ["topic": .text(topic), "records": .number(records)] }
}

extension AuditLoss {
    var json: JSONValue {
        [
            "id": .optional(name), "layer": .text(loss.cause.layer.wordInAudit),
            "reason": .text(loss.cause.reasonInAudit),
            "from": .time(loss.from), "to": .time(loss.to), "records": .number(loss.records),
            "acknowledged": .flag(isAcknowledged), "topics": .array(topics.map(\.json)),
        ]
    }
}

extension UnobservedInterval {
    var json: JSONValue {
        [
            "from": .time(from), "to": .time(to), "session_resumed": .flag(sessionResumed), "reason": .text(reason),
        ]
    }
}

extension AuditAction {
    var json: JSONValue { ["at": .time(at), "what": .text(what), "detail": .text(detail)] }
}

extension JSONValue {
    static func time(_ time: UnixMilliseconds?) -> JSONValue { time.map { .text(CalendarTime.text($0)) } ?? .null }
    static func optional(_ flag: Bool?) -> JSONValue { flag.map { .flag($0) } ?? .null }
}
