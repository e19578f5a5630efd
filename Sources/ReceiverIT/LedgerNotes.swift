import DiodeProtocol
import JSON
import Ledger

/// What the ledger says of an event.
extension LinkEvent {
    /// Kinds that the audit reads back.
    enum Kind {
        static let action = "sender.action"
        static let unobserved = "unobserved"
        static let equivocation = "equivocation"
    }

    /// - Returns: nil for what is not worth an entry, or is named elsewhere.
    func entry(link: String, at time: UnixMilliseconds) -> LedgerEntry? {
        guard let (kind, body) = wording else { return nil }
        return LedgerEntry(link: link, at: time.rawValue, kind: kind, body: body.line)
    }

    private var wording: (kind: String, body: JSONValue)? {
        switch self {
        case .gapOpened(let gap): ("gap.opened", gap.json)
        case .gapClosed(let gap): ("gap.closed", gap.json)
        case .epochBegan(let epoch, let incarnation):
            (
                "epoch.began",
                ["epoch": .number(epoch.rawValue), "incarnation": .text(String(incarnation.rawValue, radix: 16))]
            )
        case .voided(let epoch, let behind, let delivered, let absent):
            (
                "epoch.void",
                [
                    "epoch": .number(epoch.rawValue), "behind": .number(behind.rawValue),
                    "repeated": .number(delivered), "absent": .number(absent),
                ]
            )
        case .superseded(let epoch, let newest):
            (
                ReceiverAction.superseded,
                [
                    "detail": .text(
                        "epoch \(epoch.rawValue) is unknown to its sender, which goes on as \(newest.rawValue): its database was lost"
                            + " or an older one was put back"),
                    "epoch": .number(epoch.rawValue), "by": .number(newest.rawValue),
                ]
            )
        case .equivocation(let block, let first, let last):
            (
                Kind.equivocation,
                [
                    "channel": .text("\(block.channel)"), "epoch": .number(block.epoch.rawValue),
                    "block": .number(block.block.rawValue), "first_sequence": .number(first.rawValue),
                    "last_sequence": .number(last.rawValue),
                ]
            )
        case .action(let action, let stamp):
            (
                Kind.action,
                [
                    "at": .text(CalendarTime.text(action.at)), "what": .text(action.what),
                    "detail": .text(action.detail), "behind": .text(stamp.text),
                ]
            )
        case .unobserved(let interval, let stamp):
            (
                Kind.unobserved,
                [
                    "from": .text(CalendarTime.text(interval.from)), "to": .text(CalendarTime.text(interval.to)),
                    "session_resumed": .flag(interval.sessionResumed),
                    "dropped": interval.dropped.map { .number($0) } ?? .null, "reason": .text(interval.reason),
                    "behind": .text(stamp.text),
                ]
            )
        case .rotation(let rotation, let stamp):
            (
                "rotation",
                ["card": .text(String(decoding: rotation.card, as: UTF8.self)), "behind": .text(stamp.text)]
            )
        case .digest(let matches, let stamp):
            ("digest", ["matches": .flag(matches), "behind": .text(stamp.text)])
        case .diverged(let slots, let stamp):
            ("replica.diverged", ["slots": .number(slots), "behind": .text(stamp.text)])
        // A loss begins an episode when it is named.
        case .shed, .brokerDropped, .gapGrew, .checkpoint, .state: nil
        }
    }
}

extension LossNote {
    func entry(link: String, at time: UnixMilliseconds) -> LedgerEntry {
        let body: JSONValue = [
            "layer": .text(layer), "reason": .text(reason), "records": .number(records), "first": .text(first.text),
            "last": .text(last.text), "from": .text(CalendarTime.text(from)), "to": .text(CalendarTime.text(to)),
        ]
        return LedgerEntry(link: link, at: time.rawValue, kind: "loss", body: body.line)
    }
}

extension Gap {
    fileprivate var json: JSONValue {
        [
            "gap": .number(id), "epoch": .number(epoch.rawValue), "first_sequence": .number(firstSequence.rawValue),
            "last_sequence": .number(lastSequence.rawValue), "state": .text(state.rawValue),
            "missing": .number(missing), "lost": .number(lost), "cause": .text(cause.rawValue),
            "healed_by": .optional(healedBy?.rawValue),
        ]
    }
}
