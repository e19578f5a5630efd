internal import Account
internal import DiodeProtocol
internal import JSON
package import Ledger
package import ReceiverITCore
package import Time

/// Makes entries of a link's events: what belongs together is one entry.
///
/// Gaps that opened, or closed, in one round for one cause are one entry; two senders under one key, who contradict each other with every
/// block, are one entry a minute.
package struct LedgerNotes: Sendable {
    /// Gaps of one entry.
    private static let runLimit = 500
    private static let equivocationPeriod: UInt64 = 60_000

    private struct Equivocation {
        var block: BlockID
        var first, last: SequenceNumber
        var blocks: UInt64
    }

    private let link: String
    private var pending: Equivocation?
    private var nextEquivocation: UInt64 = 0

    init(link: String) { self.link = link }

    package mutating func entries(of events: [LinkEvent], at time: UnixMilliseconds) -> [LedgerEntry] {
        var entries: [LedgerEntry] = []
        var opened: [Gap] = []
        var closed: [Gap] = []
        for event in events {
            switch event {
            case .gapOpened(let gap): opened.append(gap)
            case .gapClosed(let gap): closed.append(gap)
            case .equivocation(let block, let first, let last): note(block, first, last)
            default: break
            }
            if let (kind, body) = event.wording {
                entries.append(LedgerEntry(link: link, at: time.rawValue, kind: kind, body: body.line))
            }
        }
        // What opened first, so that the last word on a gap is the last.
        entries += gaps(GapStatement.opened, opened, at: time) + gaps(GapStatement.closed, closed, at: time)
        if let equivocation = takeEquivocation(at: time) { entries.append(equivocation) }
        return entries
    }

    private func gaps(_ kind: String, _ gaps: [Gap], at time: UnixMilliseconds) -> [LedgerEntry] {
        var entries: [LedgerEntry] = []
        for cause in Gap.Cause.allCases {
            var rest = gaps.filter { $0.cause == cause }[...]
            while !rest.isEmpty {
                let runs = rest.prefix(Self.runLimit)
                rest = rest.dropFirst(runs.count)
                let body = GapStatement.body(of: runs, cause: cause)
                entries.append(LedgerEntry(link: link, at: time.rawValue, kind: kind, body: body.line))
            }
        }
        return entries
    }

    private mutating func note(_ block: BlockID, _ first: SequenceNumber, _ last: SequenceNumber) {
        guard var known = pending else {
            pending = Equivocation(block: block, first: first, last: last, blocks: 1)
            return
        }
        known.last = max(known.last, last)
        known.blocks += 1
        pending = known
    }

    /// What has piled up: the first at once, then what a minute brought.
    package mutating func takeEquivocation(at time: UnixMilliseconds, isEnding: Bool = false) -> LedgerEntry? {
        guard let known = pending, isEnding || nextEquivocation <= time.rawValue else { return nil }
        pending = nil
        nextEquivocation = time.rawValue.plus(Self.equivocationPeriod)
        let body: JSONValue = [
            "channel": .text("\(known.block.channel)"), "epoch": .number(known.block.epoch.rawValue),
            "block": .number(known.block.block.rawValue), "blocks": .number(known.blocks),
            "first_sequence": .number(known.first.rawValue), "last_sequence": .number(known.last.rawValue),
        ]
        return LedgerEntry(link: link, at: time.rawValue, kind: LinkEvent.Kind.equivocation, body: body.line)
    }
}

/// What the ledger says of an event.
extension LinkEvent {
    /// Kinds that the audit reads back.
    package enum Kind {
        package static let action = "sender.action"
        package static let unobserved = "unobserved"
        package static let equivocation = "equivocation"
        package static let void = "epoch.void"
    }

    /// The kind and the body of an entry; nil for what is not worth one, or is named elsewhere.
    fileprivate var wording: (kind: String, body: JSONValue)? {
        switch self {
        case .epochBegan(let epoch, let incarnation, let sender):
            (
                "epoch.began",
                [
                    "epoch": .number(epoch.rawValue), "incarnation": .text(String(incarnation.rawValue, radix: 16)),
                    "card": .number(sender + 1),
                ]
            )
        case .voided(let epoch, let behind, let delivered, let absent):
            (
                Kind.void,
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
        case .refused(let statement): (ReceiverAction.refused, ["detail": .text(statement.description)])
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
        case .rotated(let rotation, let card):
            (
                ReceiverAction.rotated,
                [
                    "detail": .text("\(card.fingerprint) in place of \(rotation.former.shown)"),
                    "key": .text(card.fingerprint), "statement": .text(Base64.encode(rotation.datagram)),
                ]
            )
        case .leased(let change, let key):
            (
                ReceiverAction.leased,
                [
                    "detail": .text(
                        "the sender of card \(change.sender + 1) (\(key)) speaks from epoch \(change.lease.rawValue) on"
                            + (change.before.map { ", in place of the one with epoch \($0.rawValue)" } ?? "")),
                    "epoch": .number(change.lease.rawValue), "card": .number(change.sender + 1), "key": .text(key),
                ]
            )
        case .contested(let contest, let key):
            (
                ReceiverAction.contested,
                [
                    "detail": .text(
                        "two senders speak: that of epoch \(contest.lease.rawValue) has the lease; what that of card"
                            + " \(contest.sender + 1) (\(key)) says in epoch \(contest.older.rawValue) counts as late"),
                    "epoch": .number(contest.older.rawValue), "card": .number(contest.sender + 1), "key": .text(key),
                    "by": .number(contest.lease.rawValue),
                ]
            )
        case .digest(let matches, let stamp):
            ("digest", ["matches": .flag(matches), "behind": .text(stamp.text)])
        case .diverged(let slots, let stamp):
            ("replica.diverged", ["slots": .number(slots), "behind": .text(stamp.text)])
        case .itDiffers(let wrong, let ghosts, let refused):
            ("read-back", ["wrong": .number(wrong), "ghosts": .number(ghosts), "refused": .number(refused)])
        // A loss begins an episode when it is named; gaps and equivocations are written together.
        case .gapOpened, .gapClosed, .equivocation, .shed, .brokerDropped, .unsaid, .gapGrew, .checkpoint: nil
        }
    }
}

extension Loss {
    func entry(link: String, at time: UnixMilliseconds) -> LedgerEntry {
        let body: JSONValue = [
            "layer": .text(cause.layer.storedWord), "reason": .text(cause.storedReason), "records": .number(records),
            "first": .text(first.text),
            "last": .text(last.text), "from": .text(CalendarTime.text(from)), "to": .text(CalendarTime.text(to)),
        ]
        return LedgerEntry(link: link, at: time.rawValue, kind: "loss", body: body.line)
    }
}
