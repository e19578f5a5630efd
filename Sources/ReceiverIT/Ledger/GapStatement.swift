package import Account
internal import DiodeProtocol
package import JSON
internal import Time

/// What is said of one gap: by an entry of kind `gap.opened` or `gap.closed`, or by the table that the receiver keeps.
///
/// ```js
/// { "gap": 12, "first_sequence": 400, "last_sequence": 409, "state": "open", "cause": "link", … }    one gap
/// { "cause": "link", "runs": [ { "gap": 12, … }, { "gap": 13, … } ] }                                 several of one transaction
/// ```
/// Each has every column of the gap that a report prints; entries of earlier releases lack `first_block`, `last_block` and the times.
public struct GapStatement: Sendable, Hashable {
    package static let opened = "gap.opened", closed = "gap.closed"

    package let id, firstSequence, lastSequence: Int64
    package let state: Gap.State
    /// All that is said of it; nil for an entry of an earlier release, which says less.
    package let whole: Gap?

    package init(id: Int64, firstSequence: Int64, lastSequence: Int64, state: Gap.State, whole: Gap? = nil) {
        self.id = id
        self.firstSequence = firstSequence
        self.lastSequence = lastSequence
        self.state = state
        self.whole = whole
    }

    var records: UInt64 { lastSequence >= firstSequence ? UInt64(lastSequence.minus(firstSequence)) + 1 : 0 }
}

extension GapStatement {
    /// As the receiver has it.
    package init(_ gap: Gap) {
        self.init(
            id: Int64(clamping: gap.id), firstSequence: Int64(clamping: gap.firstSequence.rawValue),
            lastSequence: Int64(clamping: gap.lastSequence.rawValue), state: gap.state, whole: gap)
    }

    /// What the table has otherwise than this entry, of what cannot have changed since; nil: nothing.
    func difference(to table: GapStatement) -> String? {
        guard let said = whole, let there = table.whole else { return nil }
        var columns = [
            ("epoch", said.epoch == there.epoch), ("first_block", said.firstBlock == there.firstBlock),
            ("opened_at", said.openedAt == there.openedAt), ("cause", said.cause == there.cause),
        ]
        // An open gap may grow and be filled in part; of a lost one, blocks may come by hand, and its end may become known.
        if state != .open {
            columns += [
                ("last_block", said.lastBlock == there.lastBlock), ("closed_at", said.closedAt == there.closedAt),
                ("healed_by", said.healedBy == there.healedBy), ("lost", there.lost <= said.lost),
                ("missing", said.missing == there.missing),
            ]
        }
        let from = said.sourceFrom == there.sourceFrom
        switch state {
        case .healed: columns += [("source_from", from), ("source_to", said.sourceTo == there.sourceTo)]
        case .lost:
            // A sender's clock that was set back between begin and end makes them change places.
            columns.append(("source_from", from || said.sourceFrom == nil || said.sourceFrom == there.sourceTo))
        case .open: break
        }
        return columns.first { !$0.1 }?.0
    }

    /// - Returns: nil for an entry that tells of no gap, or that cannot be read; never empty.
    static func all(of entry: LedgerEntry, body: JSONValue?) -> [GapStatement]? {
        guard entry.kind == opened || entry.kind == closed, let body else { return nil }
        var statements: [GapStatement] = []
        for run in body["runs"]?.elements ?? [body] {
            guard let id = run["gap"]?.integer, let state = run["state"]?.text.flatMap(Gap.State.init(storedWord:)),
                let first = run["first_sequence"]?.integer, let last = run["last_sequence"]?.integer
            else { return nil }
            statements.append(
                GapStatement(id: id, firstSequence: first, lastSequence: last, state: state, whole: whole(run)))
        }
        return statements.isEmpty ? nil : statements
    }

    private static func whole(_ run: JSONValue) -> Gap? {
        func number(_ name: String) -> UInt64? { run[name]?.integer.flatMap { UInt64(exactly: $0) } }
        func time(_ name: String) -> UnixMilliseconds? { number(name).map { UnixMilliseconds(rawValue: $0) } }
        guard let id = number("gap"), let epoch = number("epoch"), let first = number("first_sequence"),
            let last = number("last_sequence"), let firstBlock = number("first_block"),
            let lastBlock = number("last_block"), let opened = time("opened_at"),
            let cause = run["cause"]?.text.flatMap(Gap.Cause.init(storedWord:)), let missing = number("missing"),
            let lost = number("lost")
        else { return nil }
        return Gap(
            id: id, epoch: Epoch(rawValue: epoch), firstSequence: SequenceNumber(rawValue: first),
            lastSequence: SequenceNumber(rawValue: last), firstBlock: BlockNumber(rawValue: firstBlock),
            lastBlock: BlockNumber(rawValue: lastBlock), openedAt: opened, cause: cause, closedAt: time("closed_at"),
            healedBy: run["healed_by"]?.text.flatMap(Gap.Healing.init(storedWord:)), missing: missing, lost: lost,
            sourceFrom: time("source_from"), sourceTo: time("source_to"))
    }

    /// The body of an entry that tells of gaps of one cause; at least one.
    package static func body(of gaps: some Collection<Gap>, cause: Gap.Cause) -> JSONValue {
        if gaps.count == 1, let gap = gaps.first { return body(of: gap) }
        return ["cause": .text(cause.storedWord), "runs": .array(gaps.map(body))]
    }

    private static func body(of gap: Gap) -> JSONValue {
        [
            "gap": .number(gap.id), "epoch": .number(gap.epoch.rawValue),
            "first_sequence": .number(gap.firstSequence.rawValue), "last_sequence": .number(gap.lastSequence.rawValue),
            "state": .text(gap.state.storedWord), "missing": .number(gap.missing), "lost": .number(gap.lost),
            "cause": .text(gap.cause.storedWord), "healed_by": .optional(gap.healedBy?.storedWord),
            "first_block": .number(gap.firstBlock.rawValue), "last_block": .number(gap.lastBlock.rawValue),
            "opened_at": .number(gap.openedAt.rawValue), "closed_at": number(gap.closedAt),
            "source_from": number(gap.sourceFrom), "source_to": number(gap.sourceTo),
        ]
    }

    /// Unix milliseconds.
    private static func number(_ time: UnixMilliseconds?) -> JSONValue { time.map { .number($0.rawValue) } ?? .null }
}
